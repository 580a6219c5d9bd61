import { beforeAll, describe, expect, it } from "vitest";
import type { Artifact } from "../../src/model/artifact.js";
import { toBundleFiles } from "../../src/model/bundle/format.js";
import { openBundle } from "../../src/model/bundle/open.js";
import { evaluateGate, type GateVerdict } from "../../src/registry/gates/gate.js";
import { gates } from "../../src/registry/gates/gates.js";
import { memoryStore } from "../../src/io/store/memory-store.js";
import { storeRegistry } from "../../src/registry/backends/store/store-registry.js";
import type { ModelRegistry } from "../../src/registry/registry.js";
import { signatureOf, type Signature } from "../../src/registry/signature/signature.js";
import type { VersionRef } from "../../src/registry/versions/version.js";
import { sampleArtifact, sampleTable } from "../helpers/artifact.js";
import { hashed } from "../helpers/files.js";
import { planMetrics } from "../helpers/plans.js";

/** What every ModelRegistry must do. `make` returns an empty registry of the model "sample". */
export function registryConformance(name: string, make: () => ModelRegistry | Promise<ModelRegistry>): void {
  describe(`ModelRegistry: ${name}`, () => {
    let models: Artifact[];
    let failing: GateVerdict;
    beforeAll(async () => {
      const base = await sampleArtifact({ networks: 0 });
      models = Array.from({ length: 5 }, (_, i) => ({ ...base, decision: { threshold: i / 10, rule: "given" } }));
      failing = evaluateGate(gates.aws, { metrics: { accuracy: { value: 0.8 }, f1: { value: 0.9 } } });
    });
    const model = (i: number): Artifact => models[i] as Artifact;
    const filled = async (count: number): Promise<ModelRegistry> => {
      const registry = await make();
      for (const one of models.slice(0, count)) await registry.register(one);
      return registry;
    };
    const missing = { code: "REGISTRY_NOT_FOUND" };

    it("begins empty", async () => {
      const registry = await make();
      expect(registry.name).toBe("sample");
      expect(await registry.list()).toEqual([]);
      expect((await registry.aliases()).size).toBe(0);
      if (registry.capabilities.history) expect(await registry.history()).toEqual([]);
      for (const ref of ["champion", "latest", 1, 0, -1, 1.5, NaN])
        await expect(registry.get(ref)).rejects.toMatchObject(missing);
      await expect(registry.rollback("champion")).rejects.toMatchObject(missing);
      await expect(registry.promote(1, "champion")).rejects.toMatchObject(missing);
    });

    it("numbers versions and keeps what was said of them", async () => {
      const registry = await make();
      const { version, created } = await registry.register(model(0), {
        tags: { team: "growth" },
        description: "the first",
        by: "ada",
      });
      expect(created).toBe(true);
      expect(version).toMatchObject({
        number: 1,
        status: "pending",
        aliases: [],
        tags: { team: "growth" },
        description: "the first",
        by: "ada",
      });
      expect(version.metrics).toEqual(model(0).metrics);
      expect(version.provenance).toEqual(model(0).provenance);
      expect((await registry.register(model(1))).version.number).toBe(2);
      expect(await registry.get(1)).toEqual(version);
      expect((await registry.list()).map(({ number }) => number)).toEqual([2, 1]);
      expect((await registry.get("latest")).number).toBe(2);
    });

    it("knows the same model again, whatever its date", async () => {
      const registry = await filled(2);
      const again = await registry.register(await toBundleFiles(model(0), { createdAt: new Date(5) }));
      expect(again).toMatchObject({ created: false, version: { number: 1 } });
      expect(await registry.list()).toHaveLength(2);
    });

    it("gives back the files, and a model that scores", async () => {
      const registry = await make();
      const files = await toBundleFiles(model(0), { createdAt: new Date(0) });
      await registry.register(files);
      expect(hashed(await registry.download(1))).toEqual(hashed(files));
      const { scorer, version } = await registry.load("latest");
      expect(version.number).toBe(1);
      expect(scorer.score(sampleTable(20))).toEqual((await openBundle(files)).scorer.score(sampleTable(20)));
    });

    it("refuses a bundle that does not verify", async () => {
      const registry = await make();
      const files = await toBundleFiles(model(0));
      files.set("metrics.json", new TextEncoder().encode("{}"));
      await expect(registry.register(files)).rejects.toMatchObject({ code: "BUNDLE_CORRUPT" });
      expect(await registry.list()).toEqual([]);
    });

    it("lists in parts and by status", async () => {
      const registry = await filled(4);
      await registry.setStatus(3, "quarantined");
      const numbers = async (options: Parameters<ModelRegistry["list"]>[0]): Promise<number[]> =>
        (await registry.list(options)).map(({ number }) => number);
      expect(await numbers({ limit: 2 })).toEqual([4, 3]);
      expect(await numbers({ limit: 2, before: 3 })).toEqual([2, 1]);
      expect(await numbers({ status: "quarantined" })).toEqual([3]);
      expect(await numbers({ status: "pending", limit: 2 })).toEqual([4, 2]);
      expect(await numbers({ limit: 0 })).toEqual([]);
    });

    it("promotes, and says what was there before", async () => {
      const registry = await filled(2);
      expect(await registry.promote(1, "champion", { by: "ada" })).toEqual({
        promoted: true,
        version: 1,
        previous: null,
      });
      expect(await registry.promote("latest", "champion")).toEqual({ promoted: true, version: 2, previous: 1 });
      expect((await registry.get("champion")).number).toBe(2);
      expect((await registry.get(2)).aliases).toEqual(["champion"]);
      expect([...(await registry.aliases())]).toEqual([["champion", 2]]);
    });

    it.each(["latest", "v9", "Champion", "", "a b", "__proto__", "x".repeat(65)])(
      "refuses the alias %j",
      async (alias) => {
        const registry = await filled(1);
        await expect(registry.promote(1, alias)).rejects.toMatchObject({ code: "OPTION_INVALID" });
      },
    );

    it("refuses, as a result, what failed its gate or is quarantined", async () => {
      const registry = await filled(1);
      await registry.register(model(1), { verdict: failing });
      expect((await registry.get(2)).status).toBe("rejected");
      expect((await registry.get("latest")).number).toBe(1);
      const refused = await registry.promote(2, "champion");
      expect(refused).toMatchObject({ promoted: false, version: 2 });
      const byGate = await registry.promote(1, "champion", { verdict: failing });
      expect(byGate.promoted ? [] : byGate.reasons).toEqual(["gate aws: accuracy 0.8000, at least 0.84 is required"]);
      await registry.setStatus(1, "quarantined", { reason: "wrong data" });
      expect((await registry.promote(1, "champion")).promoted).toBe(false);
      await registry.setStatus(1, "approved");
      expect((await registry.promote(1, "champion")).promoted).toBe(true);
      if (registry.capabilities.history)
        expect((await registry.history()).filter(({ action }) => action === "refuse")).toHaveLength(3);
    });

    it("rolls back to the last version that is fit for service, and quarantines the other", async () => {
      const registry = await filled(4);
      for (const number of [1, 2, 3, 4]) await registry.promote(number, "champion");
      await registry.setStatus(3, "quarantined");
      expect(await registry.rollback("champion", { reason: "complaints" })).toEqual({
        rolledBack: true,
        from: 4,
        to: 2,
      });
      expect(await registry.get("champion")).toMatchObject({ number: 2 });
      expect(await registry.get(4)).toMatchObject({ status: "quarantined", aliases: [] });
      expect((await registry.promote(4, "champion")).promoted).toBe(false);
      expect(await registry.rollback("champion", { quarantine: false })).toEqual({ rolledBack: true, from: 2, to: 1 });
      expect((await registry.get(2)).status).toBe("pending");
      expect(await registry.rollback("champion")).toMatchObject({ rolledBack: false, from: 1 });
      expect((await registry.get("champion")).number).toBe(1);
      expect((await registry.get(1)).status).toBe("pending");
    });

    it("takes a version promoted twice as one step back", async () => {
      const registry = await filled(2);
      for (const number of [1, 2, 2]) await registry.promote(number, "champion");
      expect(await registry.rollback("champion")).toEqual({ rolledBack: true, from: 2, to: 1 });
    });

    it("keeps every change, who made it and why", async () => {
      const registry = await filled(2);
      if (!registry.capabilities.history) return;
      await registry.promote(1, "champion", { by: "ada", reason: "first" });
      await registry.promote(2, "champion", { verdict: { ...failing, passed: true, checks: [] } });
      await registry.rollback("champion", { by: "bob" });
      const history = await registry.history();
      expect(
        history.map(({ sequence, action, version, from, to, by }) => [sequence, action, version, from, to, by]),
      ).toEqual([
        [5, "rollback", 2, 2, 1, "bob"],
        [4, "promote", 2, 1, 2, "unknown"],
        [3, "promote", 1, null, 1, "ada"],
        [2, "register", 2, undefined, undefined, "unknown"],
        [1, "register", 1, undefined, undefined, "unknown"],
      ]);
      expect(history[1]?.verdict).toMatchObject({ gate: "aws", passed: true });
      expect((await registry.history({ limit: 2 })).map(({ sequence }) => sequence)).toEqual([5, 4]);
    });

    it("numbers versions by what changed", async () => {
      const registry = await filled(2);
      const retrained = await sampleArtifact({ networks: 0, seed: 9 });
      expect((await registry.register(retrained)).version.semver).toBe("1.1.0");
      expect((await registry.list()).map(({ semver }) => semver)).toEqual(["1.1.0", "1.0.1", "1.0.0"]);
    });

    it("gives a consumer no version that breaks the signature it was written against", async () => {
      const registry = await filled(1);
      const signature = signatureOf(model(0).contract);
      expect((await registry.load(1, { signature })).version.number).toBe(1);
      const other: Signature = { ...signature, output: { target: "churned", classes: ["No", "Yes"], positive: "No" } };
      await expect(registry.load(1, { signature: other })).rejects.toMatchObject({ code: "SIGNATURE_MISMATCH" });
    });

    it("finds versions by number, semantic version, alias, stage, and the latest of a kind", async () => {
      const registry = await filled(4);
      await registry.setStage(1, "Production", { by: "ada" });
      await registry.setStage(3, "Production");
      await registry.setStatus(2, "approved", { by: "bob", reason: "looks right" });
      await registry.setStatus(4, "rejected");
      await registry.promote(1, "challenger");
      const found = async (ref: VersionRef): Promise<number> => (await registry.get(ref)).number;
      expect(
        await Promise.all([3, "1.0.1", "challenger", "Production", "latest", "latest-approved"].map(found)),
      ).toEqual([3, 2, 1, 3, 3, 2]);
      expect(await registry.get(2)).toMatchObject({
        status: "approved",
        statusNote: { by: "bob", reason: "looks right" },
        stage: "None",
      });
      for (const ref of ["9.9.9", "Staging", "nobody"]) await expect(registry.get(ref)).rejects.toMatchObject(missing);
      expect((await registry.list({ stage: "Production" })).map(({ number }) => number)).toEqual([3, 1]);
    });

    it("keeps what a version is made of", async () => {
      const registry = await filled(1);
      const metrics = { ...model(1).metrics, classes: planMetrics };
      const run = { runId: "run-7", trainedBy: "ada", trainedWhere: "a laptop" };
      await registry.register(model(1), { run, metrics });
      const [second, first] = await registry.list();
      expect(second?.lineage).toMatchObject({
        parent: 1,
        dataHash: model(0).provenance.dataHash,
        runId: "run-7",
        trainedBy: "ada",
      });
      expect(second?.lineage.modelHash).toBe(first?.lineage.modelHash);
      expect(second?.fingerprints.decision).not.toBe(first?.fingerprints.decision);
      expect(second?.metrics).toEqual(metrics);
      expect(second?.bytes).toBeGreaterThan(1000);
      expect(second?.signature.inputs.map(({ name }) => name)).toEqual(
        signatureOf(model(0).contract).inputs.map(({ name }) => name),
      );
    });

    it("changes description and tags, each by itself", async () => {
      const registry = await make();
      await registry.register(model(0), { tags: { team: "growth" }, description: "old" });
      await registry.annotate(1, { description: 'new: "ä" <b>' }, { by: "ada" });
      expect(await registry.get(1)).toMatchObject({ description: 'new: "ä" <b>', tags: { team: "growth" } });
      await registry.annotate(1, { tags: { ticket: "CH-1" } });
      expect((await registry.get(1)).tags).toEqual({ ticket: "CH-1" });
      await expect(registry.annotate(1, { description: "x".repeat(1025) })).rejects.toMatchObject({
        code: "OPTION_INVALID",
      });
    });

    it("promotes only against the champion that was judged, and only what is approved where that is required", async () => {
      const registry = await filled(3);
      expect(await registry.promote(1, "champion", { expected: null })).toMatchObject({ promoted: true });
      expect(await registry.promote(2, "champion", { expected: null })).toMatchObject({ promoted: false });
      expect(await registry.promote(2, "champion", { expected: 1, approvedOnly: true })).toMatchObject({
        promoted: false,
      });
      await registry.setStatus(2, "approved");
      expect(await registry.promote(2, "champion", { expected: 1, approvedOnly: true })).toMatchObject({
        promoted: true,
        previous: 1,
      });
    });

    it("removes a version that nothing points to, and never gives its number again", async () => {
      const registry = await filled(3);
      if (!registry.capabilities.remove)
        return expect(registry.remove(1)).rejects.toMatchObject({ code: "REGISTRY_REFUSED" });
      await registry.promote(3, "champion");
      await expect(registry.remove(3)).rejects.toMatchObject({ code: "REGISTRY_REFUSED" });
      await registry.remove(2, { by: "ada", reason: "no longer allowed" });
      await expect(registry.get(2)).rejects.toMatchObject(missing);
      await expect(registry.download(2)).rejects.toMatchObject(missing);
      const { version } = await registry.register(model(1));
      expect(version.number).toBe(4);
      if (registry.capabilities.history) expect(version.semver).toBe("1.0.3");
      expect((await registry.list()).map(({ number }) => number)).toEqual([4, 3, 1]);
      await registry.load(4);
    });

    it("is sound after all kinds of changes", async () => {
      const registry = await filled(3);
      await registry.register(model(3), { verdict: failing });
      await registry.promote(1, "champion");
      await registry.promote(2, "champion");
      await registry.promote(4, "champion");
      await registry.setStage(3, "Archived");
      await registry.setStatus(3, "approved");
      await registry.annotate(3, { description: "kept" });
      await registry.rollback("champion");
      if (registry.capabilities.remove) await registry.remove(3);
      const audit = await registry.verify();
      expect(audit.problems).toEqual([]);
      expect(audit).toMatchObject({ sound: true, versions: registry.capabilities.remove ? 3 : 4 });
      if (!registry.capabilities.history) return;
      expect(audit.head).toBe((await registry.history({ limit: 1 }))[0]?.sha256);
      expect((await registry.verify({ bundles: false, knownHead: audit.head ?? "" })).sound).toBe(true);
      expect((await registry.verify({ bundles: false, knownHead: "0".repeat(64) })).sound).toBe(false);
    });

    it("goes to another registry and comes back, with everything", async () => {
      const registry = await filled(3);
      await registry.annotate(2, { tags: { team: "growth" }, description: "second" });
      for (const number of [1, 2, 3]) await registry.promote(number, "champion");
      await registry.setStatus(1, "approved", { by: "ada", reason: "good" });
      await registry.setStage(2, "Archived");
      const elsewhere = storeRegistry(memoryStore(), { name: "elsewhere" });
      await elsewhere.restore(await registry.snapshot());
      const [versions, history, files] = [
        await registry.list(),
        await registry.history(),
        hashed(await registry.download(2)),
      ];
      const again = await make();
      await again.restore(await elsewhere.snapshot());
      for (const one of [elsewhere, again]) {
        expect(await one.list()).toEqual(versions);
        expect([...(await one.aliases())]).toEqual([["champion", 3]]);
        expect((await one.verify()).problems).toEqual([]);
        if (registry.capabilities.history && one.capabilities.history) expect(await one.history()).toEqual(history);
        expect(hashed(await one.download(2))).toEqual(files);
      }
      expect(await again.rollback("champion")).toMatchObject({ rolledBack: true, to: 2 });
      if (again.capabilities.history) {
        await elsewhere.restore(await again.snapshot());
        expect((await elsewhere.get("champion")).number).toBe(2);
      }
      const snapshot = await elsewhere.snapshot();
      const other = await make();
      await other.register(model(4));
      await expect(other.restore(snapshot)).rejects.toMatchObject({ code: "REGISTRY_REFUSED" });
    });

    it("refuses what it could not read again", async () => {
      const registry = await filled(1);
      // As it comes of a form or of a request's body.
      const wrong = <T>(value: unknown): T => value as T;
      const calls: readonly (() => Promise<unknown>)[] = [
        () => registry.setStatus(1, wrong("good")),
        () => registry.setStage(1, wrong("production")),
        () => registry.list({ status: wrong("good") }),
        () => registry.list({ stage: wrong("production") }),
        () => registry.setStatus(1, "approved", { by: wrong(5) }),
        () => registry.setStatus(1, "approved", { by: "x".repeat(257) }),
        () => registry.setStage(1, "Staging", { reason: "x".repeat(2001) }),
        () => registry.annotate(1, { tags: { a: wrong(5) } }),
        () => registry.annotate(1, { description: wrong({ length: 1 }) }),
        () => registry.promote(1, "champion", { by: wrong(null) }),
        () => registry.promote(1, "champion", { verdict: wrong({ passed: "yes", gate: "ours", checks: [] }) }),
        () => registry.promote(1, "champion", { verdict: wrong({ passed: true }) }),
        () => registry.rollback("champion", { reason: wrong([]) }),
        () => registry.remove(1, { by: wrong({}) }),
        () => registry.register(wrong({})),
        () => registry.register(wrong(null)),
        () => registry.register(model(1), { metrics: wrong({ values: {} }) }),
        () => registry.register(model(1), { run: { parent: wrong("1") } }),
        () => registry.register(model(1), { run: { runId: wrong(1) } }),
        () => registry.register(model(1), { verdict: wrong("passed") }),
      ];
      for (const call of calls) await expect(call(), String(call)).rejects.toMatchObject({ code: "OPTION_INVALID" });
      const { version } = await registry.register(model(1), { run: wrong({ runId: "r", dataHash: "another" }) });
      expect(version.lineage).toMatchObject({ runId: "r", dataHash: model(1).provenance.dataHash });
      expect((await registry.get("1")).number).toBe(1);
      expect((await registry.verify()).problems).toEqual([]);
    });

    it("refuses tags and descriptions beyond the limits", async () => {
      const registry = await make();
      const refused = { code: "OPTION_INVALID" };
      await expect(registry.register(model(0), { tags: { "a b": "x" } })).rejects.toMatchObject(refused);
      await expect(registry.register(model(0), { tags: { a: "x".repeat(257) } })).rejects.toMatchObject(refused);
      await expect(
        registry.register(model(0), { tags: Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`t${i}`, ""])) }),
      ).rejects.toMatchObject(refused);
      await expect(registry.register(model(0), { description: "x".repeat(4097) })).rejects.toMatchObject(refused);
    });

    it("loses none of many changes at once", async () => {
      const registry = await make();
      if (!registry.capabilities.compareAndSwap) return;
      const registered = await Promise.all([...models, ...models].map((one) => registry.register(one)));
      expect(registered.filter(({ created }) => created)).toHaveLength(5);
      await Promise.all(Array.from({ length: 20 }, (_, i) => registry.promote((i % 5) + 1, "champion")));
      const history = registry.capabilities.history ? await registry.history() : [];
      expect(history.map(({ sequence }) => sequence)).toEqual(
        Array.from({ length: history.length }, (_, i) => history.length - i),
      );
      expect(history).toHaveLength(25);
      expect((await registry.get("champion")).number).toBe(history[0]?.to);
    });
  });
}
