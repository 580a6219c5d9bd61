import {
  allClassMetric,
  allClassMetricNames,
  type ClassEvaluation,
  classMetricNames,
  metrics,
} from "../../model/evaluate/index.js";
import type { ClassRequirement, GateCheck } from "./gate.js";
import { shown } from "./gate-checks.js";

const labels = {
  accuracy: "accuracy over all classes",
  logLoss: "log loss over all classes",
  macroF1: "mean F1 of the classes",
  macroAuc: "mean AUC of the classes",
} as const;

/** What is wrong with a requirement, in words that follow "The gate"; undefined if nothing is. */
export function classProblem(requirement: ClassRequirement): string | undefined {
  const limits = [requirement.min, requirement.max].filter((limit) => limit !== undefined);
  if (limits.length === 0) return "has a requirement on classes without min and max";
  if (!limits.every(Number.isFinite)) return "has a limit for classes that is not a number";
  const [name, names]: [string, readonly string[]] =
    "allClasses" in requirement
      ? [requirement.allClasses, allClassMetricNames]
      : [requirement.metric, classMetricNames];
  return names.includes(name)
    ? undefined
    : `names the metric ${JSON.stringify(name)} of classes, not one of ${names.join(", ")}`;
}

/** Compares a metric of one class, or of all, with its limits. */
export function checkClass(requirement: ClassRequirement, classes: ClassEvaluation | undefined): GateCheck {
  const { min, max } = requirement;
  const wanted = [min === undefined ? "" : `at least ${min}`, max === undefined ? "" : `at most ${max}`]
    .filter(Boolean)
    .join(" and ");
  const fails = (why: string): GateCheck => ({
    requirement,
    passed: false,
    observed: null,
    reason: `${why}; ${wanted} is required`,
  });
  const name =
    "allClasses" in requirement
      ? labels[requirement.allClasses]
      : `${metrics[requirement.metric].label} of ${JSON.stringify(requirement.class)}`;
  if (classes === undefined) return fails(`${name} is not known: the classes were not evaluated`);
  const [observed, missing] = observedIn(requirement, classes);
  if (observed === null) return fails(`${name} has no value, because ${missing}`);
  const passed = observed >= (min ?? -Infinity) && observed <= (max ?? Infinity);
  return { requirement, passed, observed, reason: `${name} ${shown(observed)}, ${wanted} is required` };
}

/** The value, or null and why there is none. */
function observedIn(
  requirement: ClassRequirement,
  evaluation: ClassEvaluation,
): readonly [value: number | null, missing: string] {
  const { classes } = evaluation;
  if ("allClasses" in requirement) {
    const without = classes.find(({ auc, f1 }) => auc === null || f1 === null);
    const why = `${JSON.stringify(without?.label)} has no rows, or all`;
    return [allClassMetric(evaluation, requirement.allClasses).value, why];
  }
  const own = classes.find(({ label }) => label === requirement.class);
  if (own === undefined)
    return [null, `the classes are ${classes.map(({ label }) => JSON.stringify(label)).join(", ")}`];
  return [own[requirement.metric], own.rows === 0 ? "none of the rows is of this class" : "each row is of this class"];
}
