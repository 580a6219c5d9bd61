import { beforeAll, describe, expect, it } from "vitest";
import { syntheticContract, syntheticCustomers } from "../../src/data/synthetic.js";
import { tableFromRecords } from "../../src/data/read/records.js";
import {
  monitorBaseline,
  monitorBaselineOf,
  monitorExplainer,
  parseMonitorBaseline,
  withMonitorBaseline,
} from "../../src/monitor/index.js";
import { fromBundleFiles } from "../../src/model/bundle/format.js";
import { openBundle, toBundleFiles } from "../../src/model/index.js";
import { sampleArtifact } from "../helpers/artifact.js";
import { watchedModel, type Watched } from "./watched.js";

let watched: Watched;
beforeAll(async () => {
  watched = await watchedModel();
});

const table = (rows: number) => tableFromRecords(syntheticContract, syntheticCustomers({ rows, seed: 3 }).records);

describe("monitorBaseline", () => {
  it("is plain JSON that reads back, and the same from the same rows", async () => {
    const { baseline, model } = watched;
    expect(parseMonitorBaseline(JSON.parse(JSON.stringify(baseline)))).toEqual(baseline);
    const make = () => monitorBaseline({ artifact: model.artifact, table: table(300), facets: [{ column: "region" }] });
    const [first, second] = [await make(), await make()];
    expect(second).toEqual(first);
    expect(first.bias?.facets[0]?.groups).toHaveLength(6);
    expect(first.rows).toEqual({ kept: 300, rejected: 0 });
  });

  it("travels in a bundle, without a second copy of contract and profile", async () => {
    const { baseline, model } = watched;
    const files = await toBundleFiles(withMonitorBaseline(model.artifact, baseline));
    expect([...files.keys()]).toContain("extras/monitor.json");
    expect(files.get("extras/monitor.json")?.length).toBeLessThan(60_000);
    const { artifact } = await openBundle(files);
    expect(monitorBaselineOf(artifact)).toEqual(baseline);
    // Written again it is the same bundle, bit for bit.
    const again = await toBundleFiles(artifact, { createdAt: new Date(0) });
    expect(again.get("extras/monitor.json")).toEqual(files.get("extras/monitor.json"));
  });

  it("of a bundle without one holds what the bundle tells", async () => {
    const baseline = monitorBaselineOf(watched.model.artifact);
    expect(baseline).toMatchObject({
      bias: null,
      attribution: null,
      quality: { calibration: null, heldOut: watched.model.artifact.metrics },
    });
    expect(await monitorExplainer(watched.model.artifact, baseline)).toBeUndefined();
    expect(parseMonitorBaseline(JSON.parse(JSON.stringify(baseline)))).toEqual(baseline);
  });

  it("does without labels and without attributions", async () => {
    const unlabeled = tableFromRecords(syntheticContract, syntheticCustomers({ rows: 50, seed: 4 }).records, {
      target: "ignore",
    });
    const baseline = await monitorBaseline({ artifact: watched.model.artifact, table: unlabeled, attributionRows: 0 });
    expect(baseline).toMatchObject({ attribution: null, quality: { calibration: null, confidence: { rows: 50 } } });
  });

  it.each([
    [
      "TOO_FEW_ROWS",
      async () => monitorBaseline({ artifact: watched.model.artifact, table: { ...table(1), rows: 0 } }),
    ],
    [
      "OPTION_INVALID",
      async () => monitorBaseline({ artifact: watched.model.artifact, table: table(20), facets: [{ column: "none" }] }),
    ],
    [
      "OPTION_INVALID",
      async () =>
        monitorBaseline({ artifact: watched.model.artifact, table: table(20), facets: [{ column: "churn" }] }),
    ],
    [
      "OPTION_INVALID",
      async () => monitorBaseline({ artifact: watched.model.artifact, table: table(20), facets: [{ column: "age" }] }),
    ],
    [
      "OPTION_INVALID",
      async () => monitorBaseline({ artifact: watched.model.artifact, table: table(20), attributionRows: -1 }),
    ],
    ["CONTRACT_MISMATCH", async () => withMonitorBaseline(await sampleArtifact({ networks: 0 }), watched.baseline)],
    ["INPUT_MALFORMED", async () => parseMonitorBaseline(await Promise.resolve(null))],
    [
      "INPUT_MALFORMED",
      async () => parseMonitorBaseline(await Promise.resolve({ ...watched.baseline, rows: { kept: -1, rejected: 0 } })),
    ],
    ["INPUT_MALFORMED", async () => parseMonitorBaseline(await Promise.resolve({ ...watched.baseline, profile: 1 }))],
    [
      "INPUT_MALFORMED",
      async () => parseMonitorBaseline(await Promise.resolve({ ...watched.baseline, attribution: { settings: {} } })),
    ],
    ["OPTION_INVALID", async () => toBundleFiles({ ...watched.model.artifact, extras: { "../up": 1 } })],
  ])("says what is wrong: %s", async (code, work) => {
    await expect(work()).rejects.toMatchObject({ name: "ChurnkitError", code });
  });

  it("is refused where its file in a bundle was changed or hides a prototype", async () => {
    const files = await toBundleFiles({ ...watched.model.artifact, extras: { other: { a: [1, { b: "c" }] } } });
    expect((await fromBundleFiles(files)).artifact.extras).toEqual({ other: { a: [1, { b: "c" }] } });
    files.set("extras/other.json", new TextEncoder().encode('{"__proto__":{"a":1}}\n'));
    await expect(fromBundleFiles(files)).rejects.toMatchObject({ code: "BUNDLE_CORRUPT" });
  });
});
