import { describe, expect, it } from "vitest";
import { mergeProfiles, parseProfile, profileAgainst, profileTable } from "../../../src/data/profile/index.js";
import { compareTables, driftAgainst } from "../../../src/drift/index.js";
import { takeRows } from "../../../src/data/table/index.js";
import { contractOfColumns, tableOf, textColumn } from "../features/tables.js";

const contract = contractOfColumns([textColumn("note")]);
const notes = (words: (i: number) => number | null) =>
  tableOf(contract, {
    note: Array.from({ length: 400 }, (_, i) => {
      const count = words(i);
      return count === null ? null : Array.from({ length: count }, (_, k) => `word${(i + k) % 9}`).join(" ");
    }),
    churn: Array.from({ length: 400 }, (_, i) => (i % 3 ? "no" : "yes")),
  });
const reference = notes((i) => (i % 10 === 0 ? null : 3 + (i % 20)));

describe("a text column's profile", () => {
  const profile = parseProfile(JSON.parse(JSON.stringify(profileTable(reference))));

  it("has its lengths and missing values, and no text", () => {
    const [note] = profile.columns;
    expect(note).toMatchObject({ name: "note", kind: "number", of: "length", missing: 40, min: 23, max: 131 });
    expect(JSON.stringify(profile)).not.toContain("word");
  });

  it("counts later rows in any parts alike", () => {
    const later = notes((i) => 5 + (i % 30));
    const rows = Uint32Array.from({ length: 400 }, (_, i) => i);
    const parts = [rows.subarray(0, 150), rows.subarray(150)].map((some) =>
      profileAgainst(profile, takeRows(later, some)),
    );
    expect(parts.reduce(mergeProfiles)).toEqual(profileAgainst(profile, later));
  });

  it.each<[string, (i: number) => number | null, string, RegExp]>([
    ["longer texts", (i) => (i % 10 === 0 ? null : 20 + (i % 40)), "critical", /characters/],
    ["fewer texts", (i) => (i % 2 ? 3 + (i % 20) : null), "critical", /Missing values went from 10 % to 50 %/],
    ["the same", (i) => (i % 10 === 0 ? null : 3 + ((i * 7) % 20)), "none", /./],
  ])("tells %s", (_, words, severity, message) => {
    const now = notes(words);
    for (const report of [compareTables(reference, now), driftAgainst(profile, now)]) {
      const note = report.columns.find(({ name }) => name === "note");
      expect(note).toMatchObject({ severity });
      expect(note?.message).toMatch(message);
    }
  });
});
