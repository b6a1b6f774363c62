//SOURCES ../Json.java ../Postgres.java

package lib.migrations;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lib.Json;
import lib.Postgres;

/** The database as a session of drizzle-orm sees it that has no client of its own. */
final class DrizzleSession {
    private static final Pattern PLACE = Pattern.compile("\"(?:[^\"]|\"\")*\"|'(?:[^']|'')*'|\\$(\\d+)");

    private DrizzleSession() {
    }

    /** Runs one statement and gives its rows with the types that Node's pg gives, or the server's error. */
    static ObjectNode answer(Connection connection, String text, JsonNode values) {
        ObjectNode answer = Json.object();
        try (Statement statement = connection.createStatement()) {
            statement.setEscapeProcessing(false);
            boolean rows = statement.execute(values.isEmpty() ? text : filled(text, values));
            ArrayNode list = answer.putArray("rows");
            if (rows) {
                try (ResultSet result = statement.getResultSet()) {
                    while (result.next()) {
                        row(result, list.addObject());
                    }
                }
            }
        } catch (SQLException e) {
            answer.removeAll();
            answer.put("error", String.valueOf(e.getMessage()).replaceFirst("^ERROR: ", "")).put("code",
                    e.getSQLState());
        }
        return answer;
    }

    private static void row(ResultSet result, ObjectNode row) throws SQLException {
        ResultSetMetaData columns = result.getMetaData();
        for (int i = 1; i <= columns.getColumnCount(); i++) {
            String name = columns.getColumnLabel(i);
            String value = result.getString(i);
            int type = columns.getColumnType(i);
            if (value != null && (type == Types.INTEGER || type == Types.SMALLINT)) {
                row.put(name, Integer.parseInt(value));
            } else if (value != null && type == Types.BIT && value.length() == 1) {
                row.put(name, value.equals("t"));
            } else {
                row.put(name, value);
            }
        }
    }

    /** The statement with its values in the places of {@code $1}, {@code $2}, …; never inside quotes. */
    private static String filled(String text, JsonNode values) {
        return PLACE.matcher(text).replaceAll(place -> {
            if (place.group(1) == null) {
                return Matcher.quoteReplacement(place.group());
            }
            String value = values.path(Integer.parseInt(place.group(1)) - 1).textValue();
            return Matcher.quoteReplacement(value == null ? "NULL" : Postgres.literal(value));
        });
    }
}
