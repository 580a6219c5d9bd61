import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { memoryStore } from "../../src/io/store/memory-store.js";
import { storeRegistry } from "../../src/registry/backends/store/store-registry.js";
import { createHandler } from "../../src/serving/handler.js";
import type { Exposure } from "../../src/serving/models/entry.js";
import { modelHost, type HostedModel, type ModelHost, type ModelHostOptions } from "../../src/serving/models/host.js";
import { assignmentOf } from "../../src/serving/models/variants.js";
import { sampleArtifact, sampleRecords } from "../helpers/artifact.js";
import { budget } from "../helpers/budget.js";
import { asText, request } from "./request.js";
import { pause } from "./raw.js";

const open: ModelHost[] = [];
afterEach(() => {
  for (const host of open.splice(0)) host.close();
});

/** A registry of three versions: champion, challenger, and one more. */
async function registryOfThree() {
  const registry = storeRegistry(memoryStore(), { name: "sample" });
  for (const seed of [1, 2, 3]) await registry.register(await sampleArtifact({ networks: 0, seed }));
  await registry.promote(1, "champion");
  await registry.promote(2, "challenger");
  return registry;
}

async function serve(model: HostedModel, options: ModelHostOptions = {}) {
  const host = modelHost([model], { every: 0, ...options });
  open.push(host);
  await host.refresh();
  const handler = asText(createHandler(host));
  const post = async (path: string, body: unknown, headers: Record<string, string> = {}) => {
    const answer = await handler(request(path, body, { headers }));
    return JSON.parse(answer.body) as Record<string, unknown>;
  };
  return { host, post };
}

const records = sampleRecords(300).map((record, i) => ({ ...record, customer: `c${i}` }));

describe("who gets which variant", () => {
  const people = Array.from({ length: 20_000 }, (_, i) => ({ id: i }));
  const share = (assignment: ReturnType<typeof assignmentOf>, place: number): number =>
    people.filter((person) => assignment.variant(person) === place).length / people.length;

  it("goes by the weights", () => {
    const assignment = assignmentOf(
      [
        { ref: "b", weight: 0.2 },
        { ref: "c", weight: 0.05 },
      ],
      "id",
      "x",
    );
    expect(share(assignment, 0)).toBeCloseTo(0.2, 1.5);
    expect(share(assignment, 1)).toBeCloseTo(0.05, 1.5);
    expect(share(assignment, -1)).toBeCloseTo(0.75, 1.5);
  });

  it("stays with everybody whom a growing share does not reach, and never moves anybody between variants", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }), (a, b) => {
        const [small, large] = [Math.min(a, b), Math.max(a, b)].map((weight) =>
          assignmentOf([{ ref: "b", weight }], "id", "x"),
        );
        for (const person of people.slice(0, 200))
          if (small?.variant(person) === 0) expect(large?.variant(person)).toBe(0);
      }),
      { numRuns: budget(20) },
    );
  });

  it("changes with the salt alone, and takes numbers and texts alike", () => {
    const [a, again, other] = ["x", "x", "y"].map((salt) => assignmentOf([{ ref: "b", weight: 0.5 }], "id", salt));
    const moved = people.filter((person) => a?.variant(person) !== other?.variant(person)).length;
    expect(people.every((person) => a?.variant(person) === again?.variant({ id: String(person.id) }))).toBe(true);
    expect(moved / people.length).toBeCloseTo(0.5, 1);
  });

  it("is the model's own reference for a record without a key", () => {
    const assignment = assignmentOf([{ ref: "b", weight: 1 }], "id", "x");
    for (const record of [{}, null, 7, [], { id: null }, { id: {} }, JSON.parse('{"__proto__":{"id":1}}')])
      expect([assignment.variant(record), assignment.key(record)]).toEqual([-1, undefined]);
    expect(assignment.variant({ id: "a" })).toBe(0);
  });

  it.each([
    [[{ ref: "b", weight: -0.1 }], "id"],
    [[{ ref: "b", weight: NaN }], "id"],
    [
      [
        { ref: "b", weight: 0.6 },
        { ref: "c", weight: 0.6 },
      ],
      "id",
    ],
    [[{ ref: "b", weight: 0.6 }], undefined],
  ] as const)("refuses %j by %j", (variants, by) => {
    expect(() => assignmentOf(variants, by, "")).toThrow(expect.objectContaining({ code: "OPTION_INVALID" }));
  });
});

