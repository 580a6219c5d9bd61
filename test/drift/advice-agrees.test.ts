import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { severities, type DriftRole, type PartDrift, type SegmentDrift } from "../../src/drift/report.js";
import { driftAdvice, type ColumnDrift, type DriftReport, type Severity } from "../../src/drift/index.js";

const worst = (of: readonly Severity[]): Severity =>
  severities[Math.max(0, ...of.map((each) => severities.indexOf(each)))] ?? "none";
const severity = fc.constantFrom(...severities);
const verdictOf = (of: Severity): "drift" | "stable" => (of === "none" ? "stable" : "drift");

interface Found {
  readonly role: DriftRole;
  readonly severity: Severity;
  readonly what: ColumnDrift["shifts"][number]["what"];
  readonly judged: boolean;
}

const found: fc.Arbitrary<Found> = fc.record({
  role: fc.constantFrom("feature", "feature", "target", "prediction"),
  severity,
  what: fc.constantFrom("distribution", "psi", "missing", "newLevels"),
  judged: fc.boolean(),
});

function reportOf(
  columns: readonly Found[],
  slices: readonly [number, Severity][],
  concept: Severity | null,
  rejected: Severity,
): DriftReport {
  const judged = columns.map(({ role, severity: own, what, judged: known }, i) => ({
    name: `c${i}`,
    role,
    severity: own,
    verdict: own !== "none" ? "drift" : known ? "stable" : "insufficient",
    missing: { reference: 0, current: 0.5 },
    newLevels: ["x"],
    shifts: [{ what, severity: own }],
    message: "moved",
  })) as unknown as ColumnDrift[];
  const part = (role: DriftRole): PartDrift => {
    const mine = judged.filter((column) => column.role === role);
    const of = worst(mine.map((column) => column.severity));
    return {
      verdict: verdictOf(of),
      severity: of,
      compared: mine.length,
      drifted: mine.filter((column) => column.severity !== "none").map(({ name }) => name),
      psi: null,
    };
  };
  const segments = slices
    .map(
      ([at, of]) =>
        ({
          column: "s",
          level: "l",
          severity: of,
          verdict: verdictOf(of),
          worst: of === "none" ? null : `c${at}`,
        }) as SegmentDrift,
    )
    .sort((a, b) => severities.indexOf(b.severity) - severities.indexOf(a.severity));
  const all = worst([
    ...judged.map((column) => column.severity),
    ...segments.map((slice) => slice.severity),
    concept ?? "none",
    rejected,
  ]);
  return {
    verdict: verdictOf(all),
    severity: all,
    rejected: { reference: 0, current: 0, severity: rejected },
    features: part("feature"),
    target: part("target"),
    prediction: part("prediction"),
    concept: concept === null ? null : { verdict: verdictOf(concept), severity: concept },
    columns: judged,
    segments,
    ranking: [],
  } as unknown as DriftReport;
}

describe("advice on drift", () => {
  it("is as severe as the report, and asks for nothing only where nothing was found", () => {
    fc.assert(
      fc.property(
        fc.array(found, { minLength: 1, maxLength: 5 }),
        fc.array(fc.tuple(fc.nat(5), severity), { maxLength: 3 }),
        fc.option(severity),
        severity,
        (columns, slices, concept, rejected) => {
          const report = reportOf(columns, slices, concept, rejected);
          const advice = driftAdvice(report);
          expect(worst(advice.map((each) => each.severity))).toBe(report.severity);
          expect(advice.some(({ action }) => action.startsWith("Nothing to do"))).toBe(
            report.severity === "none" && columns.every((column) => column.judged),
          );
        },
      ),
    );
  });
});
