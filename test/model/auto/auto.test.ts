import { describe, expect, it } from "vitest";
import { ChurnkitError } from "../../../src/base/errors.js";
import { uniform } from "../../../src/base/random.js";
import { memoryStore } from "../../../src/io/store/index.js";
import { auto, boosting, churnNetwork, forest, logistic, openBundle } from "../../../src/model/index.js";
import { toBundleFiles, train } from "../../../src/model/index.js";
import { openBudget, type Budget } from "../../../src/model/kinds/budget.js";
import type { Learned, Learner, LearnerContext, TrainingProgress } from "../../../src/model/kinds/learner.js";
import type { AutoChoice } from "../../../src/model/training/auto/choose-members.js";
import { learnerNamed } from "../../../src/model/training/learners.js";
import { customerFeatures, customers } from "../../helpers/customers.js";
import { bent, learn } from "../trees/data.js";

const data = bent(600);
const every = Array.from(data.labels.keys());

/** A learner whose held-out log odds are the label's, this strong, with its own noise. */
function fake(name: string, strength: number, noise: number, rows = every, width = 1): Learner {
  const random = uniform(name.length + 100 * width);
  const probabilities = Float64Array.from(rows, (row) => {
    const signal = (2 * (data.labels[row] ?? NaN) - 1) * strength;
    return 1 / (1 + Math.exp(-signal - noise * (random() + random() + random() - 1.5) * 2));
  });
  return {
    name,
    parameters: { of: name },
    fit: () =>
      Promise.resolve({
        model: { kind: "linear", weights: Array.from({ length: width }, () => 1), bias: name.length },
        heldOut: { rows: Uint32Array.from(rows), probabilities },
        history: [],
        found: { by: name },
      }),
  };
}

const choiceOf = ({ found }: Learned): AutoChoice => found?.["auto"] as AutoChoice;
const chosen = async (...learners: Learner[]): Promise<AutoChoice> => choiceOf(await learn(auto({ learners }), data));

/** A budget that is spent once `count` learners have begun. */
function spentAfter(count: number): { budget: Budget; counted: (learner: Learner) => Learner } {
  let begun = 0;
  const budget: Budget = {
    ...openBudget({ seconds: 60 }),
    left: 1,
    get spent() {
      return begun >= count;
    },
    name: "the budget of 60 s",
  };
  const counted = (learner: Learner): Learner => ({
    ...learner,
    fit: (...given) => {
      begun++;
      return learner.fit(...given);
    },
  });
  return { budget, counted };
}

