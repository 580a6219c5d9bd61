import { object, text, type JsonValue } from "../../base/json/index.js";
import {
  artifactFolder,
  fittingName,
  fittingValue,
  logBatches,
  type LoggedMetric,
  metricValue,
  type MlflowClient,
  mlflowExperiments,
  readTags,
  uploadOf,
  writeTags,
} from "../../io/mlflow/index.js";
import { ChurnkitError } from "../../base/errors.js";
import type { RunEntry, RunEvent, RunRef } from "../runs/entries.js";

/** Tags that are churnkit's own. */
export const runTag = {
  /** The run's id in churnkit. */
  id: "churnkit.run",
  /** That of the run that it is nested in. */
  parent: "churnkit.parent",
  /** The last entry that has arrived whole. */
  sequence: "churnkit.sequence",
} as const;

/** A run in MLflow. */
interface KnownRun {
  /** Its id there. */
  readonly id: string;
  readonly artifactUri: string;
  sequence: number;
  /** Those that it has, by their names there. */
  readonly parameters: Map<string, string>;
  /** The experiment, and the run's parent where MLflow does not know it yet: it may arrive later. */
  readonly experimentId: string;
  awaited: string | undefined;
}

const parentTag = "mlflow.parentRunId";

const statuses = { finished: "FINISHED", failed: "FAILED", killed: "KILLED" } as const;
const runInfo = object({ run_id: text(), artifact_uri: text() });
const sequenceOf = (tags: ReadonlyMap<string, string>): number => Number(tags.get(runTag.sequence) ?? 0);

/** Sends entries; what the server has already, it passes over. */
export function runWriter(host: string): {
  send(client: MlflowClient, run: RunRef, entries: readonly RunEntry[]): Promise<void>;
} {
  const known = new Map<string, KnownRun>();

  async function send(client: MlflowClient, run: RunRef, entries: readonly RunEntry[]): Promise<void> {
    const target = known.get(run.id) ?? (await open(client, run, entries));
    known.set(run.id, target);
    try {
      await findParent(client, target);
      await sendFresh(
        client,
        host,
        target,
        entries.filter(({ sequence }) => sequence > target.sequence),
      );
    } catch (error) {
      // What of it has arrived is looked up the next time.
      known.delete(run.id);
      throw error;
    }
    if (entries.some(({ event }) => event.kind === "end")) known.delete(run.id);
  }

  async function open(client: MlflowClient, run: RunRef, entries: readonly RunEntry[]): Promise<KnownRun> {
    const experiments = mlflowExperiments(client);
    const experimentId = await experiments.open(run.experiment);
    const find = (): Promise<JsonValue | undefined> => findRun(client, [experimentId], run.id);
    const start = entries.map(({ event }) => event).find((event) => event.kind === "start");
    const present = await find();
    const json =
      present ??
      (start &&
        (await client.create(
          { method: "POST", path: "mlflow/runs/create", json: newRun(run, experimentId, start) },
          (answer) => answer.get("run"),
          find,
        )));
    if (json === undefined)
      throw new ChurnkitError(
        "STORE_FAILED",
        `${client.speaker.name} has no run ${run.id}, and its start is not among the entries. It was deleted there.`,
      );
    const { run_id: id, artifact_uri: artifactUri } = runInfo(json.get("info"));
    const tags = readTags(json.get("data").get("tags"));
    const parameters = new Map(readTags(json.get("data").get("params")));
    const awaited = tags.has(parentTag) ? undefined : tags.get(runTag.parent);
    const sequence = sequenceOf(tags);
    // After a failure here it is there already, without any entry.
    if (sequence === 0) await adopt(client, experimentId, run.id, id);
    return { id, artifactUri, sequence, parameters, experimentId, awaited };
  }

  return { send };
}

/** The run of churnkit's id in some experiments; undefined if there is none. */
export async function findRun(
  client: MlflowClient,
  experimentIds: readonly string[],
  id: string,
): Promise<JsonValue | undefined> {
  if (!/^[A-Za-z0-9-]{1,80}$/.test(id)) return undefined;
  const json = { experiment_ids: experimentIds, filter: `tags.\`${runTag.id}\` = '${id}'`, max_results: 1 };
  const runs = (await client.call({ method: "POST", path: "mlflow/runs/search", json })).get("runs");
  return runs.absent ? undefined : runs.items()[0];
}

/** Tells MLflow the parent of a nested run, as soon as it is there. */
async function findParent(client: MlflowClient, target: KnownRun): Promise<void> {
  if (target.awaited === undefined) return;
  const parent = await findRun(client, [target.experimentId], target.awaited);
  if (parent === undefined) return;
  await setParent(client, target.id, runInfo(parent.get("info")).run_id);
  target.awaited = undefined;
}

/** Tells MLflow the parent of runs that arrived before it. */
async function adopt(client: MlflowClient, experimentId: string, id: string, theirs: string): Promise<void> {
  const filter = `tags.\`${runTag.parent}\` = '${id}'`;
  const json = { experiment_ids: [experimentId], filter, max_results: 1_000 };
  const runs = (await client.call({ method: "POST", path: "mlflow/runs/search", json })).get("runs");
  for (const child of runs.absent ? [] : runs.items())
    await setParent(client, runInfo(child.get("info")).run_id, theirs);
}

