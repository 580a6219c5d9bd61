import { expect, it } from "vitest";
import { uniform } from "../../src/base/random.js";
import { rankAuc } from "../../src/stats/ranks/auc.js";

it("the area is the share of pairs in order, ties counting half", () => {
  const random = uniform(5);
  for (let round = 0; round < 50; round++) {
    const n = 2 + Math.floor(random() * 40);
    const labels = Uint8Array.from({ length: n }, (_, i) => (i < 2 ? i : Math.floor(random() * 2)));
    const scores = Float64Array.from({ length: n }, () => Math.floor(random() * 9) - 4 || (random() < 0.5 ? -0 : 0));
    let [won, pairs] = [0, 0];
    labels.forEach((positive, i) =>
      labels.forEach((other, j) => {
        if (positive !== 1 || other !== 0) return;
        pairs++;
        won += (scores[i] as number) > (scores[j] as number) ? 1 : scores[i] === scores[j] ? 0.5 : 0;
      }),
    );
    expect(rankAuc(labels, scores)).toBe(won / pairs);
  }
});

it("there is none without both classes", () => {
  expect(rankAuc(Uint8Array.of(1, 1), Float64Array.of(0, 1))).toBeNull();
  expect(rankAuc(Uint8Array.of(0), Float64Array.of(0))).toBeNull();
});
