import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import lib.hazards.Context;
import lib.hazards.Finding;
import lib.hazards.Names;
import lib.hazards.Review;
import lib.hazards.Source;

/**
 * One of the two files of a hazard: bad.sql has it, good.sql does the same without it. Comments at the top say what the
 * server does: {@code measure: TABLE MODE [rewrite]}, {@code error: SQLSTATE}, {@code says} and {@code silent} for the
 * server's debug messages about the last statement, {@code row: TABLE BYTES} for the size of its rows, {@code shows:
 * SETTING VALUE}, {@code alone} for what no transaction can hold, {@code from} and
 * {@code to} for majors; and for the rules {@code server}, {@code shape}, {@code stopped}, {@code database} (they know
 * its tables), {@code name} and {@code beside}.
 */
record HazardPair(String id, String kind, String sql) {
    private static final Path FOLDER = World.ROOT.resolve("tests/fixtures/hazards");

    static final String SCHEMA = World.read(FOLDER.resolve("schema.sql"));

    static List<HazardPair> all() {
        try (Stream<Path> folders = Files.list(FOLDER)) {
            List<HazardPair> pairs = new ArrayList<>();
            folders.filter(Files::isDirectory).sorted().forEach(folder -> {
                for (String kind : List.of("bad", "good")) {
                    pairs.add(new HazardPair(folder.getFileName().toString(), kind,
                            World.read(folder.resolve(kind + ".sql"))));
                }
            });
            return pairs;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    boolean bad() {
        return kind.equals("bad");
    }

    /** The values of a comment at the top; an empty one for a comment that is only a word. */
    List<String> says(String key) {
        return sql.lines().filter(line -> line.equals("-- " + key) || line.startsWith("-- " + key + ":"))
                .map(line -> line.substring(key.length() + 3).replaceFirst("^:\\s*", "")).toList();
    }

    boolean is(String key) {
        return !says(key).isEmpty();
    }

    /** Whether a server of this major does what the file says. */
    boolean fits(int major) {
        return says("from").stream().allMatch(from -> major >= Integer.parseInt(from))
                && says("to").stream().allMatch(to -> major <= Integer.parseInt(to));
    }

    /** What the rules find in it. */
    List<Finding> findings(Context database) {
        Context context = is("database") ? database : Context.of(Context.Shape.NONE);
        for (String shape : says("shape")) {
            context = context.shape(Context.Shape.valueOf(shape.toUpperCase()));
        }
        for (String server : says("server")) {
            context = context.server(Integer.parseInt(server));
        }
        String name = is("name") ? says("name").get(0) : "0001.sql";
        Map<String, String> texts = new TreeMap<>(Map.of(name, sql));
        says("beside").forEach(beside -> texts.put(beside, null));
        return Review.of(List.of(new Source(name, sql, null)), context.stopped(is("stopped")),
                is("beside") ? Names.of("", texts, List.of(name)) : List.of()).findings();
    }

    /** The locks the file says it takes, by table; a mode and perhaps "rewrite". */
    Map<String, String> measures() {
        Map<String, String> measures = new TreeMap<>();
        says("measure").forEach(line -> measures.put(line.split(" ", 2)[0], line.split(" ", 2)[1]));
        return measures;
    }

    @Override
    public String toString() {
        return id + "/" + kind + ".sql";
    }
}
