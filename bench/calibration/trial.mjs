// One run of every test on two samples of n rows each, the second moved by d (0 for unchanged data).
import { binomial, multinomial } from "./random.mjs";
import { profiles, table, valuesOf } from "./columns.mjs";

/** Up to so many rows the report is of tables, KS exact; beyond, of counts between the reference's cut points. */
const TABLES = 10_000;

/** The tests of a report, by column, and the tests of counts that can be called by themselves. */
export function reportTrial(library, random, n, d, note) {
  const { chiSquareHomogeneity, compareProfiles, compareTables, fisherExact, gTest, twoProportions } = library;
  const report =
    n <= TABLES ? compareTables(table(random, n, 0), table(random, n, d)) : compareProfiles(...profiles(random, n, d));
  for (const { name, kind, shifts } of report.columns) {
    for (const { what, test, pValue } of shifts) {
      // Of a category PSI's p-value is that of chi-square, and Jensen-Shannon's is that of PSI everywhere.
      if (what === "missing" ? name === "smooth" : what !== "psi" || kind === "number")
        note(what === "missing" ? "missing" : test, name, pValue);
    }
  }
  note("verdict", "all seven columns", report.verdict === "drift" ? 0 : 1);
  const [x, y] = [binomial(random, n, 0.1), binomial(random, n, 0.1 + d)];
  note("twoProportions", "10 %", twoProportions(x, n, y, n).p);
  note("twoProportions", "10 %, with the correction", twoProportions(x, n, y, n, { correction: true }).p);
  note("fisherExact", "10 %", fisherExact(x, n, y, n).p);
  const few = [25, 20, 18, 15, 12, 10];
  const counts = [few, few.map((mass, i) => mass * (i < 3 ? 1 - d / 0.63 : 1 + d / 0.37))].map((masses) =>
    multinomial(random, n, masses),
  );
  note("chiSquareHomogeneity", "6 levels", chiSquareHomogeneity(counts).p);
  note("gTest", "6 levels", gTest(counts).p);
}

/** The tests that need the values. */
export function valuesTrial({ conceptDrift, ksTest }, random, n, d, note) {
  for (const name of ["smooth", "skewed, 40 % zeros", "30 values"]) {
    const [a, b] = [valuesOf(random, name, n, 0), valuesOf(random, name, n, d)];
    note("ksTest", name, ksTest(a, b).p);
  }
  const concept = conceptDrift(scored(random, n, 0), scored(random, n, d));
  if (concept !== null) note("concept", "rate at equal probability", concept.pValue);
}

/** Probabilities, and labels at their rate or d above it. */
function scored(random, n, d) {
  const probabilities = Float64Array.from({ length: n }, () => random() ** 2);
  return { probabilities, labels: Int8Array.from(probabilities, (p) => (random() < p + d ? 1 : 0)) };
}
