import { object, text, type JsonValue } from "../../../base/json/index.js";
import type { VersionDraft } from "../../registry-state.js";
import { logBatches, type MlflowClient, mlflowExperiments, readTags, writeTags } from "../../../io/mlflow/index.js";
import { versionTag } from "./labels.js";
import { runMetrics, runParameters } from "./run-values.js";

/** The run that a version's files are artifacts of. */
export interface VersionRun {
  readonly id: string;
  readonly artifactUri: string;
  /** Whether it was made only for this version. */
  readonly own: boolean;
}

export interface Runs {
  /** Returns the run that the draft names, if MLflow has it; else a new one. Parameters and metrics are logged. */
  begin(draft: VersionDraft, registration: string): Promise<VersionRun>;
  end(run: VersionRun, status: "FINISHED" | "FAILED", at: Date): Promise<void>;
  /** Deletes a run only if it was made for one version. */
  remove(id: string, registration: string): Promise<void>;
}

interface RunPlace {
  /** Name of the experiment. */
  readonly experiment: string;
  readonly model: string;
}

const runInfo = object({ run_id: text(), artifact_uri: text() });

export function mlflowRuns(client: MlflowClient, { experiment, model }: RunPlace): Runs {
  const experiments = mlflowExperiments(client);

  async function existing(id: string | undefined): Promise<JsonValue | undefined> {
    // Other trackers' runs have other names.
    if (id === undefined || !/^[0-9a-f]{32}$/.test(id)) return undefined;
    const run = (await client.find({ method: "GET", path: "mlflow/runs/get", query: { run_id: id } }))?.get("run");
    return run?.get("info").get("lifecycle_stage").value === "active" ? run : undefined;
  }

  async function create(draft: VersionDraft, registration: string): Promise<JsonValue> {
    const experiment_id = await experiments.open(experiment);
    const json = {
      experiment_id,
      run_name: `${model} ${draft.semver}`,
      start_time: Date.parse(draft.registeredAt),
      tags: writeTags(runTags(draft, model, registration)),
    };
    const filter = `tags.\`${versionTag.registration}\` = '${registration}'`;
    const search = { experiment_ids: [experiment_id], filter, max_results: 1 };
    return client.create(
      { method: "POST", path: "mlflow/runs/create", json },
      (answer) => answer.get("run"),
      async () => {
        const runs = (await client.call({ method: "POST", path: "mlflow/runs/search", json: search })).get("runs");
        return runs.absent ? undefined : runs.items()[0];
      },
    );
  }

  async function log(run: JsonValue, id: string, draft: VersionDraft): Promise<void> {
    // A logged parameter cannot be changed.
    const logged = readTags(run.get("data").get("params"));
    const params = runParameters(draft).filter(({ key }) => !logged.has(key));
    for (const batch of logBatches(params, runMetrics(draft))) {
      await client.call({ method: "POST", path: "mlflow/runs/log-batch", json: { run_id: id, ...batch } });
    }
  }

  return {
    async begin(draft, registration) {
      const given = await existing(draft.lineage.runId);
      const run = given ?? (await create(draft, registration));
      const { run_id: id, artifact_uri: artifactUri } = runInfo(run.get("info"));
      await log(run, id, draft);
      return { id, artifactUri, own: given === undefined };
    },
    async end({ id }, status, at) {
      await client.call({
        method: "POST",
        path: "mlflow/runs/update",
        json: { run_id: id, status, end_time: at.getTime() },
      });
    },
    async remove(id, registration) {
      const run = (await client.find({ method: "GET", path: "mlflow/runs/get", query: { run_id: id } }))?.get("run");
      if (run === undefined || run.get("info").get("lifecycle_stage").value !== "active") return;
      if (readTags(run.get("data").get("tags")).get(versionTag.registration) !== registration) return;
      await client.find({ method: "POST", path: "mlflow/runs/delete", json: { run_id: id } });
    },
  };
}

/** Lineage, under MLflow's own names if they exist. */
function runTags(
  { contentHash, by, lineage }: VersionDraft,
  model: string,
  registration: string,
): Record<string, string> {
  const { dataHash, gitCommit, parent, runId, trainedBy, trainedWhere } = lineage;
  return {
    [versionTag.registration]: registration,
    [versionTag.contentHash]: contentHash,
    "churnkit.model": model,
    "churnkit.data_hash": dataHash,
    "mlflow.user": trainedBy ?? by,
    "mlflow.source.name": trainedWhere ?? "churnkit",
    ...(gitCommit === undefined ? {} : { "mlflow.source.git.commit": gitCommit }),
    ...(parent === undefined ? {} : { "churnkit.parent": String(parent) }),
    ...(runId === undefined ? {} : { "churnkit.run_id": runId }),
  };
}
