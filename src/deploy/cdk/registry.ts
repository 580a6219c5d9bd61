import { ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { Construct } from "constructs";
import type { PipelineDefinition } from "../aws/pipeline/definition.js";
import { type AwsTarget, nameOf, tagsOf } from "../aws/target.js";
import { defined } from "./defined.js";
import { type References, textReferring } from "./references.js";
import { roleFor } from "./roles.js";

/** The group of the model's versions. */
export const groupOf = (scope: Construct, target: AwsTarget, group: string): void =>
  void defined(scope, "Group", "AWS::SageMaker::ModelPackageGroup", {
    ModelPackageGroupName: group,
    ModelPackageGroupDescription: `Versions of the model of ${nameOf(target)}`,
    Tags: tagsOf(target),
  });

/** A pipeline of SageMaker with a role of its own. */
export function pipelineOf(
  scope: Construct,
  target: AwsTarget,
  definition: PipelineDefinition,
  group: string,
  references: References,
): void {
  const name = nameOf(target, "pipeline");
  const role = roleFor(scope, "PipelineRole", {
    target,
    allowed: "pipeline",
    assumedBy: new ServicePrincipal("sagemaker.amazonaws.com"),
    name,
    references,
    group,
  });
  defined(scope, "Pipeline", "AWS::SageMaker::Pipeline", {
    PipelineName: nameOf(target),
    PipelineDefinition: { PipelineDefinitionBody: textReferring(definition, references) },
    RoleArn: role.roleArn,
    Tags: tagsOf(target),
  });
}
