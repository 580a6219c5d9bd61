import { drawPoint, learningLag, randomOf, type Method, type Point, type Spaces } from "./method.js";

/** One in so many goes on to the next rung, with so many times the epochs. */
const reduction = 3;
/** Shares of the epochs of each rung. */
const shares = [1 / 27, 1 / 9, 1 / 3, 1];

/**
 * Asynchronous successive halving (Li et al., A system for massively parallel hyperparameter tuning, 2020): points begin
 * with few epochs, and the best third of a rung goes on with three times as many. The decision whom to promote is taken in
 * the order of the points, from those known so far, and not when a thread happens to be free.
 */
export function asha(spaces: Spaces, trials: number, seed: number): Method {
  return {
    lag: learningLag,
    next(points, losses) {
      const promoted = promotable(points, losses, false);
      if (promoted) return promoted;
      const begun = points.filter(({ share }) => share === shares[0]).length;
      if (begun < trials) return { ...drawPoint(spaces, randomOf(seed, begun)), share: shares[0] as number };
      // With all known and nobody at the top, the best of the highest rung goes on.
      const done = losses.length === points.length;
      return done && !losses.some((loss, i) => loss < Infinity && points[i]?.share === 1)
        ? promotable(points, losses, true)
        : undefined;
    },
  };
}

/** The best point of the highest rung that may go on. */
function promotable(points: readonly Point[], losses: readonly number[], last: boolean): Point | undefined {
  const keys = points.map(keyOf);
  for (let rung = shares.length - 2; rung >= 0; rung--) {
    const [own, above] = [shares[rung], shares[rung + 1] as number];
    const finished = losses
      .map((loss, i) => ({ loss, i }))
      .filter(({ loss, i }) => points[i]?.share === own && loss < Infinity)
      .sort((a, b) => a.loss - b.loss || a.i - b.i);
    const gone = new Set(points.flatMap(({ share }, i) => (share === above ? [keys[i]] : [])));
    const places = last
      ? finished.slice(0, 1)
      : finished.slice(0, Math.floor(countOf(points, losses, own) / reduction));
    const next = places.find(({ i }) => !gone.has(keys[i]));
    if (next) return { ...(points[next.i] as Point), share: above };
  }
  return undefined;
}

/** Points of a rung that are known, those that failed among them. */
const countOf = (points: readonly Point[], losses: readonly number[], share: number | undefined): number =>
  losses.filter((_, i) => points[i]?.share === share).length;

const keyOf = ({ searched, values }: Point): string => JSON.stringify([searched, values]);
