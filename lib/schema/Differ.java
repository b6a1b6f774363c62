//SOURCES ../Postgres.java ../Target.java ../plan/Catalog.java ../plan/Order.java ../sql/Grammar.java ../sql/Name.java
//SOURCES Difference.java Fingerprinted.java Guarded.java Model.java

package lib.schema;

import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import lib.Failure;
import lib.Gate;
import lib.Postgres;
import lib.Target;
import lib.plan.Catalog;
import lib.sql.Name;
import org.pgcodekeeper.core.api.PgCodeKeeperApi;
import org.pgcodekeeper.core.model.difftree.DbObjType;
import org.pgcodekeeper.core.model.difftree.DiffTree;
import org.pgcodekeeper.core.model.difftree.TreeElement;
import org.pgcodekeeper.core.settings.CoreSettings;

/**
 * Names what differs between the schemas of two live databases. Two witnesses are heard: the fingerprint, which knows
 * each column, replica identities, publications and invalid indexes, and pgCodeKeeper, which knows comments and, when
 * asked, privileges. Owners and the order of columns do not count.
 *
 * @param hidden schemas that are not looked at, such as the one of a migration tool's history
 * @param privileges whether grants count
 */
public record Differ(Set<String> hidden, boolean privileges) {

    /** Looks at everything but privileges. */
    public Differ() {
        this(Set.of(), false);
    }

    /** The same, and this schema is not looked at. */
    public Differ without(String schema) {
        Set<String> more = new TreeSet<>(hidden);
        more.add(schema);
        return new Differ(more, privileges);
    }

    /** The same, and grants count; only between databases of one cluster, or of clusters with the same roles. */
    public Differ withPrivileges() {
        return new Differ(hidden, true);
    }

    /**
     * What must happen to the first schema to make it the second, by name. Between two majors the texts of views are
     * not compared, because each server prints the same view in another way.
     */
    public List<Difference> compare(Target before, Target after) {
        return new Pair(this, before, after).differences();
    }

    /**
     * The statements from the first schema to the second, guarded.
     *
     * @param aside tables that are a migration tool's own
     */
    public Guarded draft(Target before, Target after, Set<Name> aside) {
        String script = new Pair(this, before, after).script();
        try (Connection old = Postgres.read(before, "schema"); Connection now = Postgres.read(after, "schema")) {
            return Guarded.of(script, new Catalog(old), new Catalog(now), aside);
        } catch (SQLException e) {
            throw Postgres.unreachable(after, e);
        }
    }

    /** Two schemas side by side. */
    static final class Pair {
        private final CoreSettings settings = new CoreSettings();
        private final Differ differ;
        private final Model before;
        private final Model after;

        Pair(Differ differ, Target before, Target after) {
            this.differ = differ;
            settings.setIgnorePrivileges(!differ.privileges);
            settings.setIgnoreColumnOrder(true);
            settings.setDisableCheckFunctionBodies(true);
            this.before = Model.of(before, settings, differ.hidden);
            this.after = Model.of(after, settings, differ.hidden);
        }

        List<Difference> differences() {
            List<Difference> all = new ArrayList<>(Fingerprinted.compare(before.fingerprint(),
                    after.fingerprint()).stream().filter(each -> !differ.hides(each)).toList());
            Set<String> named = all.stream().map(Difference::object).collect(Collectors.toSet());
            // A table is explained by what differs in it.
            all.forEach(each -> named.add(each.parent()));
            try {
                objects(DiffTree.create(settings, before.database(), after.database())).stream()
                        .filter(each -> !named.contains(each.object())).forEach(all::add);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new Failure(Failure.Exit.INTERRUPTED, "interrupted while schemas were compared", null, e);
            }
            changes(before.defaults(), after.defaults(), all);
            return all.stream().distinct().sorted(Comparator.comparing(Difference::object)
                    .thenComparing(Difference::kind)).toList();
        }

        private void changes(Set<String> old, Set<String> now, List<Difference> all) {
            old.stream().filter(each -> !now.contains(each))
                    .forEach(each -> all.add(new Difference(each, "default privileges", Difference.REMOVED)));
            now.stream().filter(each -> !old.contains(each))
                    .forEach(each -> all.add(new Difference(each, "default privileges", Difference.ADDED)));
        }

        private List<Difference> objects(TreeElement node) {
            List<Difference> found = new ArrayList<>();
            if (node.getType() != DbObjType.DATABASE && differs(node)) {
                found.add(new Difference(name(node), node.getType().name().toLowerCase(Locale.ROOT).replace('_', ' '),
                        switch (node.getSide()) {
                            case LEFT -> Difference.REMOVED;
                            case RIGHT -> Difference.ADDED;
                            default -> Difference.CHANGED;
                        }));
            }
            // What belongs to a table that came or went is not told again.
            if (node.getSide() == TreeElement.DiffSide.BOTH || !node.isContainer()
                    || node.getType() == DbObjType.SCHEMA) {
                node.getChildren().forEach(child -> found.addAll(objects(child)));
            }
            return found;
        }

        private boolean differs(TreeElement node) {
            if (node.getSide() != TreeElement.DiffSide.BOTH) {
                return true;
            }
            boolean view = node.getType() == DbObjType.VIEW && before.major() != after.major();
            // A node is there as well when only something below it differs.
            return !view && !node.getPgStatement(before.database()).compare(node.getPgStatement(after.database()));
        }

        private static String name(TreeElement node) {
            // An index has its name in the schema, whichever table it is of.
            TreeElement parent = node.getType() == DbObjType.INDEX ? node.getParent().getParent() : node.getParent();
            boolean top = parent == null || parent.getType() == DbObjType.DATABASE
                    || parent.getType() == DbObjType.SCHEMA && parent.getName().equals("public");
            return top ? node.getName() : name(parent) + "." + node.getName();
        }

        /** A draft of the statements between the two, for people and for further work on it; never to be run unread. */
        String script() {
            try {
                return PgCodeKeeperApi.diff(settings, before.database(), after.database());
            } catch (IOException e) {
                throw new Failure(Failure.Exit.STOP, "the statements between two schemas cannot be written: "
                        + Gate.words(e), Gate.UNFORESEEN, e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new Failure(Failure.Exit.INTERRUPTED, "interrupted while statements were written", null, e);
            }
        }
    }

    boolean hides(Difference difference) {
        return hidden.stream().anyMatch(schema -> difference.object().equals(schema)
                || difference.object().startsWith(schema + "."));
    }
}
