/** Members that are the caller's as a whole: one more on either side is a difference. Elsewhere SageMaker adds defaults. */
const whole = new Set([
  "CheckpointConfig",
  "ContainerArguments",
  "ContainerEntrypoint",
  "Environment",
  "HyperParameters",
  "InputDataConfig",
  "MetricDefinitions",
  "ProcessingInputs",
  "StaticHyperParameters",
  "VpcConfig",
]);

type Members = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Members => typeof value === "object" && value !== null;
const isEmpty = (value: unknown): boolean =>
  value === undefined || value === null || (isObject(value) && Object.keys(value).length === 0);

/**
 * What a job that exists has otherwise than a request asks, such as `HyperParameters.l2 is "1" there and "2" here`.
 *
 * @param found SageMaker's description of the job, which does not have the tags.
 */
export function differences(asked: Members, found: Members): string[] {
  return between({ ...asked, Tags: undefined }, found, "", false);
}

function between(asked: unknown, found: unknown, path: string, isWhole: boolean): string[] {
  if (isEmpty(asked) && isEmpty(found)) return [];
  if (!isObject(asked) || !isObject(found))
    return asked === found ? [] : [`${path} is ${shown(found)} there and ${shown(asked)} here`];
  if (Array.isArray(asked) && Array.isArray(found) && asked.length !== found.length)
    return [`${path} has ${found.length} items there and ${asked.length} here`];
  const keys = new Set([...Object.keys(asked), ...Object.keys(found).filter((key) => isWhole || whole.has(key))]);
  return (
    [...keys]
      // SageMaker adds hyperparameters of its own, such as _tuning_objective_metric.
      .filter((key) => !key.startsWith("_"))
      .flatMap((key) => {
        const inner = Array.isArray(asked) ? `${path}[${key}]` : path === "" ? key : `${path}.${key}`;
        return between(asked[key], found[key], inner, whole.has(key) && !Array.isArray(asked[key]));
      })
  );
}

const shown = (value: unknown): string => (value === undefined ? "missing" : JSON.stringify(value).slice(0, 80));