describe("a model with variants", () => {
  const halves = async (options: ModelHostOptions = {}, model: Partial<HostedModel> = {}) => {
    const registry = await registryOfThree();
    const variants = [{ ref: "challenger", weight: 0.5 }];
    return { registry, ...(await serve({ registry, ref: "champion", variants, by: "customer", ...model }, options)) };
  };

  it("answers each customer with one version, which the answer names", async () => {
    const { post } = await halves();
    const versions = new Map<string, unknown>();
    for (const record of [...records.slice(0, 60), ...records.slice(0, 60)]) {
      const { model_version: version, model_variant: variant } = await post("/predict", record);
      expect(variant).toBe(version === "1.0.0" ? "champion" : "challenger");
      expect(versions.get(record.customer) ?? version).toBe(version);
      versions.set(record.customer, version);
    }
    expect(new Set(versions.values())).toEqual(new Set(["1.0.0", "1.1.0"]));
  });

  it.each(["application/json", "application/x-ndjson"])(
    "scores a batch of %s by each record's variant",
    async (type) => {
      const { post, host } = await halves();
      const body = type.endsWith("ndjson") ? records.map((record) => JSON.stringify(record)).join("\n") : { records };
      const handler = createHandler(host);
      const answer = await handler(request("/batch-predict", body, { headers: { "content-type": type } }));
      let text = "";
      if (typeof answer.body === "string") text = answer.body;
      else for await (const piece of answer.body as AsyncIterable<string>) text += piece;
      const entries = type.endsWith("ndjson")
        ? text
            .trim()
            .split("\n")
            .slice(0, -1)
            .map((line) => JSON.parse(line) as Record<string, unknown>)
        : (JSON.parse(text) as { predictions: Record<string, unknown>[] }).predictions;
      expect(entries).toHaveLength(records.length);
      for (const [i, record] of records.entries()) {
        const { probability, model_version, model_variant } = await post("/predict", record);
        expect(entries[i]).toMatchObject({ probability, model_version, model_variant });
      }
      expect(new Set(entries.map((entry) => entry["model_version"])).size).toBe(2);
    },
  );

  it.each([
    ["an object of records", "application/json", JSON.stringify({ records })],
    ["JSON lines", "application/jsonlines", records.map((record) => JSON.stringify(record)).join("\n")],
  ])("scores /invocations with %s by each record's variant", async (_, type, body) => {
    const { post, host } = await halves();
    const handler = asText(createHandler(host));
    const answer = await handler(request("/invocations", body, { headers: { "content-type": type } }));
    const entries = type.endsWith("lines")
      ? answer.body
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line) as Record<string, unknown>)
      : (JSON.parse(answer.body) as { predictions: Record<string, unknown>[] }).predictions;
    expect(entries).toHaveLength(records.length);
    for (const [i, record] of records.entries()) {
      const { probability, model_version, model_variant } = await post("/predict", record);
      expect(entries[i]).toMatchObject({ probability, model_version, model_variant });
    }
    expect(answer.headers["x-model-version"]).toBeUndefined();
  });

  it("scores /v2 by each record's variant, and names the version where there is one", async () => {
    const met: Exposure[] = [];
    const { post, host } = await halves({ onExposure: (exposure) => void met.push(exposure) });
    const { scorer } = host.find() ?? {};
    const names = (scorer?.contract.columns ?? []).filter(({ role }) => role !== "target").map(({ name }) => name);
    const tensors = (some: readonly Readonly<Record<string, unknown>>[]) => ({
      inputs: names.map((name) => ({
        name,
        shape: [some.length],
        datatype: { tenure: "FP64", charges: "FP64", paperless: "BOOL" }[name] ?? "BYTES",
        data: some.map((record) => record[name] ?? null),
      })),
    });
    const infer = (some: readonly object[], path = "/v2/models/sample/infer") =>
      post(path, tensors(some as readonly Readonly<Record<string, unknown>>[]));
    const versions = new Set<unknown>();
    for (const record of records.slice(0, 40)) {
      const one = await post("/predict", record);
      const { model_version, outputs, parameters, error } = await infer([record]);
      expect(error).toBeUndefined();
      expect(model_version).toBe(one["model_version"]);
      expect(parameters).toMatchObject({ model_variant: one["model_variant"], threshold: one["threshold"] });
      expect((outputs as { data: unknown[] }[])[0]?.data).toEqual([one["probability"]]);
      versions.add(model_version);
    }
    expect(versions.size).toBe(2);
    met.length = 0;
    const { model_version, parameters } = await infer(records.slice(0, 40));
    expect(model_version).toBeUndefined();
    expect(
      String((parameters as Record<string, unknown>)["model_versions"])
        .split(",")
        .sort(),
    ).toEqual(["1.0.0", "1.1.0"]);
    expect(new Set(met.map(({ version }) => version)).size).toBe(2);
    const own = await infer(records.slice(0, 40), "/v2/models/sample/versions/1.1.0/infer");
    expect(own["model_version"]).toBe("1.1.0");
  });

  it("tells who met which variant, with the ids of the predictions", async () => {
    const met: Exposure[] = [];
    const { post } = await halves({ onExposure: (exposure) => void met.push(exposure) });
    const { predictions } = (await post("/batch-predict", { records }, { "x-prediction-id": "b" })) as {
      predictions: { model_version: string; probability: number }[];
    };
    expect(met).toHaveLength(records.length);
    const byId = new Map(met.map((each) => [each.predictionId, each]));
    for (const [i, { model_version: version, probability }] of predictions.entries())
      expect(byId.get(`b/${i}`)).toMatchObject({ by: "customer", key: `c${i}`, version, probability, model: "sample" });
    met.length = 0;
    await post("/predict", { ...records[0], customer: undefined });
    expect(met).toMatchObject([{ key: null, variant: "champion" }]);
  });

  it("hands each variant's records to the hook by themselves, each with its own id", async () => {
    const { host } = await halves();
    const seen: [string, string, string][] = [];
    const handler = createHandler(host, {
      onScored: (some, _, { model, predictionId, exactRecords }) => {
        const exact = exactRecords();
        for (const [i, record] of some.entries()) {
          expect(exact[i]).toEqual(record);
          seen.push([predictionId(i), model.version, (record as { customer: string }).customer]);
        }
      },
    });
    await handler(request("/batch-predict", records, { headers: { "x-prediction-id": "b" } }));
    expect(seen).toHaveLength(records.length);
    expect(
      seen.every(([id, version, customer]) => {
        const { variant } = host.choose({ customer }) ?? {};
        return id === `b/${customer.slice(1)}` && variant === (version === "1.0.0" ? "champion" : "challenger");
      }),
    ).toBe(true);
  });

  it("serves each version by its number, and says in GET /models who has which share", async () => {
    const { host } = await halves(
      {},
      {
        variants: [
          { ref: "challenger", weight: 0.25 },
          { ref: 3, weight: 0 },
        ],
      },
    );
    expect(host.find("sample", "1.2.0")?.version).toBe("1.2.0");
    const { body } = await asText(createHandler(host))(request("/models"));
    expect(JSON.parse(body)).toMatchObject({
      models: [
        {
          variants: [
            { ref: "champion", weight: 0.75, version: "1.0.0" },
            { ref: "challenger", weight: 0.25, version: "1.1.0" },
            { ref: "3", weight: 0, version: "1.2.0" },
          ],
        },
      ],
    });
  });

  it("gives the champion to those whose variant cannot be loaded", async () => {
    const registry = await registryOfThree();
    const host = modelHost([{ registry, ref: "champion", variants: [{ ref: "nobody", weight: 1 }], by: "customer" }], {
      every: 0,
    });
    open.push(host);
    await expect(host.refresh()).rejects.toMatchObject({ code: "REGISTRY_NOT_FOUND" });
    expect(host.ready()).toBe(true);
    expect(host.choose(records[0])?.version).toBe("1.0.0");
    expect(host.problems?.()).toMatchObject([{ ref: "nobody", code: "REGISTRY_NOT_FOUND" }]);
  });
});

