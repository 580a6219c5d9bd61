import { expect } from "vitest";
import type { Artifact } from "../../src/model/artifact.js";
import { packArchive } from "../../src/model/bundle/archive.js";
import { toBundleFiles } from "../../src/model/bundle/format.js";
import { compile } from "../../src/model/scoring/compile.js";
import { sampleArtifact, sampleRecords } from "../helpers/artifact.js";

/** A bundle made here, records, and the scores that Node gives them. */
export async function madeInNode(): Promise<{
  archive: Uint8Array<ArrayBuffer>;
  records: unknown[];
  expected: (number | null)[];
}> {
  const artifact: Artifact = await sampleArtifact({ networks: 3 });
  const [first] = sampleRecords(1);
  const records = [
    ...sampleRecords(300, 12),
    { ...first, plan: "never seen", charges: null },
    { ...first, tenure: "broken" },
  ];
  const scorer = await compile(artifact);
  return {
    archive: await packArchive(await toBundleFiles(artifact, { createdAt: new Date(0) })),
    records,
    expected: scorer.scoreRecords(records).map(({ probability }) => probability),
  };
}

/** The same bits, and set aside where Node sets aside. */
export function expectSameScores(scores: readonly (number | null)[], expected: readonly (number | null)[]): void {
  expect(expected.filter((score) => score === null)).toHaveLength(1);
  expect(scores).toEqual(expected);
}

/** Says in one visible line that a runtime is not there; in CI that is a failure. */
export function skipped(what: string): void {
  if (process.env["CI"]) throw new Error(`${what} is needed in CI`);
  console.warn(`skipped: ${what}`);
}
