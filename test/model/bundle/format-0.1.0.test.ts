import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { filesStore } from "../../../src/io/store/files/files-store.js";
import { loadBundle } from "../../../src/model/bundle/load.js";
import { monitorBaselineOf } from "../../../src/monitor/baseline/parse-baseline.js";
import { parseMonitorState } from "../../../src/monitor/judging/state.js";
import { storeRegistry } from "../../../src/registry/backends/store/store-registry.js";

/** Written by churnkit 0.1.0 before its JSON was read by one decoder. */
const fixtures = resolve(import.meta.dirname, "../../fixtures/0.1.0");

describe("what churnkit 0.1.0 wrote", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "churnkit-old-"));
    cpSync(join(fixtures, "registry"), folder, { recursive: true });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("is a bundle that loads, with its golden scores and every part", async () => {
    const { artifact, scorer } = await loadBundle(join(fixtures, "network"));
    const [row] = artifact.golden;
    expect(scorer.scoreRecord(row?.record ?? {}).probability).toBe(row?.probability);
    expect(artifact.metrics.values.auc.value).toBeGreaterThan(0.5);
    const { bias, attribution } = monitorBaselineOf(artifact);
    expect(bias?.favorable).toBe("positive");
    expect(bias?.counts.favorable).toBe("positive");
    expect(attribution?.importance.length).toBeGreaterThan(0);
  });

  it("is a monitor's state that is read", () => {
    const state = parseMonitorState(JSON.parse(readFileSync(join(fixtures, "monitor-state.json"), "utf8")));
    expect(state.periods.reduce((rows, { tally }) => rows + tally.rows, 0)).toBe(50);
  });

  it("is a registry that is sound, serves its champion and takes another version", async () => {
    const registry = storeRegistry(filesStore(folder), { name: "churn", by: "test" });
    expect(await registry.list()).toHaveLength(2);
    const { artifact: champion, version } = await registry.load("champion");
    expect(version.number).toBe(1);
    expect(champion.golden.length).toBeGreaterThan(0);
    expect((await registry.history()).map(({ action }) => action)).toContain("rollback");
    expect((await registry.verify()).sound).toBe(true);
    const { artifact } = await loadBundle(join(fixtures, "network"));
    const registered = await registry.register(artifact);
    await registry.promote(registered.version.number, "champion", { reason: "a network" });
    expect((await registry.verify()).sound).toBe(true);
  });
});
