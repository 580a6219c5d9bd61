import {
  compilePipeline,
  compileStateMachine,
  pipelineDefinition,
  type PipelineDefinition,
  pipelineMachine,
  refs,
  steps,
} from "../../../src/deploy/aws/index.js";
import { definitionIn } from "../../../src/rehearsal/sagemaker/pipelines/definition.js";
import { awsTarget, securedTarget } from "../../helpers/aws-target.js";
import { judgedGraph } from "../../helpers/judged-graph.js";
import { stepProblems } from "../../helpers/pipeline-steps.js";
import { own, taskProblems, topic, validator } from "../../helpers/state-machines.js";
import type { Checker, Definition } from "./definition.js";
import { training } from "./jobs.js";

const pipeline = pipelineDefinition({
  parameters: { Uri: { type: "String", default: "s3://churn-data/raw/a.csv" } },
  steps: [
    steps.processing(
      "Prepare",
      awsTarget,
      {
        instanceType: "ml.m5.large",
        inputs: { file: { uri: refs.parameter("Uri") } },
        outputs: { rows: { uri: "s3://churn-data/rows" } },
      },
      { files: { report: { output: "rows", path: "report.json" } }, cache: "P30D" },
    ),
    steps.condition(
      "Gate",
      [{ type: "GreaterThanOrEqualTo", left: refs.jsonGet("Prepare", "report", "f1"), right: 0.79 }],
      {
        if: [
          steps.training("Train", awsTarget, {
            ...training,
            channels: { train: { uri: refs.output("Prepare", "rows") } },
          }),
        ],
        else: [steps.fail("Refused", "F1 is too low.")],
      },
    ),
  ],
});
const inputs = { customers: "s3://churn-data/raw/customers.csv" };
const machine = compileStateMachine(judgedGraph("train-1", 0.6), awsTarget, { inputs, topic });
const starting = pipelineMachine(pipeline, awsTarget, { topic });
const states = { validator, own, model: taskProblems } as Readonly<Record<string, Checker>>;
const pipelines: Readonly<Record<string, Checker>> = {
  model: ({ Steps }: PipelineDefinition) => stepProblems(Steps),
  rehearsal: (definition) => {
    try {
      definitionIn(JSON.stringify(definition));
      return [];
    } catch (error) {
      return [String(error)];
    }
  },
};

export const workflows: Readonly<Record<string, Definition>> = {
  pipeline: {
    by: ["pipelineDefinition"],
    made: pipeline,
    checkers: pipelines,
    faults: [
      ["an argument of another kind", "Steps.0.Arguments.ProcessingResources.ClusterConfig.InstanceCount", "1", "model", /InstanceCount/], // prettier-ignore
      ["an argument that is left out", "Steps.1.Arguments.IfSteps.0.Arguments.OutputDataConfig", undefined, "model", /OutputDataConfig/], // prettier-ignore
      ["an unknown kind of step", "Steps.0.Type", "Process", "rehearsal", /Type/],
      ["a name that a job gets itself", "Steps.0.Arguments.ProcessingJobName", "x", "rehearsal", /ProcessingJobName/],
      ["a step that is not there", "Steps.0.DependsOn", ["Prepair"], "rehearsal", /Prepair/],
      ["steps that wait for each other", "Steps.0.DependsOn", ["Gate"], "rehearsal", /wait for each other/],
      ["two steps of one name", "Steps.1.Arguments.IfSteps.0.Name", "Prepare", "rehearsal", /unique/],
      ["a parameter of nobody", "Parameters.0.Name", "Url", "rehearsal", /Parameters.Uri/],
      ["a file of nobody", "Steps.0.PropertyFiles.0.PropertyFileName", "reports", "rehearsal", /report/],
      ["a duration that is none", "Steps.0.CacheConfig.ExpireAfter", "30 days", "rehearsal", /ExpireAfter/],
    ],
  },
  "compiled-pipeline": {
    by: ["compilePipeline"],
    made: compilePipeline(judgedGraph("train-1", 0.6), securedTarget, { inputs }),
    checkers: pipelines,
    faults: [
      [
        "no container's arguments",
        "Steps.0.Arguments.AppSpecification.ContainerArguments",
        [],
        "model",
        /ContainerArguments/,
      ],
      ["an unknown kind of instance", "Steps.0.Arguments.ProcessingResources.ClusterConfig.InstanceType", "m5", "model", /InstanceType/], // prettier-ignore
      ["a step under another name", "Steps.0.Name", "Ingest2", "rehearsal", /Unknown property reference Steps/],
      ["a parameter of nobody", "Parameters.0.Name", "Other", "rehearsal", /Unknown property reference Parameters/],
    ],
  },
  "compiled-machine": {
    by: ["compileStateMachine", "stateMachine"],
    made: machine,
    checkers: states,
    faults: [
      ["a start that is not there", "StartAt", "Begin", "validator", /Begin/],
      ["no time-out", "States.train-1.TimeoutSeconds", undefined, "own", /no TimeoutSeconds/],
      [
        "a typo in a resource",
        "States.train-1.Resource",
        "arn:aws:states:::sagemaker:createTrainJob.sync",
        "own",
        /resource/,
      ],
      ["an unknown parameter", "States.train-1.Parameters.Spot", true, "model", /Spot/],
    ],
  },
  "pipeline-machine": {
    by: ["pipelineMachine"],
    made: starting,
    checkers: states,
    faults: [
      ["a state that is not there", "States.Take defaults.Next", "Wayt", "validator", /Wayt/],
      ["no time-out", "States.Start.TimeoutSeconds", undefined, "own", /no TimeoutSeconds/],
      ["an unknown parameter", "States.Start.Parameters.Pipeline", "x", "model", /Pipeline/],
    ],
  },
};
