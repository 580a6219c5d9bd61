import type { RunComparison } from "./compare-runs.js";

const end = /\.(?:low|high)$/;

/** Metrics as texts: the ends of an interval stand beside their value, and have no line of their own. */
export function measuredTexts(metrics: RunComparison["metrics"]) {
  const valuesOf = new Map(metrics.map(({ name, values }) => [name, values]));
  return metrics
    .filter(({ name }) => !end.test(name) || !valuesOf.has(name.replace(end, "")))
    .map(({ name, values, best, differs }) => ({
      name,
      best,
      differs,
      texts: values.map((value, run) =>
        value === undefined
          ? undefined
          : measured(value, valuesOf.get(`${name}.low`)?.[run], valuesOf.get(`${name}.high`)?.[run]),
      ),
    }));
}

const measured = (value: number, low: number | undefined, high: number | undefined): string =>
  low === undefined || high === undefined
    ? figure(value)
    : `${figure(value)} [${low.toPrecision(4)}, ${high.toPrecision(4)}]`;

/** Whole numbers as they are, others with six digits. */
const figure = (value: number): string =>
  Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(6)));
