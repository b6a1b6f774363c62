package lib;

/**
 * One migration of an application, as its migration tool knows it.
 *
 * @param id the name the tool gives it: {@code 0005_careless_black_queen}
 * @param file its path in the repository
 * @param sql its text as committed
 * @param hash what the tool's history keeps of the content, null for a tool that keeps nothing
 * @param time what the tool orders it by, in the tool's own unit (Drizzle: milliseconds since 1970)
 */
public record Migration(String id, String file, String sql, String hash, long time) {
}
