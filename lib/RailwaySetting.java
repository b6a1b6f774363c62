package lib;

/**
 * Where something runs at Railway.
 *
 * @param service its name there, letter for letter
 * @param environment its environment there; null where it is called as here
 * @param project the project's id; null where the folder is linked to it
 */
public record RailwaySetting(String service, String environment, String project) {
    /** What is wrong with it, as the end of a sentence; null when nothing is. */
    String mistake() {
        return service == null || service.isBlank() ? ".service is missing" : null;
    }
}
