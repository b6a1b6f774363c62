//SOURCES Block.java

package lib.report;

import java.util.List;

/**
 * One part of a report.
 *
 * @param id how links name it
 * @param lead the answer in one sentence, or empty
 */
public record Section(String id, String title, String lead, List<Block> blocks) {
}
