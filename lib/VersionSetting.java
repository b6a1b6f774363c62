package lib;

import java.util.Set;

/**
 * How releases are numbered.
 *
 * @param file the JSON file whose {@code version} is raised; null where the last tag says it
 * @param bump {@code conventional}: what the subjects of the commits say (feat, fix, !); else major, minor or patch, or
 *     {@code none} for a version that the file already holds
 * @param tag the tag's name; {@code {version}} stands for the number
 * @param changelog the file that gets an entry; null for none
 */
public record VersionSetting(String file, String bump, String tag, String changelog) {
    /** Stands for the number in a tag's name. */
    public static final String NUMBER = "{version}";
    private static final Set<String> BUMPS = Set.of("conventional", "major", "minor", "patch", "none");

    public VersionSetting {
        bump = bump == null ? "conventional" : bump;
        tag = tag == null ? "v" + NUMBER : tag;
    }

    /** What is wrong with it, as the end of a sentence; null when nothing is. */
    String mistake() {
        return !BUMPS.contains(bump) ? ".bump is \"" + bump + "\"; known are conventional, major, minor, patch, none"
                : !tag.contains(NUMBER) ? ".tag has no {version} in it"
                : bump.equals("none") && file == null ? ".bump is none, and no file holds the version" : null;
    }
}