describe("a shadow", () => {
  const settled = async (host: ModelHost, records: number) =>
    vi.waitFor(() => {
      const report = host.shadow();
      expect((report?.records ?? 0) + (report?.errors ?? 0)).toBe(records);
      return report;
    });

  it("scores after the answer what the champion has answered, and is compared with it", async () => {
    const registry = await registryOfThree();
    const { host, post } = await serve({ registry, ref: "champion", shadow: "challenger" });
    const answered = await post("/batch-predict", { records });
    expect(answered).toMatchObject({ model_version: "1.0.0" });
    expect(answered).not.toHaveProperty("model_variant");
    expect(host.shadow()).toBeUndefined();
    const report = await settled(host, records.length);
    const [live, trial] = await Promise.all([registry.load(1), registry.load(2)]);
    const pairs = records.map((record) => [live.scorer.scoreRecord(record), trial.scorer.scoreRecord(record)] as const);
    const mean = (of: (a: number, b: number) => number): number =>
      pairs.reduce((sum, [a, b]) => sum + of(a.probability ?? NaN, b.probability ?? NaN), 0) / pairs.length;
    expect(report).toMatchObject({ version: "1.1.0", against: "1.0.0", errors: 0, dropped: 0 });
    expect(report?.meanDifference).toBeCloseTo(
      mean((a, b) => b - a),
      12,
    );
    expect(report?.meanAbsoluteDifference).toBeCloseTo(
      mean((a, b) => Math.abs(b - a)),
      12,
    );
    expect(report?.flipped).toBeCloseTo(pairs.filter(([a, b]) => a.label !== b.label).length / pairs.length, 12);
    expect(report?.meanAbsoluteDifference).toBeGreaterThan(0);
  });

  it("counts anew for another version", async () => {
    const registry = await registryOfThree();
    const { host, post } = await serve({ registry, ref: "champion", shadow: "challenger" });
    await post("/batch-predict", { records });
    await settled(host, records.length);
    await registry.promote(3, "challenger");
    await host.refresh();
    await post("/predict", records[0]);
    await vi.waitFor(() => expect(host.shadow()).toMatchObject({ version: "1.2.0", records: 1 }));
  });

  it("that throws costs no answer, and is counted", async () => {
    const registry = await registryOfThree();
    const onProblem = vi.fn();
    const broken = {
      ...registry,
      load: async (...given: Parameters<typeof registry.load>) => {
        const loaded = await registry.load(...given);
        if (loaded.version.number !== 2) return loaded;
        const scoreRecords = (): never => {
          throw new Error("the shadow is ill");
        };
        return { ...loaded, scorer: { ...loaded.scorer, scoreRecords } };
      },
    };
    const { host, post } = await serve({ registry: broken, ref: "champion", shadow: "challenger" }, { onProblem });
    for (const record of records.slice(0, 20)) expect(await post("/predict", record)).toHaveProperty("probability");
    expect(await settled(host, 20)).toMatchObject({ records: 0, errors: 20, meanDifference: null, flipped: null });
    expect(onProblem).toHaveBeenCalledWith(expect.objectContaining({ message: "the shadow is ill" }), undefined);
  });

  it("drops what does not fit into its queue", async () => {
    const registry = await registryOfThree();
    const { host, post } = await serve({ registry, ref: "champion", shadow: "challenger" });
    const answers = Array.from({ length: 1_200 }, () => post("/predict", records[0]));
    await Promise.all(answers);
    await vi.waitFor(() => {
      const { records: scored = 0, dropped = 0 } = host.shadow() ?? {};
      expect(scored + dropped).toBe(1_200);
    });
    await pause(1);
    expect(host.shadow()?.dropped).toBeLessThanOrEqual(200);
  });
});
