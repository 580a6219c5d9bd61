import type { Calibration } from "../artifact.js";
import type { Attributor } from "../kinds/attributor.js";
import { calibrateLogOdds, calibrationSlope } from "../scoring/calibrate.js";

/**
 * Attributes calibrated log odds: the values before calibration, times the slope of its line from the base to the row.
 *
 * @param sign -1 for those of the negative class.
 */
export function calibratedAttributor(raw: Attributor, calibration: Calibration, sign: 1 | -1): Attributor {
  return {
    ...raw,
    base: sign * calibrateLogOdds(calibration, raw.base),
    attribute(x, at, values, errors) {
      const output = raw.attribute(x, at, values, errors);
      const slope = sign * calibrationSlope(calibration, raw.base, output);
      for (let c = 0; c < values.length; c++) {
        values[c] = slope * (values[c] as number);
        errors[c] = Math.abs(slope) * (errors[c] as number);
      }
      return sign * calibrateLogOdds(calibration, output);
    },
  };
}
