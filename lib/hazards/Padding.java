//SOURCES ../sql/Change.java Types.java

package lib.hazards;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import lib.sql.Change;

/**
 * What the order of a new table's columns wastes: a value begins where its type may begin, and what lies before it
 * stays empty. Told up to the first column whose length its type does not say.
 *
 * @param bytes of each row
 * @param order the columns of fixed length so that they waste none, and the others behind them
 */
record Padding(int bytes, List<String> order) {
    /** Bytes of a value, and of what its place is a multiple (pg_type.typlen and typalign). */
    private record Fixed(int bytes, int multiple) {
    }

    private static final Fixed TWO = new Fixed(2, 2);
    private static final Fixed FOUR = new Fixed(4, 4);
    private static final Fixed EIGHT = new Fixed(8, 8);
    private static final Map<String, Fixed> FIXED = Map.ofEntries(Map.entry("boolean", new Fixed(1, 1)),
            Map.entry("smallint", TWO), Map.entry("smallserial", TWO), Map.entry("serial2", TWO),
            Map.entry("integer", FOUR), Map.entry("serial", FOUR), Map.entry("serial4", FOUR),
            Map.entry("real", FOUR), Map.entry("date", FOUR), Map.entry("oid", FOUR),
            Map.entry("bigint", EIGHT), Map.entry("bigserial", EIGHT), Map.entry("serial8", EIGHT),
            Map.entry("double precision", EIGHT), Map.entry("time", EIGHT), Map.entry("timestamp", EIGHT),
            Map.entry("timestamptz", EIGHT), Map.entry("money", EIGHT), Map.entry("uuid", new Fixed(16, 1)),
            Map.entry("interval", new Fixed(16, 8)));

    static Padding of(List<Change.Column> columns) {
        int end = 0;
        int empty = 0;
        for (Change.Column column : columns) {
            Fixed fixed = FIXED.get(Types.name(column.type()));
            if (fixed == null || column.how() == Change.Column.How.VIRTUAL) {
                break;
            }
            int start = (end + fixed.multiple - 1) / fixed.multiple * fixed.multiple;
            empty += start - end;
            end = start + fixed.bytes;
        }
        List<Change.Column> order = new ArrayList<>(columns);
        order.sort(Comparator.comparingInt(column -> -room(column)));
        return new Padding(empty, order.stream().map(Change.Column::name).toList());
    }

    // Behind whole words of eight bytes any type may begin, behind four all but the widest, and so on.
    private static int room(Change.Column column) {
        Fixed fixed = FIXED.get(Types.name(column.type()));
        return fixed == null ? 0 : Math.min(8, fixed.bytes);
    }
}