describe("auto", () => {
  it("makes a stack of learners that err differently, and leaves out what adds nothing", async () => {
    const learned = await learn(auto({ learners: [fake("a", 0.8, 2), fake("bb", 0.8, 2), fake("noise", 0, 2)] }), data);
    const choice = choiceOf(learned);
    expect(learned).toMatchObject({
      learner: "stack",
      model: { kind: "ensemble", average: "logOdds", members: [{ bias: 1 }, { bias: 2 }] },
    });
    expect(choice.members.map(({ learner }) => learner)).toEqual(["a", "bb"]);
    expect(choice.members[0]?.parameters).toEqual({ learner: "a", of: "a", by: "a" });
    expect(choice.members.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 12);
    expect(learned.model).toMatchObject({ weights: choice.members.map(({ weight }) => weight) });
    expect(choice.reason).toMatch(/^(equal|fitted) weights have the lowest held-out log loss, 0\.\d{5}, against/);
    for (const { difference, standardError } of choice.candidates) expect(difference).toBeGreaterThan(standardError);
  });

  it("keeps one learner alone where a mean is no better, with its own parameters and what it found", async () => {
    const learned = await learn(auto({ learners: [fake("noise", 0, 2), fake("good", 1.5, 1)] }), data);
    expect(learned).toMatchObject({
      learner: "good",
      model: { kind: "linear", bias: 4 },
      found: { of: "good", by: "good", auto: { rule: "one", presets: 2, rows: 600 } },
    });
    expect(choiceOf(learned).reason).toMatch(/^good alone has a held-out log loss of/);
  });

  it("judges weights by rows that did not fit them", async () => {
    // Noise of many learners fits a few rows by chance, but not others.
    const few = every.slice(0, 60);
    const noises = Array.from({ length: 12 }, (_, i) => fake(`noise${"s".repeat(i)}`, 0, 2, few));
    const choice = await chosen(fake("good", 1, 1, few), ...noises);
    expect(choice.logLoss).toBeLessThan(Math.log(2));
    expect(choice.members[0]?.learner).toBe("good");
    expect(choice.members[0]?.weight).toBeGreaterThan(0.4);
  });

  it("weighs a learner by held-out rows that did not choose its epoch", async () => {
    const flattered = fake("flattered", 2, 1);
    const fit: Learner["fit"] = async (...given) => {
      const [learned, crossed] = [await flattered.fit(...given), await fake("crossed", 0, 2).fit(...given)];
      return { ...learned, heldOut: { ...learned.heldOut, crossed: crossed.heldOut.probabilities } };
    };
    expect((await chosen(fake("good", 1, 1), flattered)).members.at(-1)?.learner).toBe("flattered");
    expect((await chosen(fake("good", 1, 1), { ...flattered, fit })).members).toMatchObject([{ learner: "good" }]);
  });

  it("compares over the rows that all held out", async () => {
    const few = every.slice(0, 150);
    expect((await chosen(fake("a", 1, 1, few), fake("b", 1, 1, [...few, 200, 201]))).rows).toBe(150);
    await expect(chosen(fake("a", 1, 1, [1, 3]), fake("b", 1, 1, [0, 2]))).rejects.toMatchObject({
      code: "TOO_FEW_ROWS",
    });
    expect(await chosen(fake("a", 1, 1, [0]), fake("b", 1, 1, [0]))).toMatchObject({ rule: "one", rows: 1 });
  });

  it("stays within the microseconds given, by a table of operations", async () => {
    const learners = [fake("cheap", 0.8, 2), fake("dear", 1.2, 2, every, 1000), fake("dearest", 1.6, 1, every, 50_000)];
    const all = await chosen(...learners);
    expect(all.candidates.map(({ microseconds }) => microseconds)).toEqual([0.5, 0.6, 5.5]);
    for (const maxLatency of [0.5, 0.6, 1.1, 6]) {
      const { microseconds } = choiceOf(await learn(auto({ learners, maxLatency }), data));
      expect(microseconds).toBeLessThanOrEqual(maxLatency);
    }
    const tight = await learn(auto({ learners, maxLatency: 0.1 }), data);
    expect(choiceOf(tight).members.map(({ learner }) => learner)).toEqual(["cheap"]);
    expect(tight.caps?.[0]?.message).toMatch(/^no learner scores a record within 0.1 microseconds; .* takes 0\.5/);
  });

  it("replays a training that a budget ended, by the number of learners it tried", async () => {
    const { budget, counted } = spentAfter(2);
    const real = (): Learner[] => [logistic(), boosting({ rounds: 30 }), forest({ trees: 20 })];
    const ended = await auto({ learners: real().map(counted) }).fit(data, undefined, { seed: 3, budget });
    const count = choiceOf(ended).presets;
    expect(ended.caps).toEqual([
      { cap: "budget", message: expect.stringMatching(/^the budget of 60 s ended auto after [12] of 3/) as string },
    ]);
    const replayed = await auto({ learners: real(), presets: count }).fit(data, undefined, { seed: 3 });
    expect(replayed.model).toEqual(ended.model);
    expect(replayed.heldOut).toEqual(ended.heldOut);
    expect(replayed.caps).toEqual([]);
  });

  it("counts no learner that the budget ended early, unless there is no other", async () => {
    const cut = (name: string, strength: number): Learner => {
      const learner = fake(name, strength, 1);
      return {
        ...learner,
        fit: async (...given) => ({
          ...(await learner.fit(...given)),
          caps: [{ cap: "budget", message: "it was ended" }],
        }),
      };
    };
    const budget = openBudget({ seconds: 60 });
    const fit = (...learners: Learner[]) => auto({ learners }).fit(data, undefined, { seed: 0, budget });
    const learned = await fit(fake("first", 0.5, 1), cut("second", 2), fake("third", 2, 1));
    expect(learned).toMatchObject({ learner: "first", found: { auto: { presets: 1 } } });
    const only = await fit(cut("second", 2));
    expect(only).toMatchObject({ learner: "second", found: { auto: { presets: 0 } } });
    expect(only.caps?.map(({ message }) => message)).toEqual([
      "it was ended",
      "the budget of 60 s ended second early, and no learner was finished",
    ]);
  });
});

