///usr/bin/env jbang "$0" "$@" ; exit $?
//DESCRIPTION Runs the tests: all of them, or those named (Class or Class#method)
//JAVA 17+

//DEPS org.junit.platform:junit-platform-console-standalone:6.1.3

//SOURCES *Test.java ../*.java

//COMPILE_OPTIONS -encoding UTF-8 -J-XX:TieredStopAtLevel=1 -J-XX:+UseSerialGC // a third of javac's own time

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClasspathRoots;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.junit.platform.engine.FilterResult;
import org.junit.platform.engine.TestDescriptor;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.discovery.ClassNameFilter;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.PostDiscoveryFilter;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** Runs the tests, two classes at a time, and ends with one line that counts them. */
class all {
    public static void main(String[] names) throws Exception {
        try {
            System.setProperty("repo", repo().toString());
            // Some hundred processes start faster for it; the first ones do not wait.
            Thread archive = new Thread(lib.ClassArchive::make);
            archive.setDaemon(true);
            archive.start();
            Counts counts = new Counts();
            LauncherFactory.create().execute(request(names), counts);
            System.out.println(counts.total);
            System.exit(counts.total.failed == 0 && counts.total.passed > 0 ? 0 : 1);
        } catch (IllegalArgumentException wrongUsage) {
            System.err.println("tests: " + wrongUsage.getMessage());
            System.exit(2);
        }
    }

    private static Path repo() {
        Path here = Path.of("").toAbsolutePath();
        for (Path folder = here; folder != null; folder = folder.getParent()) {
            if (Files.exists(folder.resolve("tests/all.java"))) {
                return folder;
            }
        }
        throw new IllegalArgumentException("no tests/all.java at or above " + here + ": cd into the project");
    }

    private static LauncherDiscoveryRequest request(String... names) throws Exception {
        String parallel = "junit.jupiter.execution.parallel.";
        var request = LauncherDiscoveryRequestBuilder.request()
                .configurationParameter(parallel + "enabled", "true")
                .configurationParameter(parallel + "mode.default", "same_thread")
                .configurationParameter(parallel + "mode.classes.default", "concurrent")
                .configurationParameter(parallel + "config.executor-service", "WORKER_THREAD_POOL")
                .configurationParameter(parallel + "config.strategy", "fixed")
                .configurationParameter(parallel + "config.fixed.parallelism", "2")
                .configurationParameter("junit.jupiter.execution.timeout.default", "10 m")
                // The long ones bear @Order: begun last, one of them would run on alone.
                .configurationParameter("junit.jupiter.testclass.order.default",
                        "org.junit.jupiter.api.ClassOrderer$OrderAnnotation")
                .filters(ClassNameFilter.includeClassNamePatterns(".*Test"));
        if (names.length == 0) {
            // JBang puts everything compiled here into one jar: the one this class comes from.
            Path jar = Path.of(all.class.getProtectionDomain().getCodeSource().getLocation().toURI());
            return request.selectors(selectClasspathRoots(Set.of(jar))).build();
        }
        for (String name : names) {
            request.selectors(selectClass(testClass(name.replaceFirst("#.*", ""))));
        }
        return request.filters((PostDiscoveryFilter) test -> FilterResult.includedIf(isNamed(test, names))).build();
    }

    private static Class<?> testClass(String name) {
        try {
            return Class.forName(name);
        } catch (ClassNotFoundException | LinkageError e) {
            throw new IllegalArgumentException("no test class " + name + " in tests/");
        }
    }

    private static boolean isNamed(TestDescriptor test, String... names) {
        if (!(test.getSource().orElse(null) instanceof MethodSource method)) {
            return true;
        }
        String owner = method.getClassName().replaceFirst("\\$.*", "");
        return Arrays.stream(names).anyMatch(Set.of(owner, owner + "#" + method.getMethodName())::contains);
    }

