import java.util.List;

/**
 * What one side of a goal took, run by run.
 *
 * @param values seconds or megabytes, in the order of the runs; never empty
 */
record BenchFigures(List<Double> values) {
    BenchFigures {
        if (values.isEmpty()) {
            throw new IllegalArgumentException("nothing was measured");
        }
        values = List.copyOf(values);
    }

    /** The value in the middle; of an even number the mean of the two there. */
    double median() {
        List<Double> sorted = values.stream().sorted().toList();
        int half = sorted.size() / 2;
        return sorted.size() % 2 == 1 ? sorted.get(half) : (sorted.get(half - 1) + sorted.get(half)) / 2;
    }

    double least() {
        return values.stream().mapToDouble(Double::doubleValue).min().getAsDouble();
    }

    double most() {
        return values.stream().mapToDouble(Double::doubleValue).max().getAsDouble();
    }

    /** How many times as much as the other side, by the medians. */
    double ratio(BenchFigures plain) {
        return median() / plain.median();
    }
}
