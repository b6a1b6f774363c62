package lib.sql;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The table-level locks of PostgreSQL, from the weakest to the strongest, and which of them exclude each other. */
public enum LockMode {
    ACCESS_SHARE("X"),
    ROW_SHARE("E X"),
    ROW_EXCLUSIVE("S SRX E X"),
    SHARE_UPDATE_EXCLUSIVE("SUX S SRX E X"),
    SHARE("RX SUX SRX E X"),
    SHARE_ROW_EXCLUSIVE("RX SUX S SRX E X"),
    EXCLUSIVE("RS RX SUX S SRX E X"),
    ACCESS_EXCLUSIVE("AS RS RX SUX S SRX E X");

    private static final Map<String, LockMode> BY_CATALOG =
            Stream.of(values()).collect(Collectors.toUnmodifiableMap(LockMode::catalog, Function.identity()));

    private final String others;
    private final String catalog;

    LockMode(String others) {
        this.others = others;
        this.catalog = Arrays.stream(name().split("_"))
                .map(word -> word.charAt(0) + word.substring(1).toLowerCase(Locale.ROOT))
                .collect(Collectors.joining()) + "Lock";
    }

    /** The mode by the name that pg_locks has for it; empty for what is no table lock. */
    public static Optional<LockMode> of(String catalog) {
        return Optional.ofNullable(BY_CATALOG.get(catalog));
    }

    // By their usual abbreviations, because an enum constant cannot name those behind it.
    private static LockMode abbreviated(String abbreviation) {
        return switch (abbreviation) {
            case "AS" -> ACCESS_SHARE;
            case "RS" -> ROW_SHARE;
            case "RX" -> ROW_EXCLUSIVE;
            case "SUX" -> SHARE_UPDATE_EXCLUSIVE;
            case "S" -> SHARE;
            case "SRX" -> SHARE_ROW_EXCLUSIVE;
            case "E" -> EXCLUSIVE;
            default -> ACCESS_EXCLUSIVE;
        };
    }

    /** The modes that nobody else may hold at the same time. */
    public Set<LockMode> excludes() {
        return Stream.of(others.split(" ")).map(LockMode::abbreviated)
                .collect(Collectors.toCollection(() -> EnumSet.noneOf(LockMode.class)));
    }

    /** The weakest mode that excludes all that this and another one do. */
    public LockMode and(LockMode other) {
        Set<LockMode> both = EnumSet.copyOf(excludes());
        both.addAll(other.excludes());
        return Arrays.stream(values()).filter(mode -> mode.excludes().containsAll(both)).findFirst().orElseThrow();
    }

    /** As LOCK TABLE takes it: {@code SHARE ROW EXCLUSIVE}. */
    public String sql() {
        return name().replace('_', ' ');
    }

    /** As pg_locks shows it: {@code ShareRowExclusiveLock}. */
    public String catalog() {
        return catalog;
    }
}
