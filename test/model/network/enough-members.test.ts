import { beforeAll, describe, expect, it } from "vitest";
import { uniform } from "../../../src/base/random.js";
import { churnNetwork } from "../../../src/model/kinds/network/learner.js";
import { enoughMembers } from "../../../src/model/kinds/network/enough-members.js";
import type { FitRows, FittedNetwork } from "../../../src/model/kinds/network/fit-network.js";
import { ensureBuilt } from "../../helpers/built.js";

// Threads run the built package.
beforeAll(ensureBuilt, 200_000);

describe("members are enough", () => {
  const rows = 2000;
  const labels = Uint8Array.from({ length: rows + 5 }, (_, row) => (row < 5 ? 0 : row % 2));
  /** Each leaves out 2,000 rows in common and one of its own. */
  const plan = Array.from({ length: 5 }, (_, member): FitRows => {
    const validation = Uint32Array.from([member, ...Array.from({ length: rows }, (_, i) => i + 5)]);
    return { matrix: new Float32Array(0), width: 0, labels, training: new Uint32Array(0), validation };
  });
  const fitted = (logit: number, ended: FittedNetwork["ended"] = "converged"): FittedNetwork => {
    const validationLogits = Float32Array.from({ length: rows + 1 }, (_, i) =>
      i === 0 ? 99 : labels[i + 4] === 1 ? logit : -logit,
    );
    return { weights: [], history: [], validationLogits, crossedLogits: validationLogits, ended };
  };

  it("once the loss on the rows that all leave out falls no more", () => {
    const watch = enoughMembers(plan);
    expect(
      [fitted(1), fitted(1.2), fitted(1.2), fitted(0.9), fitted(9)].map((one, member) => watch(member, one)),
    ).toEqual([undefined, undefined, undefined, 4, 4]);
  });

  it("whatever the order in which they are through", () => {
    const watch = enoughMembers(plan);
    expect([watch(2, fitted(0.5)), watch(1, fitted(0.5)), watch(0, fitted(1))]).toEqual([undefined, undefined, 3]);
  });

  it("by none that was stopped, nor on few rows", () => {
    const watch = enoughMembers(plan);
    expect([watch(0, fitted(1)), watch(1, fitted(0.5, "stopped")), watch(2, fitted(0.5))]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    const few = enoughMembers(plan.map((one) => ({ ...one, validation: one.validation.subarray(0, 1000) })));
    expect([few(0, fitted(1)), few(1, fitted(0.5)), few(2, fitted(0.5))]).toEqual([undefined, undefined, undefined]);
  });
});

it("of many rows with nothing to learn, the same few members are trained on one thread and on two, and said", async () => {
  const random = uniform(3);
  const labels = Uint8Array.from({ length: 20_400 }, () => (random() < 0.4 ? 1 : 0));
  const data = { matrix: Float32Array.from({ length: 2 * labels.length }, random), width: 2, labels };
  const fit = (workers: number) =>
    churnNetwork({ members: 6, epochs: 2, units: [4] }).fit(data, undefined, { seed: 1, workers });
  const [one, two] = [await fit(1), await fit(2)];
  expect(two).toEqual(one);
  expect(one.history.length).toBeLessThan(6);
  expect(one.caps?.[0]).toEqual({
    cap: "members",
    message: expect.stringContaining(`${one.history.length} of 6 networks`) as string,
  });
}, 60_000);