describe("auto, when learners fail", () => {
  const failing = (name: string, error: Error): Learner => ({ ...fake(name, 1, 1), fit: () => Promise.reject(error) });
  const diverged = new ChurnkitError("TRAINING_DIVERGED", "The loss is not a number.");

  it.each([diverged, new ChurnkitError("THREAD_FAILED", "A thread died."), new RangeError("Out of memory")])(
    "leaves out the one with %s, and says so",
    async (error) => {
      const learned = await learn(auto({ learners: [failing("bad", error), fake("good", 1, 1)] }), data);
      expect(learned).toMatchObject({
        learner: "good",
        caps: [{ cap: "members", message: `bad failed and was left out: ${error.message}` }],
      });
    },
  );

  it("throws the first error if all of them fail, and any error that concerns them all", async () => {
    const rejects = (...learners: Learner[]) => expect(chosen(...learners)).rejects;
    await rejects(failing("bad", diverged), failing("worse", new RangeError("Out of memory"))).toBe(diverged);
    const store = new ChurnkitError("STORE_FAILED", "The disk is full.");
    await rejects(fake("good", 1, 1), failing("bad", store), fake("other", 1, 1)).toBe(store);
  });

  it("ends with the signal's reason, and starts nothing after it", async () => {
    const abort = new AbortController();
    let begun = 0;
    const counting = (name: string): Learner => ({
      ...fake(name, 1, 1),
      fit: (...given) => {
        if (++begun === 2) abort.abort(new Error("enough"));
        return fake(name, 1, 1).fit(...given);
      },
    });
    const learners = [counting("a"), counting("b"), counting("c")];
    const ended = auto({ learners }).fit(data, undefined, { seed: 0, signal: abort.signal });
    await expect(ended).rejects.toThrow("enough");
    expect(begun).toBe(2);
  });
});