async function setParent(client: MlflowClient, id: string, parent: string): Promise<void> {
  const json = { run_id: id, key: parentTag, value: parent };
  await client.call({ method: "POST", path: "mlflow/runs/set-tag", json });
}

function newRun(run: RunRef, experimentId: string, start: Extract<RunEvent, { kind: "start" }>): object {
  const tags = {
    ...mlflowTags(start.tags),
    "mlflow.source.name": "churnkit",
    [runTag.id]: run.id,
    ...(start.parent === undefined ? {} : { [runTag.parent]: start.parent }),
  };
  return {
    experiment_id: experimentId,
    // Its databases keep no more.
    run_name: start.name.slice(0, 250),
    start_time: Date.parse(start.at),
    tags: writeTags(tags),
  };
}

/** Tags, those that MLflow shows in a place of its own under its names too. */
function mlflowTags(tags: Readonly<Record<string, string>>): Record<string, string> {
  const own = { "git.commit": "mlflow.source.git.commit", user: "mlflow.user" } as const;
  const extra = Object.entries(own).flatMap(([name, theirs]) => {
    const value = tags[name];
    return value === undefined ? [] : [[theirs, value]];
  });
  const given = Object.entries(tags).map(([name, value]) => [fittingName(name), value]);
  return Object.fromEntries([...given, ...extra]) as Record<string, string>;
}

/** What one call of `runs/log-batch`, or a few, can carry. */
interface Batch {
  readonly params: { key: string; value: string }[];
  readonly metrics: LoggedMetric[];
  readonly tags: Record<string, string>;
}

/** MLflow takes 100 of at most 1 MB. */
const mostTags = 50;

const hasAny = ({ params, metrics, tags }: Batch): boolean =>
  params.length > 0 || metrics.length > 0 || Object.keys(tags).length > 0;
const emptyBatch = (): Batch => ({ params: [], metrics: [], tags: {} });

async function sendFresh(
  client: MlflowClient,
  host: string,
  target: KnownRun,
  entries: readonly RunEntry[],
): Promise<void> {
  const post = (path: string, json: object): Promise<JsonValue> =>
    client.call({ method: "POST", path: `mlflow/${path}`, json: { run_id: target.id, ...json } });
  let batch = emptyBatch();

  async function flush(sequence: number): Promise<void> {
    const { params, metrics, tags } = batch;
    batch = emptyBatch();
    const calls = logBatches(params, metrics);
    for (const call of calls.slice(0, -1)) await post("runs/log-batch", call);
    // The mark goes with the last, and so never says more than has arrived.
    const marked = writeTags({ ...tags, [runTag.sequence]: String(sequence) });
    while (marked.length > mostTags) await post("runs/log-batch", { tags: marked.splice(0, mostTags) });
    await post("runs/log-batch", { ...(calls.at(-1) ?? {}), tags: marked });
    target.sequence = sequence;
  }

  for (const { sequence, event } of entries) {
    if (collect(batch, event, target.parameters)) continue;
    if (event.kind === "artifact") {
      const folder = artifactFolder(client, host, target.artifactUri);
      await folder.put(event.name, uploadOf(event.content));
    } else if (event.kind === "input") await post("runs/log-inputs", { datasets: [datasetOf(event.input)] });
    else if (event.kind === "end") {
      if (hasAny(batch)) await flush(sequence - 1);
      await post("runs/update", { status: statuses[event.status], end_time: Date.parse(event.at) });
    }
  }
  const last = entries.at(-1);
  if (last !== undefined && last.sequence > target.sequence) await flush(last.sequence);
}

/** Adds an event to a batch; false if it needs a call of its own. */
function collect(batch: Batch, event: RunEvent, parameters: Map<string, string>): boolean {
  switch (event.kind) {
    case "parameters":
      for (const [name, given] of Object.entries(event.values)) {
        const value = fittingValue(given);
        const key = freeName(fittingName(name), value, parameters);
        // MLflow refuses a call that names a parameter twice, and a second value.
        if (!parameters.has(key)) batch.params.push({ key, value });
        parameters.set(key, value);
      }
      return true;
    case "metric": {
      const { name, value, step, at } = event;
      batch.metrics.push({ key: fittingName(name), value: metricValue(value), timestamp: Date.parse(at), step });
      return true;
    }
    case "tags":
      Object.assign(batch.tags, mlflowTags(event.values));
      return true;
    default:
      return event.kind === "start";
  }
}

/** Names that differ in churnkit can be the same in MLflow: `a:b` and `a_b` with another value become `a_b` and `a_b_2`. */
function freeName(name: string, value: string, parameters: ReadonlyMap<string, string>): string {
  let free = name;
  for (let i = 2; (parameters.get(free) ?? value) !== value; i++) free = `${name.slice(0, 240)}_${i}`;
  return free;
}

/** MLflow keeps 36 characters of a digest. */
const datasetOf = ({ name, hash, source, context }: Extract<RunEvent, { kind: "input" }>["input"]): object => ({
  dataset: { name, digest: hash.slice(0, 32), source_type: "local", source: JSON.stringify({ uri: source ?? name }) },
  tags: [{ key: "mlflow.data.context", value: context }],
});
