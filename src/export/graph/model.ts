import { probabilityMargin } from "../../stats/logistic.js";
import type { Calibration } from "../../model/artifact.js";
import type { PlainClasses, PlainModel } from "../../model/scoring/index.js";
import {
  add,
  constant,
  divide,
  less,
  logOnePlus,
  multiply,
  nothing,
  sigmoidOf,
  subtract,
  sum,
  unary,
  where,
  type NumberNode,
} from "./node.js";

/** A matrix column by its place. */
export type FeatureOf = (place: number) => NumberNode;

/** A model's probability, before calibration. */
export function probabilityNode(model: PlainModel, inputs: number, feature: FeatureOf): NumberNode {
  switch (model.kind) {
    case "linear": {
      const terms = model.weights.flatMap((weight, i) =>
        weight === 0 ? [] : [multiply(constant(weight), feature(i))],
      );
      return sigmoidOf(sum([constant(model.bias), ...terms]));
    }
    case "trees": {
      const used = [...new Set(model.features)].filter((place) => place >= 0).sort((a, b) => a - b);
      const features = new Map(used.map((place) => [place, feature(place)]));
      const total: NumberNode = { kind: "number", op: "trees", model, features };
      return model.link === "logistic" ? sigmoidOf(total) : within(total, 0, 1);
    }
    case "folded": {
      const args = Array.from({ length: inputs }, (_, place) => feature(place));
      return sigmoidOf({ kind: "number", op: "network", layers: model.layers, args });
    }
    case "ensemble": {
      const { members, weights, average } = model;
      const scores = members.map((member) => probabilityNode(member, inputs, feature));
      const scaled = average === "logOdds" ? scores.map(logitOf) : scores;
      const shares =
        weights === undefined ? scaled : scaled.map((score, i) => multiply(constant(weights[i] ?? 0), score));
      const mean = weights === undefined ? divide(sum(shares), constant(shares.length)) : sum(shares);
      return average === "logOdds" ? sigmoidOf(mean) : mean;
    }
    case "classes":
      return classNodes(model, inputs, feature)[model.positive] ?? nothing;
  }
}

/** The probabilities of all classes, before calibration: the arithmetic of `joinClasses`. */
export function classNodes(model: PlainClasses, inputs: number, feature: FeatureOf): NumberNode[] {
  const logOdds = model.members.map((member, k) => {
    const own = logitOf(probabilityNode(member, inputs, feature));
    return add(multiply(constant(model.slopes[k] ?? 0), own), constant(model.biases[k] ?? 0));
  });
  const most = logOdds.reduce(larger);
  const shares = logOdds.map((z) => unary("exp", subtract(z, most)));
  const total = sum(shares);
  return shares.map((share) => divide(share, total));
}

/** The larger of two; the first where they are equal. */
export const larger = (a: NumberNode, b: NumberNode): NumberNode => where(less(a, b), b, a);

function within(x: NumberNode, low: number, high: number): NumberNode {
  return where(less(x, constant(low)), constant(low), where(less(constant(high), x), constant(high), x));
}

/** log(p / (1 - p)), clipped as in the library. */
function logitOf(probability: NumberNode): NumberNode {
  const p = within(probability, probabilityMargin, 1 - probabilityMargin);
  return subtract(unary("log", p), unary("log", subtract(constant(1), p)));
}

/** log(1 + exp(z)), without overflow. */
const softPlus = (z: NumberNode): NumberNode =>
  add(where(less(z, constant(0)), constant(0), z), logOnePlus(unary("exp", subtract(constant(0), unary("abs", z)))));

/** The calibrated probability. */
export function calibratedNode(calibration: Calibration, probability: NumberNode): NumberNode {
  if (calibration.kind === "identity") return probability;
  return sigmoidOf(curve(calibration, logitOf(probability)));
}

function curve(calibration: Exclude<Calibration, { readonly kind: "identity" }>, z: NumberNode): NumberNode {
  switch (calibration.kind) {
    case "platt":
      return add(multiply(constant(calibration.slope), z), constant(calibration.intercept));
    case "beta": {
      const { a, b, c } = calibration;
      const negative = subtract(constant(0), z);
      const [above, below] = [multiply(constant(b), softPlus(z)), multiply(constant(a), softPlus(negative))];
      return add(subtract(above, below), constant(c));
    }
    case "isotonic": {
      const { from, to } = calibration;
      const beyond = (i: number): NumberNode => add(subtract(z, constant(from[i] ?? 0)), constant(to[i] ?? 0));
      // The first point above z ends its line.
      return from.reduceRight<NumberNode>(
        (above, point, i) => {
          const [left, low] = [from[i - 1], to[i - 1]];
          if (left === undefined || low === undefined) return where(less(z, constant(point)), beyond(0), above);
          const share = divide(subtract(z, constant(left)), constant(point - left));
          const line = add(constant(low), multiply(share, constant((to[i] ?? low) - low)));
          return where(less(z, constant(point)), line, above);
        },
        beyond(from.length - 1),
      );
    }
  }
}