describe("the presets of auto", () => {
  const small = { members: 2, epochs: 2, units: [4] };
  const fit = (options: Partial<LearnerContext> = {}) =>
    auto({ presets: 4, network: small }).fit(data, undefined, { seed: 1, ...options });

  it("give the same bits on any number of threads, and from a checkpoint", async () => {
    const checkpoint = memoryStore();
    const alone = await fit({ workers: 1, checkpoint });
    expect(choiceOf(alone).candidates.map(({ learner }) => learner)).toEqual([
      "logistic",
      "boosting",
      "network",
      "forest",
    ]);
    for (const options of [{ workers: 2 }, { workers: 1, checkpoint }]) expect(await fit(options)).toEqual(alone);
  });

  it("are not trained again if they were finished before an interruption", async () => {
    const checkpoint = memoryStore();
    const abort = new AbortController();
    const stopBehind = (progress: TrainingProgress): void => {
      if (progress.of === "candidates" && progress.learner === "boosting") abort.abort(new Error("enough"));
    };
    const interrupted = fit({ workers: 1, checkpoint, signal: abort.signal, onProgress: stopBehind });
    await expect(interrupted).rejects.toThrow("enough");
    const trained = new Set<string | undefined>();
    const note = ({ of, learner }: TrainingProgress): void => void (of !== "candidates" && trained.add(learner));
    expect(await fit({ workers: 1, checkpoint, onProgress: note })).toEqual(await fit({ workers: 1 }));
    expect([...trained]).toEqual(["network", "forest"]);
    trained.clear();
    await auto({ presets: 2 }).fit(data, undefined, { seed: 2, checkpoint, onProgress: note });
    expect([...trained]).toContain("boosting");
  });

  it("refuse a checkpoint that is broken or another's", async () => {
    const learner = auto({ presets: 2 });
    const whole = memoryStore();
    await learner.fit(data, undefined, { seed: 1, checkpoint: whole });
    const keys = (await whole.list("")).map(({ key }) => key);
    const bytesOf = async (key: string): Promise<Uint8Array> => (await whole.get(key))?.bytes ?? new Uint8Array();
    const refusal = async (damage: (key: string, bytes: Uint8Array) => Uint8Array | undefined): Promise<unknown> => {
      const checkpoint = memoryStore();
      for (const key of keys) {
        const bytes = damage(key, await bytesOf(key));
        if (bytes) await checkpoint.put(key, bytes);
      }
      return learner.fit(data, undefined, { seed: 1, checkpoint }).catch((error: unknown) => error);
    };
    const edited = (change: (learned: Record<string, unknown>) => void) =>
      refusal((key, bytes) => {
        if (!key.endsWith("learned.json")) return bytes;
        const learned = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
        change(learned);
        return new TextEncoder().encode(JSON.stringify(learned));
      });
    const others = keys.filter((key) => key.endsWith("learned.json"));
    const swapped = new Map(
      await Promise.all(others.map(async (key, i) => [key, await bytesOf(others[1 - i] ?? "")] as const)),
    );
    const heldOut = { rows: [0], probabilities: [0.5] };
    for (const [error, message] of [
      [await refusal((key, bytes) => (key.endsWith("scorer.json") ? undefined : bytes)), /is missing/],
      [
        await refusal((key, bytes) => (key.endsWith("scorer.json") ? bytes.map((b) => b ^ 1) : bytes)),
        /is not the file/,
      ],
      [await refusal((key, bytes) => (key.endsWith("learned.json") ? bytes.subarray(0, 90) : bytes)), /not valid JSON/],
      [await refusal((key, bytes) => swapped.get(key) ?? bytes), /another learner or training/],
      [await edited((learned) => delete learned["history"]), /\$\.history is missing/],
      [await edited((learned) => (learned["heldOut"] = { ...heldOut, rows: [0, 1] })), /does not fit/],
      [await edited((learned) => (learned["heldOut"] = { ...heldOut, rows: [1e6] })), /does not fit/],
      [await edited((learned) => (learned["heldOut"] = { ...heldOut, probabilities: [2] })), /a list of probabilities/],
      [await edited((learned) => (learned["files"] = {})), /scorer\.json is missing/],
    ] as const)
      expect(error).toMatchObject({ code: "CHECKPOINT_MISMATCH", message: expect.stringMatching(message) as string });
  });

  it("tell each learner's progress, and the best loss so far", async () => {
    const seen: TrainingProgress[] = [];
    await fit({ workers: 1, onProgress: (progress) => seen.push(progress) });
    expect(new Set(seen.map(({ learner }) => learner))).toEqual(new Set(["logistic", "boosting", "network", "forest"]));
    const ends = seen.filter(({ of }) => of === "candidates");
    expect(ends.map(({ epoch, epochs }) => [epoch, epochs])).toEqual([1, 2, 3, 4].map((done) => [done, 4]));
    ends.forEach(({ validationLoss }, i) =>
      expect(validationLoss).toBe(Math.min(...ends.slice(0, i + 1).map(({ loss }) => loss))),
    );
  });

  it("teach a network in place of its labels, with validation rows as without", async () => {
    const network = churnNetwork({ members: 1, epochs: 1, units: [16], learningRate: 0.01 });
    const targets = new Float32Array(data.labels.length).fill(0.95);
    for (const validation of [undefined, bent(200, 2)]) {
      const [plain, taught] = [
        await learn(network, data, validation),
        await learn(network, { ...data, targets }, validation),
      ].map(({ heldOut }) => heldOut.probabilities.reduce((sum, p) => sum + p, 0) / heldOut.rows.length);
      expect((taught ?? NaN) - (plain ?? NaN)).toBeGreaterThan(0.1);
    }
  });

  it("are made one network even if the training is stopped before it begins", async () => {
    const learner = auto({ distill: true, network: { epochs: 2, units: [4] } });
    const learned = await learner.fit(data, undefined, { seed: 0, budget: openBudget({ stop: AbortSignal.abort() }) });
    expect(learned.model.kind).toBe("network");
    expect(learned.caps?.map(({ cap }) => cap)).toContain("budget");
  });

  it("are made one network that learns the stack's probabilities", async () => {
    const learner = auto({ presets: 2, distill: true, network: { epochs: 30, units: [16], learningRate: 0.01 } });
    const learned = await learn(learner, data);
    expect(learned).toMatchObject({ learner: "network", model: { kind: "network" } });
    const { distilled } = choiceOf(learned);
    expect(distilled?.rows).toBe(learned.heldOut.rows.length);
    expect(learned.heldOut.rows.length).toBe(120);
    expect(distilled?.choiceLogLoss).toBeLessThan(0.6);
    expect(distilled?.logLoss).toBeLessThan(Math.log(2));
    const validation = bent(200, 2);
    const judged = await learn(learner, data, validation);
    expect(judged.heldOut.rows).toEqual(Uint32Array.from(validation.labels.keys()));
    // Labels of the rows that judge must reach neither the stack nor what the network learns.
    const other = await learn(learner, data, { ...validation, labels: validation.labels.map((label) => 1 - label) });
    expect(choiceOf(other).candidates).toEqual(choiceOf(judged).candidates);
  });

  it("are options that JSON can say", () => {
    expect(learnerNamed("auto", { presets: 2, maxLatency: 50, distill: true, epochs: 3 }).parameters).toEqual({
      learners: ["logistic", "boosting"],
      presets: 2,
      maxLatency: 50,
      distill: true,
    });
    expect(learnerNamed("auto").parameters).toEqual(auto().parameters);
    expect(() => learnerNamed("auto", { rounds: 3 })).toThrow("no option");
    const refused = { code: "OPTION_INVALID" };
    for (const wrong of [
      { learners: [] },
      { learners: [logistic(), logistic()] },
      { presets: 0 },
      { presets: 99 },
      { maxLatency: 0 },
    ])
      expect(() => auto(wrong)).toThrow(expect.objectContaining(refused) as Error);
    expect(auto({ learners: [logistic({ folds: 3 }), boosting({ members: 7 }), forest()] }).folds).toBe(7);
  });

  it("leave in the bundle what was made of them, and why", async () => {
    const learner = auto({ learners: [logistic(), boosting({ rounds: 40 }), forest({ trees: 30 })] });
    const { artifact } = await train(customerFeatures, customers(500), { learner, baseline: false });
    const { provenance, model } = (await openBundle(await toBundleFiles(artifact))).artifact;
    expect([provenance, model]).toEqual([artifact.provenance, artifact.model]);
    const choice = provenance.parameters["auto"] as AutoChoice;
    expect(choice.reason).toContain("held-out log loss");
    expect(provenance.parameters["learners"]).toEqual(["logistic", "boosting", "forest"]);
  });
});
