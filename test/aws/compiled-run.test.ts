import { cpSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { expect, it } from "vitest";
import { runContainer } from "../../src/container/run-container.js";
import { compilePipeline } from "../../src/deploy/aws/index.js";
import { openBundle, packArchive } from "../../src/model/bundle/index.js";
import { csv, filesOf, records } from "../container/root.js";
import { awsTarget } from "../helpers/aws-target.js";
import { judgedGraph } from "../helpers/judged-graph.js";
import { newFolder } from "../helpers/folder.js";
import { flatSteps, type Step } from "../helpers/pipeline-steps.js";

const root = newFolder();

const { Steps } = compilePipeline(judgedGraph("train", 0.5), awsTarget, {
  inputs: { customers: "s3://churn-data/raw/customers.csv" },
});

/** A bucket's object or prefix, as a file or folder. */
const inBucket = (uri: string): string => join(root, "s3", uri.replace("s3://", ""));
/** A path of the container, for the job of a step. */
const inJob = (step: string, path: string): string => join(root, "jobs", step, path.replace("/opt/ml/", ""));
const logs = new Map<string, string>();

/** The member of a step's arguments at a path such as `A.B['name'].C`. */
function at(value: unknown, path: string): unknown {
  const keys = path.split(/\.|\['|'\]\.?/).filter((key) => key !== "");
  return keys.reduce<unknown>((inner, key) => {
    if (Array.isArray(inner)) return inner.find((item: Record<string, unknown>) => item["OutputName"] === key);
    return (inner as Record<string, unknown>)[key];
  }, value);
}

/** What SageMaker puts in place of references, as far as this pipeline has them. */
function resolved(value: unknown): string {
  if (typeof value !== "object" || value === null) return String(value);
  const { Get, ["Std:Join"]: join_ } = value as { Get?: string; "Std:Join"?: { On: string; Values: unknown[] } };
  if (join_ !== undefined) return join_.Values.map(resolved).join(join_.On);
  if (Get === "Parameters.CustomersUri") return "s3://churn-data/raw/customers.csv";
  if (Get === "Execution.PipelineExecutionId") return "e1";
  const [, name = "", path = ""] = /^Steps\.(\w+)\.(.*)$/.exec(Get ?? "") ?? [];
  const step = Steps.find(({ Name }) => Name === name);
  if (path !== "ModelArtifacts.S3ModelArtifacts") return resolved(at(step?.Arguments, path));
  return `${resolved(at(step?.Arguments, "OutputDataConfig.S3OutputPath"))}/${name}/output/model.tar.gz`;
}

async function container(step: string, words: readonly string[]): Promise<void> {
  let [out, err] = ["", ""];
  const code = await runContainer(words, {
    root: inJob(step, ""),
    env: {},
    stdout: { write: (text: string) => (out += text) },
    stderr: { write: (text: string) => (err += text) },
  });
  expect(code, err).toBe(0);
  logs.set(step, out);
}

/** Copies an object or all below a prefix into a folder, as SageMaker does. */
function download(uri: string, folder: string): void {
  mkdirSync(folder, { recursive: true });
  const from = inBucket(uri);
  cpSync(from, statSync(from).isDirectory() ? folder : join(folder, basename(from)), { recursive: true });
}

async function process({ Name, Arguments }: Step): Promise<void> {
  for (const { S3Input } of Arguments["ProcessingInputs"] as { S3Input: { S3Uri: unknown; LocalPath: string } }[])
    download(resolved(S3Input.S3Uri), inJob(Name, S3Input.LocalPath));
  const { ContainerEntrypoint, ContainerArguments = [] } = Arguments["AppSpecification"] as {
    ContainerEntrypoint: string[];
    ContainerArguments?: string[];
  };
  const [program, ...words] = [...ContainerEntrypoint, ...ContainerArguments];
  expect(program).toBe("churnkit-container");
  await container(Name, words);
  const { Outputs } = Arguments["ProcessingOutputConfig"] as {
    Outputs: { S3Output: { S3Uri: unknown; LocalPath: string } }[];
  };
  for (const { S3Output } of Outputs)
    cpSync(inJob(Name, S3Output.LocalPath), inBucket(resolved(S3Output.S3Uri)), { recursive: true });
}

async function train({ Name, Arguments }: Step): Promise<void> {
  const channels = Arguments["InputDataConfig"] as {
    ChannelName: string;
    DataSource: { S3DataSource: { S3Uri: unknown } };
  }[];
  for (const { ChannelName, DataSource } of channels)
    download(resolved(DataSource.S3DataSource.S3Uri), inJob(Name, `input/data/${ChannelName}`));
  mkdirSync(inJob(Name, "input/config"), { recursive: true });
  writeFileSync(inJob(Name, "input/config/hyperparameters.json"), JSON.stringify(Arguments["HyperParameters"]));
  await container(Name, ["train"]);
  const archive = inBucket(resolved({ Get: `Steps.${Name}.ModelArtifacts.S3ModelArtifacts` }));
  mkdirSync(dirname(archive), { recursive: true });
  writeFileSync(archive, await packArchive(filesOf(inJob(Name, "model"))));
}

it("runs in the container, step by step: each finds what the one before has left, and conditions find their numbers", async () => {
  const raw = inBucket("s3://churn-data/raw/customers.csv");
  mkdirSync(dirname(raw), { recursive: true });
  writeFileSync(raw, csv(records));
  for (const step of Steps) {
    if (step.Type === "Processing") await process(step);
    if (step.Type === "Training") await train(step);
  }

  const condition = Steps.at(-1)?.Arguments as { Conditions: { LeftValue: Record<string, unknown> }[] };
  const [evaluated, trained] = condition.Conditions.map(({ LeftValue }) => LeftValue);
  // By the property file of the processing step.
  expect(evaluated).toEqual({
    "Std:JsonGet": { PropertyFile: { Get: "Steps.evaluate.PropertyFiles.report" }, Path: "auc" },
  });
  const [file] = Steps.find(({ Name }) => Name === "evaluate")?.PropertyFiles ?? [];
  const folder = inBucket(resolved({ Get: "Steps.evaluate.ProcessingOutputConfig.Outputs['report'].S3Output.S3Uri" }));
  const { auc } = JSON.parse(readFileSync(join(folder, file?.FilePath ?? ""), "utf8")) as { auc: number };
  expect(auc).toBeGreaterThan(0.6);
  // By the log of the training.
  expect(trained).toEqual({ Get: "Steps.train.FinalMetricDataList['validation:auc'].Value" });
  const { MetricDefinitions } = Steps.find(({ Name }) => Name === "train")?.Arguments["AlgorithmSpecification"] as {
    MetricDefinitions: { Name: string; Regex: string }[];
  };
  const { Regex = "" } = MetricDefinitions.find(({ Name }) => Name === "validation:auc") ?? {};
  expect(Number(new RegExp(Regex).exec(logs.get("train") ?? "")?.[1])).toBeGreaterThan(0.6);

  const register = flatSteps(Steps).find(({ Name }) => Name === "register");
  const quality = resolved(at(register?.Arguments, "ModelMetrics.ModelQuality.Statistics.S3Uri"));
  expect(existsSync(inBucket(quality))).toBe(true);
  const [packed] = at(register?.Arguments, "InferenceSpecification.Containers") as { ModelDataUrl: unknown }[];
  const { artifact } = await openBundle(readFileSync(inBucket(resolved(packed?.ModelDataUrl))));
  expect(artifact.contract.target?.column).toBe("churn");
}, 60_000);
