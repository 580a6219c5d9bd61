import { rmSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { register } from "../../src/cli/commands/registry.js";
import { filesStore } from "../../src/io/store/files/files-store.js";
import { saveBundle } from "../../src/model/bundle/save.js";
import { storeRegistry } from "../../src/registry/backends/store/store-registry.js";
import { sampleArtifact } from "../helpers/artifact.js";
import { newFolder } from "../helpers/folder.js";
import { planModel } from "../helpers/plans.js";
import { runVerb, type Ran } from "../helpers/run-verb.js";
import { fakeMlflow } from "./mlflow/fake-mlflow.js";

const folder = newFolder();
const store = join(folder, "registry");
const run = (verb: string, ...args: string[]): Promise<Ran> => runVerb(register, ["registry", verb, ...args]);
const here = ["--store", store, "--model", "sample"];

beforeAll(async () => {
  for (const seed of [1, 2]) {
    await saveBundle(await sampleArtifact({ networks: 0, seed }), join(folder, `model-${seed}`));
    await run("register", join(folder, `model-${seed}`), ...here, "--by", "ada");
  }
});

const me = userInfo().username;

describe("churnkit registry", () => {
  it("says that there is no registry instead of finding nothing sound, or backing nothing up", async () => {
    const [nowhere, backup] = [join(folder, "nowhere"), join(folder, "backup")];
    for (const place of [
      ["--store", nowhere, "--model", "sample"],
      ["--store", store, "--model", "smaple"],
    ]) {
      const missing = expect.objectContaining({
        code: "REGISTRY_NOT_FOUND",
        message: expect.stringMatching(/no registry of (sample|smaple) in .*Check --store and --model/) as string,
      }) as Error;
      await expect(run("verify", ...place)).rejects.toEqual(missing);
      await expect(run("migrate", ...place, "--to", backup)).rejects.toEqual(missing);
      expect((await run("list", ...place)).out).toMatch(/^no versions of (sample|smaple) in .* yet\n$/);
    }
    expect((await storeRegistry(filesStore(backup), { name: "sample" }).list()).length).toBe(0);
  });

  it("finds versions of the data by the beginning of its hash, as the chart of the lineage shows it", async () => {
    const chart = (await run("lineage", ...here)).out;
    const shown = /data ([0-9a-f]{12})/.exec(chart)?.[1] ?? "";
    expect((await run("list", ...here, "--data", shown)).out.split("\n")).toHaveLength(4);
    expect((await run("list", ...here, "--data", "f".repeat(12))).out).toBe(
      `no versions of sample in ${store} are trained on the data ffffffffffff\n`,
    );
  });

  it("lists by status and stage", async () => {
    await run("approve", "1", ...here);
    expect((await run("list", ...here, "--status", "approved")).out).toMatch(/^number.*\n {5}1 .*\n$/);
    expect((await run("list", ...here, "--status", "rejected", "--stage", "Staging")).out).toBe(
      `no versions of sample in ${store} are rejected, in the stage Staging\n`,
    );
    await expect(run("list", ...here, "--status", "good")).rejects.toThrow(
      /Allowed choices are pending, approved, rejected, quarantined/,
    );
  });

  it("tells what became what", async () => {
    await run("promote", "1", ...here);
    await run("promote", "2", ...here, "--reason", "newer");
    await run("stage", "2", "Production", ...here);
    await run("rollback", ...here, "--by", "bob");
    await run("promote", "2", ...here);
    const { out } = await run("history", ...here);
    const lines = out.split("\n").map((line) => line.split(/ {2,}/).slice(1).join("|"));
    expect(lines.slice(0, 6)).toEqual([
      "action|version|change|by|reason",
      `refuse|2|champion|${me}|version 2 is quarantined (approve it to use it again)`,
      "rollback|2|champion 2 -> 1, quarantined|bob",
      `stage|2|Production|${me}`,
      `promote|2|champion 1 -> 2|${me}|newer`,
      `promote|1|champion none -> 1|${me}`,
    ]);
  });

  it("names a first model after its contract, means the only one there is, and asks which one of several", async () => {
    const own = join(folder, "own");
    const at = ["--store", own];
    expect((await run("list", ...at)).out).toBe(`no versions of churn in ${own} yet\n`);
    expect((await run("register", join(folder, "model-1"), ...at)).out).toBe(
      "registered as version 1 (1.0.0, pending) of sample\n",
    );
    expect((await run("list", ...at)).out).toMatch(/^number +version +decided +aliases .*\n {5}1 +1\.0\.0 +- +- /);
    const artifact = await sampleArtifact({ networks: 0, seed: 3 });
    await saveBundle({ ...artifact, contract: { ...artifact.contract, name: "other orders" } }, join(folder, "other"));
    const crossing = await run("register", join(folder, "other"), ...at);
    expect(crossing.out).toMatch(/^registered as version 2 .* of sample\n$/);
    expect(crossing.err).toMatch(
      /^note: the contract's name differs: version 1 of sample has the contract "sample", version 2 of "other orders"; /,
    );
    expect((await run("register", join(folder, "other"), ...at)).err).toBe("");
    await run("register", join(folder, "other"), ...at, "--model", "other-orders");
    await expect(run("list", ...at)).rejects.toMatchObject({
      code: "OPTION_INVALID",
      message: expect.stringMatching(/several models: other-orders, sample\. .*--model/) as string,
    });
    expect((await run("register", join(folder, "other"), "--store", join(folder, "third"))).out).toMatch(
      / of other-orders\n$/,
    );
  });

  it("judges all classes of a bundle by its held-out metrics, and compares them", async () => {
    const at = ["--store", join(folder, "plans")];
    const [gate, bundle] = [join(folder, "plans.json"), join(folder, "plans-model")];
    await saveBundle((await planModel()).artifact, bundle);
    for (const max of [0.9, 0.1]) {
      const requirements = [
        { class: "plus", metric: "recall", min: 0.3 },
        { metric: "classes.logLoss", max },
      ];
      writeFileSync(gate, JSON.stringify({ name: "plans", requirements }));
      const own = ["--store", join(folder, `plans-${max}`)];
      expect((await run("register", bundle, ...own, "--gate", gate)).out).toContain(
        max === 0.9 ? "(1.0.0, pending)" : "(1.0.0, rejected)",
      );
    }
    await run("register", bundle, ...at);
    await saveBundle((await planModel(150)).artifact, bundle);
    await run("register", bundle, ...at);
    expect((await run("compare", "1", "2", ...at)).out).toMatch(/ {2}plus, recall: 0\.\d+ and 0\.\d+, difference /);
  });

  it("asks before the version goes that an alias would be rolled back to", async () => {
    const at = ["--store", join(folder, "asked")];
    for (const seed of [1, 2]) await run("register", join(folder, `model-${seed}`), ...at);
    for (const version of ["1", "2"]) await run("promote", version, ...at);
    // Nobody is at a terminal here.
    await expect(run("remove", "1", ...at)).rejects.toMatchObject({
      code: "REGISTRY_REFUSED",
      message: expect.stringMatching(/champion would roll back to version 1\. Use --yes/) as string,
    });
    expect((await run("list", ...at)).out.split("\n")).toHaveLength(4);
    expect((await run("remove", "1", ...at, "--yes")).out).toBe("version 1 (1.0.0) was removed\n");
  });

  it("says that an alias still points to what was taken out of service", async () => {
    const { out, err } = await run("quarantine", "champion", ...here);
    expect([out, err]).toEqual([
      "version 1 (1.0.0) is quarantined\n",
      "champion still points to it; roll back, or promote another version\n",
    ]);
    expect((await run("approve", "1", ...here)).err).toBe("");
  });

  it("keeps a history beside MLflow where a ledger is named, and says so where none is", async () => {
    const mlflow = fakeMlflow();
    vi.stubGlobal("fetch", mlflow.fetch);
    try {
      const without = await run("migrate", ...here, "--to", "mlflow+http://mlflow.test");
      expect(without.err).toMatch(
        /^\d+ entries of history cannot be copied: mlflow\+http:\/\/mlflow\.test keeps no history without \?ledger=/,
      );
      expect((await run("history", "--store", "mlflow+http://mlflow.test", "--model", "sample")).err).toMatch(
        /keeps no history without \?ledger=/,
      );
      const kept = `mlflow+http://mlflow.test?ledger=${join(folder, "ledger")}`;
      const into = await run("migrate", ...here, "--to", kept, "--to-model", "kept");
      expect([into.err, into.code]).toEqual(["", undefined]);
      const [there, before] = [await run("history", "--store", kept, "--model", "kept"), await run("history", ...here)];
      expect(there.out).toBe(before.out);
    } finally {
      vi.unstubAllGlobals();
    }
  });

  it("names bundle folders that no version names, and calls the registry sound", async () => {
    const left = `${"a".repeat(64)}-0123abcd`;
    await filesStore(store).put(`sample/bundles/${left}/manifest.json`, new Uint8Array(7));
    const { out, code } = await run("verify", ...here);
    expect([code, out]).toEqual([
      undefined,
      expect.stringMatching(
        new RegExp(`^sound: .*\\n1 bundle folder without a version, 7 bytes.*\\n {2}${left}: 7 bytes, 0 min old\\n$`),
      ),
    ]);
    // Nothing is as old as a day here.
    expect((await run("clean", ...here, "--apply")).out).toBe("removed 0 bundle folders without a version, 0 bytes\n");
    const told = await run("clean", ...here, "--older-than", "0.001");
    expect(told.out).toMatch(
      new RegExp(`^would remove 1 bundle folder without a version, 7 bytes\\n {2}${left}: 7 bytes`),
    );
    expect(JSON.parse((await run("clean", ...here, "--older-than", "0.001", "--apply", "--json")).out)).toMatchObject({
      removed: true,
      orphans: [{ folder: left }],
    });
    expect((await run("verify", ...here)).out).toMatch(/^sound: 2 versions, .*\n$/);
    await expect(run("clean", "--store", store, "--model", "smaple")).rejects.toMatchObject({
      code: "REGISTRY_NOT_FOUND",
    });
    await expect(run("clean", ...here, "--older-than", "day")).rejects.toThrow(/such as 90s, 10m, 1h30m or 2d/);
  });

  it("finds a registry without its index not sound", async () => {
    rmSync(join(store, "sample/index.json"));
    const { out, code } = await run("verify", ...here);
    expect([code, out]).toEqual([
      1,
      expect.stringMatching(
        /^not sound: 0 versions.*\n {2}history: .*index\.json is missing: the history goes on to entry/,
      ),
    ]);
    await expect(run("migrate", ...here, "--to", join(folder, "backup"))).rejects.toMatchObject({
      code: "REGISTRY_CORRUPT",
    });
  });
});
