import { canonicalJson, parseJson } from "../../../base/json/index.js";
import type { PipelineDefinition } from "../../aws/pipeline/definition.js";
import { tagsOf } from "../../aws/target.js";
import { awsErrorMessage, orMissing } from "../call-failed.js";
import { onceVisible } from "../patiently.js";
import type { AwsSession } from "../session.js";

/** Where a pipeline is, and as whom it runs. */
export interface PipelinePlace {
  readonly name: string;
  readonly role: string;
}

type Upserted = "created" | "updated" | "unchanged";

/** Creates a pipeline, or updates it if it is another one. */
export async function upsertPipeline(
  session: AwsSession,
  { name, role }: PipelinePlace,
  definition: PipelineDefinition,
): Promise<Upserted> {
  const request = { PipelineName: name, PipelineDefinition: JSON.stringify(definition), RoleArn: role };
  const described = () => session.call("sagemaker", "DescribePipeline", { PipelineName: name });
  let found = await orMissing(described());
  if (found === undefined) {
    try {
      await session.call("sagemaker", "CreatePipeline", { ...request, Tags: tagsOf(session.target) });
      return "created";
    } catch (error) {
      // Someone else was faster, or the answer to an earlier try was lost.
      if (!/already exists/.test(awsErrorMessage(error))) throw error;
      found = await onceVisible(session, described);
    }
  }
  if (found.RoleArn === role && isSame(found.PipelineDefinition, definition)) return "unchanged";
  await session.call("sagemaker", "UpdatePipeline", request);
  return "updated";
}

/** SageMaker may write the same definition in another way. */
function isSame(text: string | undefined, definition: PipelineDefinition): boolean {
  try {
    return canonicalJson(parseJson(text ?? "")) === canonicalJson(definition);
  } catch {
    return false;
  }
}
