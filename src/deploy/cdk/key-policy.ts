import { PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { Key } from "aws-cdk-lib/aws-kms";
import { type AwsTarget, arnOf, nameOf } from "../aws/target.js";

/**
 * Lets services of AWS use the key for what bears the target's name. Roles of the account need no word here: their own policies allow them.
 */
export function letServicesUse(key: Key, target: AwsTarget): void {
  const name = nameOf(target);
  const groups = ["/aws/lambda", "/aws/sagemaker/Endpoints", "/aws/vendedlogs/states"];
  key.addToResourcePolicy(
    new PolicyStatement({
      sid: "Logs",
      principals: [new ServicePrincipal(`logs.${target.region}.amazonaws.com`)],
      actions: ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"],
      resources: ["*"],
      conditions: {
        ArnLike: {
          "kms:EncryptionContext:aws:logs:arn": groups.map((group) =>
            arnOf(target, "logs", `log-group:${group}/${name}*`),
          ),
        },
      },
    }),
  );
  key.addToResourcePolicy(
    new PolicyStatement({
      sid: "Messages",
      principals: ["cloudwatch", "budgets"].map((service) => new ServicePrincipal(`${service}.amazonaws.com`)),
      actions: ["kms:Decrypt", "kms:GenerateDataKey*"],
      resources: ["*"],
      conditions: { StringEquals: { "aws:SourceAccount": target.account } },
    }),
  );
  key.addToResourcePolicy(
    new PolicyStatement({
      sid: "Trail",
      principals: [new ServicePrincipal("cloudtrail.amazonaws.com")],
      actions: ["kms:DescribeKey", "kms:GenerateDataKey*"],
      resources: ["*"],
      conditions: { StringEquals: { "aws:SourceArn": arnOf(target, "cloudtrail", `trail/${name}`) } },
    }),
  );
}
