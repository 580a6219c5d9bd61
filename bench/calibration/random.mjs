// Seeded numbers, and draws of counts without drawing rows: the law is the same, and a million rows cost no more than a thousand.

/** Uniform numbers in [0, 1) of 32 bits from a state of 128 (sfc32), so that streams of different seeds don't overlap. */
export function seeded(...seed) {
  let [a, b, c] = [0, 1, 2].map((i) => Math.imul((seed[i] ?? 0) + 1, 0x9e3779b1) >>> 0);
  let counter = 1;
  const next = () => {
    const sum = (a + b + counter++) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 4294967296;
  };
  for (let i = 0; i < 15; i++) next();
  return next;
}

/** A standard normal number (Marsaglia's polar method). */
export function normal(random) {
  for (;;) {
    const [x, y] = [2 * random() - 1, 2 * random() - 1];
    const s = x * x + y * y;
    if (s > 0 && s < 1) return x * Math.sqrt((-2 * Math.log(s)) / s);
  }
}

/** n uniform numbers in increasing order: their gaps are exponential. */
export function sortedUniforms(random, n) {
  const sorted = new Float64Array(n);
  let sum = 0;
  for (let i = 0; i < n; i++) sorted[i] = sum -= Math.log(1 - random());
  sum -= Math.log(1 - random());
  for (let i = 0; i < n; i++) sorted[i] /= sum;
  return sorted;
}

/** Gamma with a shape of 1 or more and scale 1 (Marsaglia and Tsang 2000). */
export function gamma(random, shape) {
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = normal(random);
    const v = (1 + c * x) ** 3;
    if (v <= 0) continue;
    if (Math.log(random()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
  }
}

/** Successes among n trials: halves n by the law of a middle order statistic (Ahrens and Dieter 1974), then counts. */
export function binomial(random, n, p) {
  let [left, chance, successes] = [n, p, 0];
  while (left > 30 && chance > 0 && chance < 1) {
    const i = Math.floor((left + 1) / 2);
    const a = gamma(random, i);
    const middle = a / (a + gamma(random, left + 1 - i));
    if (middle <= chance) {
      successes += i;
      left -= i;
      chance = (chance - middle) / (1 - middle);
    } else {
      left = i - 1;
      chance /= middle;
    }
  }
  if (chance >= 1) return successes + left;
  if (!(chance > 0)) return successes;
  for (let i = 0; i < left; i++) if (random() < chance) successes++;
  return successes;
}

/** n rows over cells of given masses, which need not sum to 1. */
export function multinomial(random, n, masses) {
  let mass = masses.reduce((sum, each) => sum + each, 0);
  let left = n;
  return masses.map((each, i) => {
    const count = i === masses.length - 1 ? left : binomial(random, left, Math.min(1, each / mass));
    mass -= each;
    left -= count;
    return count;
  });
}
