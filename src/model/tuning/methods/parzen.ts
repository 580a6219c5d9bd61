import { cosTurns, exp, log } from "../../../base/elementary.js";
import { normalTwoSidedTail } from "../../../stats/special.js";

/** A density on [0, 1]. */
export interface Density {
  draw(random: () => number): number;
  /** Its logarithm at a place. */
  logAt(x: number): number;
}

const normalBelow = (z: number): number => {
  const half = normalTwoSidedTail(z).p / 2;
  return z < 0 ? half : 1 - half;
};

/**
 * A Parzen estimator: a normal kernel around each place, cut to [0, 1], and a wide one in the middle as prior. A kernel is as
 * wide as the larger gap to its neighbors (Bergstra et al. 2011), within bounds.
 */
export function parzen(places: readonly number[]): Density {
  const sorted = [...places, 0.5].sort((a, b) => a - b);
  const prior = sorted.indexOf(0.5);
  const least = 1 / Math.min(100, sorted.length + 1);
  const kernels = sorted.map((center, i) => {
    const gaps = [center - (sorted[i - 1] ?? center), (sorted[i + 1] ?? center) - center];
    const width = i === prior ? 1 : Math.min(1, Math.max(least, ...gaps));
    const inside = normalBelow((1 - center) / width) - normalBelow(-center / width);
    return { center, width, scale: 1 / (width * inside * Math.sqrt(2 * Math.PI) * sorted.length) };
  });
  return {
    draw(random) {
      const { center, width } = kernels[Math.floor(random() * kernels.length)] ?? { center: 0.5, width: 1 };
      for (let tries = 0; tries < 100; tries++) {
        const x = center + width * Math.sqrt(-2 * log(1 - random())) * cosTurns(random());
        if (x >= 0 && x <= 1) return x;
      }
      return random();
    },
    logAt: (x) =>
      log(
        kernels.reduce((sum, { center, width, scale }) => {
          const z = (x - center) / width;
          return sum + scale * exp(-0.5 * z * z);
        }, 0),
      ),
  };
}