    /** How many tests ended how, of one class or of all. */
    private static class Count {
        final long start = System.nanoTime();
        final List<String> details = new ArrayList<>();
        long passed;
        long failed;
        long skipped;

        @Override
        public String toString() {
            return passed + " passed, " + failed + " failed" + (skipped > 0 ? ", " + skipped + " skipped" : "");
        }
    }

    /** Prints a line for each test class when it is through, its failures and skips below it. */
    private static class Counts implements TestExecutionListener {
        final Count total = new Count();
        private final Map<String, Count> classes = new ConcurrentHashMap<>();
        private final Set<String> ended = ConcurrentHashMap.newKeySet();
        private TestPlan plan;

        @Override
        public void testPlanExecutionStarted(TestPlan plan) {
            this.plan = plan;
        }

        @Override
        public void executionStarted(TestIdentifier test) {
            classes.computeIfAbsent(owner(test), name -> new Count());
        }

        @Override
        public synchronized void executionSkipped(TestIdentifier test, String reason) {
            Count count = classes.computeIfAbsent(owner(test), name -> new Count());
            skip(count, test, reason);
            printIfWhole(test, count);
        }

        @Override
        public synchronized void executionFinished(TestIdentifier test, TestExecutionResult result) {
            Count count = classes.get(owner(test));
            ended.add(test.getUniqueId());
            Throwable cause = result.getThrowable().orElse(null);
            switch (result.getStatus()) {
                case SUCCESSFUL -> count.passed += test.isTest() ? 1 : 0;
                case ABORTED -> skip(count, test, cause == null ? "no reason given" : cause.getMessage());
                default -> {
                    count.failed++;
                    count.details.add("FAILED " + name(test) + "\n" + trace(cause));
                }
            }
            printIfWhole(test, count);
        }

        /** Counts a test, or every test of a class or group that did not get to run. */
        private void skip(Count count, TestIdentifier test, String reason) {
            long inside = plan.getDescendants(test).stream()
                    .filter(each -> each.isTest() && !ended.contains(each.getUniqueId()))
                    .count();
            count.skipped += Math.max(1, inside);
            count.details.add("skipped " + name(test) + ": " + reason);
        }

        private void printIfWhole(TestIdentifier test, Count count) {
            String owner = owner(test);
            boolean whole = !test.isTest() && test.getUniqueIdObject().getLastSegment().getValue().equals(owner);
            boolean engineFailed = owner.isEmpty() && !count.details.isEmpty();
            if (!whole && !engineFailed) {
                return;
            }
            total.passed += count.passed;
            total.failed += count.failed;
            total.skipped += count.skipped;
            double seconds = (System.nanoTime() - count.start) / 1e9;
            System.out.printf("%-24s %s (%.1f s)%n", owner.isEmpty() ? "(engine)" : owner, count, seconds);
            count.details.forEach(detail -> System.out.println(detail.indent(4).stripTrailing()));
            System.out.flush();
        }

        /** The top-level test class a test belongs to, or nothing for the engine itself. */
        private static String owner(TestIdentifier test) {
            return test.getUniqueIdObject().getSegments().stream()
                    .filter(segment -> segment.getType().equals("class"))
                    .map(segment -> segment.getValue())
                    .findFirst()
                    .orElse("");
        }

        private String name(TestIdentifier test) {
            String name = test.getDisplayName();
            String parent = plan.getParent(test).filter(each -> !owner(each).isEmpty()).map(this::name).orElse("");
            return parent.isEmpty() ? name : parent + " > " + name;
        }

        /** The stack trace without the frames of JUnit and of the JDK. */
        private static String trace(Throwable cause) {
            if (cause == null) {
                return "no exception";
            }
            StringWriter text = new StringWriter();
            cause.printStackTrace(new PrintWriter(text, true));
            return text.toString()
                    .lines()
                    .filter(line -> !line.matches("\\tat (org\\.junit|java\\.base|org\\.opentest4j).*"))
                    .collect(Collectors.joining("\n"));
        }
    }
}
