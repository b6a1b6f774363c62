package lib;

import java.util.Map;

/**
 * What release.json may say about the application's queries, which a release must neither break nor slow down.
 *
 * @param folder where they stand as SQL files
 * @param slower by how many percent one may become slower
 * @param most how many of those that production runs are looked at, the longest in total first
 * @param accept queries of production that may become slower, by name, each with its reason
 */
public record QueriesSetting(String folder, Integer slower, Integer most, Map<String, String> accept) {
    private static final int FIFTH = 20;
    private static final int USUAL = 50;

    public QueriesSetting {
        folder = folder == null ? "queries" : folder;
        slower = slower == null ? FIFTH : slower;
        most = most == null ? USUAL : most;
        accept = accept == null ? Map.of() : accept;
    }

    /** What a query may cost at most, as a multiple of what it cost before. */
    public double factor() {
        return 1 + slower / 100.0;
    }

    /** What is wrong with it, as the end of a sentence; null when nothing is. */
    String mistake() {
        if (folder.isBlank() || folder.startsWith("/") || folder.contains("..")) {
            return ".folder is \"" + folder + "\", and it must be a folder of the repository";
        }
        if (slower < 0) {
            return ".slower is " + slower + ", and it must be 0 percent or more";
        }
        if (most < 0) {
            return ".most is " + most + ", and it must be 0 or more";
        }
        return accept.values().stream().anyMatch(reason -> reason == null || reason.isBlank())
                ? ".accept holds a query without a reason" : null;
    }
}
