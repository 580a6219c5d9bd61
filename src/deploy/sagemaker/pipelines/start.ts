import { ChurnkitError } from "../../../base/errors.js";
import { textHash } from "../../../base/hash.js";
import { sagemakerArn } from "../../aws/target.js";
import { allPages } from "../all-pages.js";
import type { AwsSession } from "../session.js";

/** Values of a pipeline's parameters by their names. */
type Values = Readonly<Record<string, string | number | boolean>>;

/** Starts an execution, or finds the one of that name; returns its ARN. */
export async function startExecution(
  session: AwsSession,
  pipeline: string,
  name: string,
  parameters: Values,
): Promise<string> {
  if (name.length > 82 || !/^[a-zA-Z0-9](-*[a-zA-Z0-9])*$/.test(name))
    throw refused(
      name,
      "cannot be named so: SageMaker takes at most 82 letters, digits and hyphens. Give another name",
    );
  const pages = await allPages((NextToken) =>
    session.call("sagemaker", "ListPipelineExecutions", { PipelineName: pipeline, MaxResults: 100, NextToken }),
  );
  const known = pages
    .flatMap(({ PipelineExecutionSummaries = [] }) => PipelineExecutionSummaries)
    .find(({ PipelineExecutionDisplayName }) => PipelineExecutionDisplayName === name)?.PipelineExecutionArn;
  if (known !== undefined) {
    await checkSame(session, known, name, parameters);
    return known;
  }
  const { PipelineExecutionArn = "" } = await session.call("sagemaker", "StartPipelineExecution", {
    PipelineName: pipeline,
    PipelineExecutionDisplayName: name,
    PipelineParameters: Object.entries(parameters).map(([Name, value]) => ({ Name, Value: String(value) })),
    // Two that start it at the same time get the same execution, and so does one that lost the answer.
    ClientRequestToken: textHash(`${sagemakerArn(session.target, `pipeline/${pipeline}`)} ${name}`),
  });
  return PipelineExecutionArn;
}

/** An execution that is taken up again must have the parameters that are given now. */
async function checkSame(session: AwsSession, arn: string, name: string, parameters: Values): Promise<void> {
  const pages = await allPages((NextToken) =>
    session.call("sagemaker", "ListPipelineParametersForExecution", { PipelineExecutionArn: arn, NextToken }),
  );
  const there = new Map(
    pages.flatMap(({ PipelineParameters = [] }) => PipelineParameters).map(({ Name, Value }) => [Name, Value]),
  );
  const differences = Object.entries(parameters).flatMap(([parameter, value]) =>
    there.get(parameter) === String(value)
      ? []
      : [`${parameter} is ${there.get(parameter) ?? "missing"} there and ${value} here`],
  );
  if (differences.length > 0)
    throw refused(name, `exists with other parameters: ${differences.join(", ")}. Give another name`);
}

const refused = (name: string, what: string): ChurnkitError =>
  new ChurnkitError("OPTION_INVALID", `The execution ${JSON.stringify(name)} of the pipeline ${what}.`, {
    where: { value: name },
  });
