//SOURCES ../Cli.java ../Json.java Finding.java Hazard.java Hazards.java Review.java

package lib.hazards;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;
import java.util.stream.Collectors;
import lib.Cli;
import lib.Json;

/** Findings for people, for code scanning (SARIF 2.1.0) and for the annotations of GitHub. */
public enum Format {
    text, json, sarif, github;

    private static final int COLUMNS = 80;

    /** The whole output of a review for people: findings, and the verdict as the last line. */
    public static String text(List<Finding> findings, String verdict) {
        StringBuilder out = new StringBuilder();
        for (Finding finding : findings) {
            out.append(finding.place()).append(": ").append(finding.id()).append(' ').append(finding.severity())
                    .append('\n').append(wrap(finding.message(), "  "));
            if (!finding.lock().isEmpty()) {
                out.append(wrap("locks: " + finding.lock(), "  "));
            }
            if (!finding.fix().isEmpty()) {
                out.append("  instead:\n");
                finding.fix().lines().forEach(line -> out.append(sql(line, "    ")));
            }
            out.append('\n');
        }
        return out + verdict;
    }

    private static String wrap(String text, String indent) {
        StringBuilder out = new StringBuilder();
        StringBuilder line = new StringBuilder(indent);
        for (String word : text.split("\\s+")) {
            if (line.length() > indent.length() && line.length() + 1 + word.length() > COLUMNS) {
                out.append(line).append('\n');
                line = new StringBuilder(indent);
            }
            line.append(line.length() > indent.length() ? " " : "").append(word);
        }
        return out.append(line).append('\n').toString();
    }

    /** Breaks SQL at blanks outside quotes only: it is there to be pasted. A comment goes on as a comment. */
    private static String sql(String text, String indent) {
        if (text.startsWith("--")) {
            return wrap(text, indent).replaceAll("\n(?=.)", "\n" + indent + "-- ")
                    .replace(indent + "-- " + indent, indent + "-- ");
        }
        StringBuilder out = new StringBuilder(indent);
        int start = out.length() - indent.length();
        int blank = -1;
        char quote = 0;
        for (char c : text.toCharArray()) {
            quote = quote == 0 && (c == '\'' || c == '"') ? c : c == quote ? 0 : quote;
            blank = c == ' ' && quote == 0 ? out.length() : blank;
            out.append(c);
            if (out.length() - start > COLUMNS && blank > start) {
                out.replace(blank, blank + 1, "\n" + indent + "  ");
                start = blank + 1;
                blank = -1;
            }
        }
        return out.append('\n').toString();
    }

    /** Workflow commands of GitHub Actions, one for each finding. */
    public static String github(List<Finding> findings) {
        return findings.stream().map(finding -> "::" + switch (finding.severity()) {
            case DANGEROUS -> "error";
            case CAUTION -> "warning";
            case SAFE -> "notice";
        } + " file=" + property(finding.file()) + ",line=" + finding.line() + ",col=" + finding.column() + ",title="
                + property(finding.id() + " " + finding.severity()) + "::" + data(finding.message()
                + (finding.fix().isEmpty() ? "" : "\nInstead:\n" + finding.fix()))).collect(Collectors.joining("\n"));
    }

    private static String data(String text) {
        return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A");
    }

    private static String property(String text) {
        return data(text).replace(":", "%3A").replace(",", "%2C");
    }

    /** A SARIF 2.1.0 log with one run, and all rules described in it. */
    public static ObjectNode sarif(List<Finding> findings) {
        ObjectNode log = Json.object();
        log.put("$schema", "https://json.schemastore.org/sarif-2.1.0.json");
        log.put("version", "2.1.0");
        ObjectNode run = log.putArray("runs").addObject();
        ObjectNode driver = run.putObject("tool").putObject("driver");
        driver.put("name", "assess.java").put("semanticVersion", Cli.VERSION);
        ArrayNode rules = driver.putArray("rules");
        List<Hazard> hazards = Hazards.all();
        hazards.forEach(hazard -> rules.add(rule(hazard)));
        run.put("columnKind", "utf16CodeUnits");
        ArrayNode results = run.putArray("results");
        for (Finding finding : findings) {
            ObjectNode result = results.addObject();
            result.put("ruleId", finding.id());
            result.put("ruleIndex", hazards.indexOf(Hazards.find(finding.id())));
            result.put("level", level(finding.severity()));
            result.putObject("message").put("text", finding.message()
                    + (finding.fix().isEmpty() ? "" : "\nInstead:\n" + finding.fix()));
            ObjectNode place = result.putArray("locations").addObject().putObject("physicalLocation");
            place.putObject("artifactLocation").put("uri", uri(finding.file()));
            place.putObject("region").put("startLine", finding.line()).put("startColumn", finding.column());
        }
        return log;
    }

    private static ObjectNode rule(Hazard hazard) {
        ObjectNode rule = Json.object();
        rule.put("id", hazard.id());
        rule.putObject("shortDescription").put("text", hazard.title());
        String lock = hazard.blocks().isEmpty() ? "" : " Lock: " + hazard.blocks() + ".";
        String unless = hazard.unless().isEmpty() ? "" : " No hazard when: " + hazard.unless() + ".";
        rule.putObject("fullDescription").put("text", hazard.title() + "." + lock + unless);
        rule.putObject("help").put("text", hazard.instead().isEmpty() ? hazard.title()
                : "Instead: " + hazard.instead());
        rule.putObject("defaultConfiguration").put("level", level(hazard.severity()));
        return rule;
    }

    private static String level(Hazard.Severity severity) {
        return switch (severity) {
            case DANGEROUS -> "error";
            case CAUTION -> "warning";
            case SAFE -> "note";
        };
    }

    private static String uri(String path) {
        try {
            return path.startsWith("/") ? new URI("file", "", path, null).toASCIIString()
                    : new URI(null, null, "/" + path, null).toASCIIString().substring(1);
        } catch (URISyntaxException e) {
            return path;
        }
    }
}
