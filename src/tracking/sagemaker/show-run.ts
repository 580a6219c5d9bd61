import type { TrialComponentArtifact, TrialComponentParameterValue } from "@aws-sdk/client-sagemaker";
import type { RunEntry } from "../runs/entries.js";
import type { RunRecord } from "../runs/record.js";
import type { Experiments } from "./connection.js";
import { putMetrics } from "./put-metrics.js";

/** SageMaker's limits. */
const most = { parameters: 299, text: 2_500, artifacts: 60, address: 2_048, name: 120 } as const;
/** The last entry whose metrics have been sent. */
const sequenceName = "churnkit.sequence";

const statuses = { running: "InProgress", finished: "Completed", failed: "Failed", killed: "Stopped" } as const;

/** Shows runs in SageMaker: a trial for a run and those nested in it, a trial component for each. */
export interface RunShow {
  /** Makes SageMaker show the run as it is, and the values of metrics among the entries. */
  show(run: RunRecord, entries: readonly RunEntry[], signal: AbortSignal): Promise<void>;
}

/** @param locationOf the address of an artifact. */
export function runShow(experiments: Experiments, locationOf: (run: RunRecord, artifact: string) => string): RunShow {
  const { client, sdk, call } = experiments;
  const shown = new Map<string, number>();

  /** Runs a call that makes something; that it is there already is as good. */
  async function ensure(operation: string, make: () => Promise<unknown>): Promise<void> {
    await call(operation, async () => {
      try {
        await make();
      } catch (error) {
        if (!(error instanceof Error && /already exist|already associated|must be unique/i.test(error.message)))
          throw error;
      }
    });
  }

  /** Makes what the run needs; gives the sequence that SageMaker has of it. */
  async function open(run: RunRecord, signal: AbortSignal): Promise<number> {
    const { id, experiment, parent } = run;
    const trial = parent ?? id;
    const options = { abortSignal: signal };
    const present = await find(id, signal);
    if (present === undefined) {
      const commit = run.tags["git.commit"];
      await ensure("CreateExperiment", () =>
        client.send(new sdk.CreateExperimentCommand({ ExperimentName: experiment }), options),
      );
      await ensure("CreateTrial", () =>
        client.send(new sdk.CreateTrialCommand({ TrialName: trial, ExperimentName: experiment }), options),
      );
      await ensure("CreateTrialComponent", () =>
        client.send(
          new sdk.CreateTrialComponentCommand({
            TrialComponentName: id,
            DisplayName: displayName(run),
            StartTime: new Date(run.startedAt),
            Status: { PrimaryStatus: "InProgress" },
            ...(commit === undefined ? {} : { MetadataProperties: { CommitId: commit } }),
          }),
          options,
        ),
      );
    }
    // A kill may have come between the two.
    await ensure("AssociateTrialComponent", () =>
      client.send(new sdk.AssociateTrialComponentCommand({ TrialName: trial, TrialComponentName: id }), options),
    );
    return present ?? 0;
  }

  /** The sequence of a component; undefined if there is none. */
  const find = (id: string, signal: AbortSignal): Promise<number | undefined> =>
    call("DescribeTrialComponent", async () => {
      try {
        const { Parameters = {} } = await client.send(
          new sdk.DescribeTrialComponentCommand({ TrialComponentName: id }),
          { abortSignal: signal },
        );
        return Parameters[sequenceName]?.NumberValue ?? 0;
      } catch (error) {
        if (
          error instanceof Error &&
          (error.name === "ResourceNotFound" || /not exist|not found|could not find/i.test(error.message))
        )
          return undefined;
        throw error;
      }
    });

  return {
    async show(run, entries, signal) {
      const sequence = shown.get(run.id) ?? (await open(run, signal));
      const fresh = entries.filter((entry) => entry.sequence > sequence);
      const last = fresh.at(-1);
      if (last === undefined) return;
      const values = fresh.flatMap(({ event }) => (event.kind === "metric" ? [event] : []));
      shown.delete(run.id);
      await putMetrics(experiments, run.id, values, signal);
      await call("UpdateTrialComponent", () =>
        client.send(new sdk.UpdateTrialComponentCommand(componentOf(run, last.sequence, locationOf)), {
          abortSignal: signal,
        }),
      );
      if (run.endedAt === undefined) shown.set(run.id, last.sequence);
    },
  };
}

/** Names in SageMaker have letters, digits and hyphens. */
const displayName = ({ name, id }: RunRecord): string =>
  name
    .replace(/[^A-Za-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, most.name)
    .replace(/-+$/, "") || id;

/** The whole of a component: an update replaces what there was. */
function componentOf(run: RunRecord, sequence: number, locationOf: (run: RunRecord, artifact: string) => string) {
  const { id, status, endedAt, parameters, tags, artifacts, inputs } = run;
  const named = [
    ...Object.entries(parameters),
    ...Object.entries(tags).map(([name, value]) => [`tag.${name}`, value] as const),
  ];
  const shownParameters = named.slice(0, most.parameters).map(([name, value]) => [name, parameterOf(value)] as const);
  return {
    TrialComponentName: id,
    DisplayName: displayName(run),
    Status: { PrimaryStatus: statuses[status] },
    ...(endedAt === undefined ? {} : { EndTime: new Date(endedAt) }),
    Parameters: Object.fromEntries([...shownParameters, [sequenceName, { NumberValue: sequence }]]),
    OutputArtifacts: Object.fromEntries(
      artifacts
        .slice(0, most.artifacts)
        .map(({ name, contentType }) => [name.slice(-128), artifactOf(locationOf(run, name), contentType)]),
    ),
    InputArtifacts: Object.fromEntries(
      inputs
        .slice(0, most.artifacts)
        .map(({ name, source, hash }) => [
          name.slice(0, 128),
          artifactOf(source ?? `sha256:${hash}`, "application/octet-stream"),
        ]),
    ),
  };
}

const artifactOf = (address: string, contentType: string): TrialComponentArtifact => ({
  MediaType: /^[-\w]+\/[-\w+]+/.exec(contentType)?.[0] ?? "application/octet-stream",
  Value: address.slice(0, most.address),
});

/** Numbers as numbers, so that SageMaker can plot them. */
const parameterOf = (value: string): TrialComponentParameterValue =>
  value.trim() !== "" && Number.isFinite(Number(value))
    ? { NumberValue: Number(value) }
    : { StringValue: value.replace(/[\r\n]/g, " ").slice(0, most.text) };
