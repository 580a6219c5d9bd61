import { exp, log } from "../../base/elementary.js";
import { logSumExp } from "../../stats/logistic.js";
import type { Calibration, ClassesModel } from "../artifact.js";
import { calibrateLogOdds, calibrationSlope } from "../scoring/calibrate.js";

/** The calibrated log odds of one of several classes, of the log odds of all members. */
export interface ClassLogOdds {
  value(members: Float64Array): number;
  /** Writes the derivatives by each member. */
  gradient(members: Float64Array, out: Float64Array): void;
}

/** Half the width of the line that stands for the calibration's slope, since an isotonic one has corners. */
const half = 1e-4;

/** @param place the class. */
export function classLogOdds(
  { slopes, biases, positive }: Omit<ClassesModel, "members">,
  calibration: Calibration,
  place: number,
): ClassLogOdds {
  const count = slopes.length;
  const z = new Float64Array(count);
  const byPositive = new Float64Array(count);
  const byOwn = new Float64Array(count);
  const parts = new Float64Array(3);

  /** Log odds of the positive class before calibration, and of the class against those that are neither. */
  function pairOf(members: Float64Array): { readonly raw: number; readonly own: number } {
    for (let k = 0; k < count; k++) z[k] = (slopes[k] as number) * (members[k] as number) + (biases[k] as number);
    const raw = against(z, positive, positive, byPositive);
    return { raw, own: place === positive ? 0 : against(z, place, positive, byOwn) };
  }

  /** With p = sigmoid(own) sigmoid(-calibrated), (1 - p) / p is a sum; its logarithms are left in `parts`. */
  function joined(calibrated: number, own: number): number {
    parts.set([-own, calibrated, calibrated - own]);
    return -logSumExp(parts);
  }

  return {
    value(members) {
      const { raw, own } = pairOf(members);
      const calibrated = calibrateLogOdds(calibration, raw);
      return place === positive ? calibrated : joined(calibrated, own);
    },
    gradient(members, out) {
      const { raw, own } = pairOf(members);
      let bySlope = calibrationSlope(calibration, raw - half, raw + half);
      let byShare = 0;
      if (place !== positive) {
        const value = joined(calibrateLogOdds(calibration, raw), own);
        const [ofOwn = 0, ofPositive = 0, ofBoth = 0] = parts.map((part) => exp(part + value));
        bySlope *= -(ofPositive + ofBoth);
        byShare = ofOwn + ofBoth;
      }
      for (let k = 0; k < count; k++)
        out[k] = (slopes[k] as number) * (bySlope * (byPositive[k] as number) + byShare * (byOwn[k] as number));
    },
  };
}

/** What is left of the log odds without a part that is linear in the members. */
export const bend = (whole: ClassLogOdds, slopes: Float64Array): ClassLogOdds => ({
  value: (members) => slopes.reduce((rest, slope, k) => rest - slope * (members[k] as number), whole.value(members)),
  gradient(members, out) {
    whole.gradient(members, out);
    slopes.forEach((slope, k) => (out[k] = (out[k] as number) - slope));
  },
});

/** Log odds of a class against all others except `without`; writes their derivatives by each z. */
function against(z: Float64Array, own: number, without: number, derivatives: Float64Array): number {
  const isOther = (k: number): boolean => k !== own && k !== without;
  const most = z.reduce((high, one, k) => (isOther(k) ? Math.max(high, one) : high), -Infinity);
  const sum = z.reduce((total, one, k) => (isOther(k) ? total + exp(one - most) : total), 0);
  for (let k = 0; k < z.length; k++)
    derivatives[k] = k === own ? 1 : isOther(k) ? -exp((z[k] as number) - most) / sum : 0;
  return (z[own] as number) - most - log(sum);
}
