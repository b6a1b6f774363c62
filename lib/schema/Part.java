//SOURCES ../sql/Change.java ../sql/Name.java ../sql/Sql.java ../sql/Statement.java ../trash/Trash.java

package lib.schema;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import lib.sql.Change;
import lib.sql.Name;
import lib.sql.Sql;
import lib.sql.Statement;
import lib.trash.Trash;

/** One statement of a script between two schemas, or one action of a statement that has several. */
record Part(String sql, Statement statement, Change change) {

    /**
     * The parts of a script that are the application's own; owners are left out.
     *
     * @param aside tables that are a tool's own
     */
    static List<Part> of(String script, Set<Name> aside) {
        List<Part> parts = new ArrayList<>();
        for (Sql.Piece piece : Sql.split(script)) {
            Statement statement = Statement.of(Sql.withoutComments(piece.text()), piece.line());
            boolean ours = statement.relations().stream().noneMatch(aside::contains)
                    && aside.stream().noneMatch(table -> counts(statement, table))
                    && !piece.text().contains(Trash.PREFIX);
            boolean says = !Set.of("SET", "SELECT").contains(statement.tag())
                    && !statement.sql().matches("(?is)ALTER .* OWNER TO \\S+");
            if (ours && says) {
                statement.actions().forEach(action -> parts.add(new Part(action.alone(), statement, action.change())));
            }
        }
        return List.copyOf(parts);
    }

    // The sequence behind a serial column of a table.
    private static boolean counts(Statement statement, Name table) {
        return statement.sql().matches("(?is)(CREATE|ALTER)\\s+SEQUENCE\\b.*(\\b" + Pattern.quote(table.name())
                + "_\\w+_seq\\b|OWNED\\s+BY\\s+\\S*" + Pattern.quote(table.name()) + "\\W).*");
    }
}
