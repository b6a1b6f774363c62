package lib;

/**
 * One step of a release.
 *
 * @param what it does, in words for the person who watches
 * @param changes whether it changes something that others see; a dry run ends before the first such step
 */
public record Step(String name, String what, boolean changes, Work work) {
    /** What a step does; a {@link Failure} ends the release. */
    public interface Work {
        void run() throws Exception;
    }
}
