/** What is promised of our speed, and how the promise is read. */
enum BenchGoal {
    S1("backup on disk, verified, copy ready", 1 / 3.0, true, "s"),
    S2("20 MB, 30 tables: the same", 1.0, true, "s"),
    S3("a whole small release", 1.5, true, "s"),
    S4("counts and hashes of all data, both sides", 1.5, true, "s"),
    S5("downtime: service stopped to committed", 1.2, true, "s"),
    S6("review of 2,000 statements in 500 files", 5, false, "s"),
    S7("schema fingerprint of 2,000 tables", 0.5, false, "s"),
    S8("preflight without the project's build", 3, false, "s"),
    S9("--help of the slowest script, above a bare JVM", 0.5, false, "s"),
    S10("peak memory of our processes during S1", 256, false, "MB");

    final String what;
    /** The most that is allowed: times the plain side, or in the goal's unit. */
    final double limit;
    /** Whether the limit is a ratio to the plain side. */
    final boolean relative;
    final String unit;

    BenchGoal(String what, double limit, boolean relative, String unit) {
        this.what = what;
        this.limit = limit;
        this.relative = relative;
        this.unit = unit;
    }

    /**
     * How a goal came out.
     *
     * @param plain what the plain commands took; null where the goal is an amount of its own
     * @param note what else was seen; empty when nothing
     */
    record Outcome(BenchGoal goal, BenchFigures ours, BenchFigures plain, String note) {
        double measured() {
            return goal.relative ? ours.ratio(plain) : ours.median();
        }

        boolean met() {
            return measured() <= goal.limit;
        }
    }
}
