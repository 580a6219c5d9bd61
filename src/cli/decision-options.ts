import { InvalidArgumentError, type Command } from "commander";
import type { Costs, Decision } from "../model/artifact.js";
import { checkCosts } from "../model/evaluate/index.js";
import { costThreshold, type ThresholdRule } from "../model/training/index.js";
import { reasonOf } from "./output.js";

/** Options for the probability from which a customer counts as churning. */
export interface DecisionOptions {
  readonly threshold?: number;
  readonly costs?: Costs;
}

/** Adds `--threshold` and `--costs`. */
export function decisionOptions(command: Command, otherwise: string): Command {
  return command
    .option(
      "--threshold <probability>",
      `predict churn from this probability on; default: ${otherwise}`,
      probabilityOption,
    )
    .option(
      "--costs <amounts>",
      "costs of mistakes: fn=500,fp=50 for a missed churner and a needless offer; sets the threshold with the lowest expected cost",
      costsOption,
    );
}

function probabilityOption(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0 && value <= 1))
    throw new InvalidArgumentError("It must be a number from 0 to 1.");
  return value;
}

function costsOption(text: string): Costs {
  const parts = new Map(
    text
      .split(",")
      .map((part): [string, string] => [part.split("=")[0]?.trim() ?? "", part.split("=")[1]?.trim() ?? ""]),
  );
  const [fn, fp] = [parts.get("fn"), parts.get("fp")];
  if (parts.size !== 2 || !fn || !fp)
    throw new InvalidArgumentError("Write it as fn=500,fp=50: the cost of a missed churner, and of a needless offer.");
  const costs = { falseNegative: Number(fn), falsePositive: Number(fp) };
  try {
    checkCosts(costs);
  } catch (error) {
    throw new InvalidArgumentError(reasonOf(error));
  }
  return costs;
}

/** Returns the rule by which training chooses the threshold; undefined by default. */
export function thresholdRule({ threshold, costs }: DecisionOptions): ThresholdRule | undefined {
  if (threshold !== undefined) return { rule: "given", threshold, costs };
  return costs === undefined ? undefined : { rule: "cost", costs };
}

/** Returns the threshold and costs that replace the model's own; its probabilities are calibrated. */
export function decisionFor(
  own: Decision,
  { threshold, costs }: DecisionOptions,
): Pick<Decision, "threshold" | "costs"> {
  return {
    threshold: threshold ?? (costs === undefined ? own.threshold : costThreshold(costs)),
    costs: costs ?? own.costs,
  };
}
