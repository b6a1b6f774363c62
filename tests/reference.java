///usr/bin/env jbang "$0" "$@" ; exit $?
//DESCRIPTION Writes the reference of README from the command lines themselves.
//JAVA 17+

//SOURCES ../preflight.java ../backup.java ../assess.java ../validate.java ../release.java ../lib/Cli.java
//SOURCES ../lib/Width.java

//COMPILE_OPTIONS -encoding UTF-8

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import lib.Cli;
import lib.Width;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** The part of README between two marks: every script, sub-command and option, as --help knows them. */
class reference {
    static final String BEGIN = "<!-- reference: written by ./jbang tests/reference.java -->";
    static final String END = "<!-- end of reference -->";
    private static final Set<String> COMMON =
            Set.of("--repo", "--env", "--json", "--verbose", "--color", "--help", "--version");
    private static final int NAME = 30;
    private static final int COLUMNS = 100;

    public static void main(String... args) throws Exception {
        Path readme = Path.of("README.md");
        String text = Files.readString(readme);
        Files.writeString(readme, renewed(text));
        System.out.println(text.equals(renewed(text)) ? "README.md is up to date" : "README.md: reference written");
    }

    /** README with the reference as it is now. */
    static String renewed(String readme) {
        int begin = readme.indexOf(BEGIN);
        int end = readme.indexOf(END);
        if (begin < 0 || end < begin) {
            throw new IllegalArgumentException("README.md lacks the marks " + BEGIN + " and " + END);
        }
        return readme.substring(0, begin + BEGIN.length()) + "\n\n" + text() + readme.substring(end);
    }

    /** The command lines of the five scripts. */
    static List<CommandLine> scripts() {
        return List.of(Cli.line(new preflight()), Cli.line(new backup()), Cli.line(new assess()),
                Cli.line(new validate()), Cli.line(new release()));
    }

    private static String text() {
        StringBuilder text = new StringBuilder();
        for (CommandLine script : scripts()) {
            CommandSpec spec = script.getCommandSpec();
            text.append("**`").append(spec.name()).append(".java`** ").append(words(spec)).append("\n\n```\n");
            List<String> lines = new ArrayList<>(options(spec));
            script.getSubcommands().forEach((name, sub) -> {
                if (name.equals(sub.getCommandName()) && !name.equals("generate-completion")) {
                    if (!lines.isEmpty()) {
                        lines.add("");
                    }
                    lines.add(entry(0, name + parameters(sub.getCommandSpec()), words(sub.getCommandSpec())));
                    lines.addAll(options(sub.getCommandSpec()));
                }
            });
            text.append(String.join("\n", lines)).append("\n```\n\n");
        }
        return text.toString();
    }

    private static String words(CommandSpec spec) {
        return plain(String.join(" ", spec.usageMessage().description()));
    }

    private static String parameters(CommandSpec spec) {
        StringBuilder text = new StringBuilder();
        for (PositionalParamSpec parameter : spec.positionalParameters()) {
            boolean needed = parameter.arity().min() > 0;
            text.append(needed ? " " : " [").append(parameter.paramLabel())
                    .append(parameter.arity().max() > 1 ? "..." : "").append(needed ? "" : "]");
        }
        return text.toString();
    }

    private static List<String> options(CommandSpec spec) {
        List<String> lines = new ArrayList<>();
        Set<String> seen = new TreeSet<>();
        for (OptionSpec option : spec.options()) {
            boolean inherited = option.inherited() || COMMON.contains(option.longestName()) || option.hidden();
            if (!inherited && seen.add(option.longestName())) {
                String value = option.arity().max() == 0 ? "" : " " + option.paramLabel();
                String described = String.join(" ", option.description());
                lines.add(entry(2, option.longestName() + value,
                        described.replace("${DEFAULT-VALUE}", String.valueOf(option.defaultValueString()))
                                .replace("${COMPLETION-CANDIDATES}", candidates(option))));
            }
        }
        return lines;
    }

    private static String candidates(OptionSpec option) {
        List<String> words = new ArrayList<>();
        if (option.completionCandidates() != null) {
            option.completionCandidates().forEach(words::add);
        }
        return String.join(", ", words);
    }

    private static String entry(int indent, String name, String described) {
        String begin = " ".repeat(indent) + name;
        String wrapped = Width.wrap(plain(described), COLUMNS - NAME).replace("\n", "\n" + " ".repeat(NAME));
        return Width.of(begin) < NAME ? Width.pad(begin, NAME) + wrapped
                : begin + "\n" + " ".repeat(NAME) + wrapped;
    }

    private static String plain(String text) {
        return Ansi.OFF.string(text).replaceAll("\\s+", " ").strip();
    }
}
