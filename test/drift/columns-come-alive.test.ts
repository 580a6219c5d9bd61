import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  inferFromFile,
  parseProfile,
  profileAgainst,
  profileTable,
  readCsv,
  type Table,
} from "../../src/data/index.js";
import { compareProfiles, compareTables, driftAdvice, driftAgainst } from "../../src/drift/index.js";
import { driftSignals } from "../../src/monitor/index.js";

const rows = 200;
type Cell = (row: number) => string;

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "alive-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function fileOf(name: string, extra: Cell): Promise<string> {
  const lines = Array.from({ length: rows }, (_, i) => `${(i * 37) % 101},${i % 3 === 0 ? "Yes" : "No"},${extra(i)}`);
  const file = join(folder, name);
  await writeFile(file, ["spend,churn,extra", ...lines].join("\n"));
  return file;
}

async function pair(before: Cell, after: Cell): Promise<[Table, Table]> {
  const [first, second] = [await fileOf("before.csv", before), await fileOf("after.csv", after)];
  const inferred = await inferFromFile(first, { target: "churn", positive: "Yes" });
  const columns = inferred.contract.columns.map((column) =>
    column.role === "feature" ? { ...column, nullable: true } : column,
  );
  const contract = { ...inferred.contract, columns };
  return [await readCsv(contract, first), await readCsv(contract, second)];
}

const varied: Record<string, readonly [constant: string, Cell]> = {
  category: ["north", (i) => (i % 2 === 0 ? "north" : "south")],
  number: ["12.5", (i) => String(i % 2 === 0 ? 12.5 : i)],
  boolean: ["true", (i) => String(i % 2 === 0)],
  date: ["2024-01-31", (i) => `2024-0${1 + (i % 6)}-15`],
};

describe("a column that was constant or empty and comes alive was called stable", () => {
  it.each(Object.entries(varied))("a constant %s", async (_, [constant, alive]) => {
    const [before, after] = await pair(() => constant, alive);
    const report = compareTables(before, after);
    expect(report).toMatchObject({ verdict: "drift", severity: "warning", features: { verdict: "stable" } });
    expect(report.columns.find(({ name }) => name === "extra")).toMatchObject({
      role: "ignored",
      verdict: "drift",
      severity: "warning",
    });
    expect(driftAdvice(report)[0]).toMatchObject({ columns: ["extra"], severity: "warning" });
    // A column that the model does not read is no reason to retrain by its PSI.
    expect(driftSignals(report, new Date(0)).psi?.value).toBe(0);
  });

  it.each(Object.entries(varied))("an empty column that fills with a %s", async (_, [, alive]) => {
    const [before, after] = await pair(() => "", alive);
    expect(compareTables(before, after).columns.find(({ name }) => name === "extra")).toMatchObject({
      verdict: "drift",
      severity: "warning",
    });
  });

  it.each(Object.entries(varied))("a %s that goes constant or empty", async (_, [constant, alive]) => {
    for (const later of [constant, ""]) {
      const [before, after] = await pair(alive, () => later);
      expect(compareTables(before, after).columns.find(({ name }) => name === "extra")?.verdict).toBe("drift");
    }
  });

  it("says nothing of one that stays as it was", async () => {
    for (const constant of ["north", "12.5", ""]) {
      const [before, after] = await pair(
        () => constant,
        () => constant,
      );
      const report = compareTables(before, after);
      expect(report.verdict).toBe("stable");
      expect(report.columns.map(({ name }) => name)).toEqual(["spend", "churn"]);
    }
  });

  it("is found against a kept profile too, and one without the mark still loads", async () => {
    const [before, after] = await pair(
      () => "12.5",
      (i) => String(i),
    );
    const kept = parseProfile(JSON.parse(JSON.stringify(profileTable(before))));
    for (const report of [
      driftAgainst(kept, after),
      compareProfiles(kept, profileAgainst(kept, after), { target: "churn" }),
    ]) {
      expect(report).toMatchObject({ verdict: "drift", severity: "warning" });
    }
    const old = { ...kept, columns: kept.columns.filter(({ unread }) => unread === undefined) };
    expect(driftAgainst(parseProfile(old), after).verdict).toBe("stable");
    const wrong = { ...kept, columns: kept.columns.map((column) => ({ ...column, unread: "yes" })) };
    expect(() => parseProfile(wrong)).toThrow(/unread/);
  });

  it("is not looked for slice by slice, where much is constant", async () => {
    const [before, after] = await pair(
      () => "north",
      () => "north",
    );
    const report = compareTables(before, after, { segments: ["spend"] });
    expect(report.segments.every(({ verdict }) => verdict !== "drift")).toBe(true);
  });
});
