import {
  type Decoder,
  type JsonValue,
  list,
  number,
  object,
  optional,
  text,
  withDefault,
} from "../../base/json/index.js";
import { type MlflowClient, mlflowExperiments, readTags } from "../../io/mlflow/index.js";
import { contentTypeOf } from "../runs/checks.js";
import { anyNumber } from "../runs/entries.js";
import type { RunArtifact, RunInput, RunMetric, RunRecord, RunStatus } from "../runs/record.js";
import { findRun, runTag } from "./write-runs.js";

/** Reads runs, churnkit's and others'. */
export interface RunReader {
  /** MLflow's id of a run and the address of its artifacts, by its id there or in churnkit. */
  find(id: string): Promise<{ readonly id: string; readonly artifactUri: string } | undefined>;
  list(experiment: string, limit: number): Promise<RunRecord[]>;
  get(id: string, experiment: string): Promise<RunRecord | undefined>;
  history(id: string, metric: string): Promise<RunMetric[]>;
}

/** A whole number, which protocol buffers write as a text where it is long. */
const long: Decoder<number> = (json) => (typeof json.value === "string" ? Number(json.value) : number()(json));
const info = object({
  run_id: text(),
  artifact_uri: text(),
  experiment_id: text(),
  run_name: withDefault(text(), ""),
  status: withDefault(text(), "RUNNING"),
  start_time: withDefault(long, 0),
  end_time: optional(long),
});
const metric = object({ key: text(), value: anyNumber, timestamp: long, step: withDefault(long, 0) });
const metrics = withDefault(list(metric), []);
const fileList = withDefault(
  list(
    object({
      path: text(),
      is_dir: withDefault((json) => json.value === true, false),
      file_size: withDefault(long, 0),
    }),
  ),
  [],
);
const datasetInput = object({ dataset: object({ name: text(), digest: text() }) });

const statusOf = (status: string): RunStatus =>
  status === "FINISHED" ? "finished" : status === "FAILED" ? "failed" : status === "KILLED" ? "killed" : "running";
/** Other clients' times may be in nanoseconds, which no date can hold. */
const iso = (ms: number): string => new Date(Math.abs(ms) <= 8.64e15 ? ms : 0).toISOString();
const metricOf = ({ value, timestamp, step }: ReturnType<typeof metric>): RunMetric => ({
  value,
  step,
  at: iso(timestamp),
});
/** Tags that say what the record says elsewhere. */
const isHidden = (name: string): boolean =>
  (Object.values(runTag) as string[]).includes(name) || name.startsWith("mlflow.");

