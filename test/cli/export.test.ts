import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { register } from "../../src/cli/commands/export.js";
import { toOnnx } from "../../src/export/index.js";
import type { ScoredRecord } from "../../src/model/index.js";
import { saveBundle } from "../../src/model/bundle/save.js";
import { sampleArtifact } from "../helpers/artifact.js";
import { newFolder } from "../helpers/folder.js";
import { runVerb } from "../helpers/run-verb.js";

const folder = newFolder();
const bundle = join(folder, "model");
const artifact = await sampleArtifact({ networks: 1 });
beforeAll(() => saveBundle(artifact, bundle));

describe("churnkit export", () => {
  it("writes a module that scores as the bundle", async () => {
    const file = join(folder, "scorer.mjs");
    const { out } = await runVerb(register, ["export", bundle, "--js", file, "--json"]);
    expect(JSON.parse(out)).toEqual({ exported: [{ form: "js", file, bytes: readFileSync(file).length }] });
    const { score } = (await import(pathToFileURL(file).href)) as { score: (record: unknown) => ScoredRecord };
    for (const { record, probability } of artifact.golden) expect(score(record).probability).toBe(probability);
  });

  it("writes nothing where one form is refused", async () => {
    const [js, sql] = [join(folder, "none.mjs"), join(folder, "none.sql")];
    await expect(runVerb(register, ["export", bundle, "--js", js, "--sql", sql])).rejects.toThrow(/network .* SQL/);
    expect([existsSync(js), existsSync(sql)]).toEqual([false, false]);
  });

  it("makes the file's folder, and says what is in the way", async () => {
    const file = join(folder, "new", "scorer.mjs");
    await runVerb(register, ["export", bundle, "--js", file]);
    expect(existsSync(file)).toBe(true);
    await expect(runVerb(register, ["export", bundle, "--js", folder])).rejects.toThrow(
      expect.objectContaining({ code: "IO_FAILED" }) as Error,
    );
  });

  it("writes ONNX", async () => {
    const file = join(folder, "model.onnx");
    await runVerb(register, ["export", bundle, "--onnx", file]);
    expect(readFileSync(file)).toEqual(Buffer.from(toOnnx(artifact)));
  });

  it("writes SQL of a table and its keys", async () => {
    const [linear, file] = [join(folder, "linear"), join(folder, "score.sql")];
    await saveBundle(await sampleArtifact({ networks: 0 }), linear);
    await runVerb(register, ["export", linear, "--sql", file, "--table", "crm.people", "--keys", "customer,region"]);
    expect(readFileSync(file, "utf8")).toMatch(/"customer" AS k0,\n {2}"region" AS k1,[^]*FROM "crm"."people"/);
  });

  it("asks for a file", async () => {
    await expect(runVerb(register, ["export", bundle])).rejects.toThrow(/--js/);
  });
});