export function runReader(client: MlflowClient, trackingUri: string): RunReader {
  const experiments = mlflowExperiments(client);

  async function experimentName(id: string): Promise<string> {
    const found = await client.call({ method: "GET", path: "mlflow/experiments/get", query: { experiment_id: id } });
    return text()(found.get("experiment").get("name"));
  }

  /** Searching needs experiments: all of them, unless the tracker's own has it. */
  async function everywhere(id: string): Promise<JsonValue | undefined> {
    const found = await client.call({
      method: "POST",
      path: "mlflow/experiments/search",
      json: { max_results: 1_000 },
    });
    const ids = found.get("experiments").absent
      ? []
      : found
          .get("experiments")
          .items()
          .map((one) => text()(one.get("experiment_id")));
    return ids.length === 0 ? undefined : findRun(client, ids, id);
  }

  async function findJson(id: string): Promise<JsonValue | undefined> {
    if (!/^[0-9a-f]{32}$/.test(id)) return everywhere(id);
    return (await client.find({ method: "GET", path: "mlflow/runs/get", query: { run_id: id } }))?.get("run");
  }

  const find: RunReader["find"] = async (id) => {
    const json = await findJson(id);
    if (json === undefined) return undefined;
    const { run_id: theirs, artifact_uri: artifactUri } = info(json.get("info"));
    return { id: theirs, artifactUri };
  };

  function recordOf(json: JsonValue, experiment: string): RunRecord {
    const { run_id: theirs, experiment_id: experimentId, run_name: name, ...facts } = info(json.get("info"));
    const data = json.get("data");
    const tags = readTags(data.get("tags"));
    const id = tags.get(runTag.id) ?? theirs;
    const inputs = json.get("inputs").absent ? json : json.get("inputs");
    return {
      id,
      experiment,
      name: name === "" ? id : name,
      status: statusOf(facts.status),
      startedAt: iso(facts.start_time),
      ...(facts.end_time === undefined ? {} : { endedAt: iso(facts.end_time) }),
      parent: tags.get(runTag.parent) ?? tags.get("mlflow.parentRunId"),
      parameters: Object.fromEntries(readTags(data.get("params"))),
      metrics: Object.fromEntries(metrics(data.get("metrics")).map((one) => [one.key, metricOf(one)])),
      tags: Object.fromEntries([...tags].filter(([key]) => !isHidden(key))),
      inputs: inputs.get("dataset_inputs").absent ? [] : inputs.get("dataset_inputs").items().map(inputOf),
      artifacts: [],
      link: `${trackingUri}/#/experiments/${experimentId}/runs/${theirs}`,
    };
  }

  async function artifactsIn(runId: string, path = ""): Promise<RunArtifact[]> {
    const query = { run_id: runId, ...(path === "" ? {} : { path }) };
    const found = fileList((await client.call({ method: "GET", path: "mlflow/artifacts/list", query })).get("files"));
    const parts = await Promise.all(
      found.map(async (file) =>
        file.is_dir
          ? artifactsIn(runId, file.path)
          : [{ name: file.path, bytes: file.file_size, contentType: contentTypeOf(file.path) }],
      ),
    );
    return parts.flat();
  }

  return {
    find,
    async list(experiment, limit) {
      const id = await experiments.find(experiment);
      if (id === undefined) return [];
      const runs: RunRecord[] = [];
      for (let token = ""; runs.length < limit;) {
        const json = {
          experiment_ids: [id],
          max_results: Math.min(limit - runs.length, 1_000),
          order_by: ["attributes.start_time DESC"],
          ...(token === "" ? {} : { page_token: token }),
        };
        const page = await client.call({ method: "POST", path: "mlflow/runs/search", json });
        if (!page.get("runs").absent)
          runs.push(
            ...page
              .get("runs")
              .items()
              .map((run) => recordOf(run, experiment)),
          );
        token = withDefault(text(), "")(page.get("next_page_token"));
        if (token === "") break;
      }
      return runs;
    },
    async get(id, experiment) {
      const own = await experiments.find(experiment);
      const near = own === undefined ? undefined : await findRun(client, [own], id);
      const json = near ?? (await findJson(id));
      if (json === undefined) return undefined;
      const { run_id: theirs, experiment_id: experimentId } = info(json.get("info"));
      const name = experimentId === own ? experiment : await experimentName(experimentId);
      return { ...recordOf(json, name), artifacts: await artifactsIn(theirs) };
    },
    async history(id, name) {
      const found = await find(id);
      if (found === undefined) return [];
      const values: RunMetric[] = [];
      for (let token = "", more = true; more; more = token !== "") {
        const query = {
          run_id: found.id,
          metric_key: name,
          max_results: "10000",
          ...(token === "" ? {} : { page_token: token }),
        };
        const page = await client.find({ method: "GET", path: "mlflow/metrics/get-history", query });
        if (page === undefined) break;
        values.push(...metrics(page.get("metrics")).map(metricOf));
        token = withDefault(text(), "")(page.get("next_page_token"));
      }
      return values.sort((a, b) => a.step - b.step);
    },
  };
}

function inputOf(json: JsonValue): RunInput {
  const { dataset } = datasetInput(json);
  const context = readTags(json.get("tags")).get("mlflow.data.context") ?? "";
  return { name: dataset.name, hash: dataset.digest, context };
}
