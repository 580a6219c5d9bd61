/** A role and an action of its policies, such as `retrain s3:PutObject`. */
type Pair = string;

/** Why the example's run does not use an action, by the first pattern that fits a role and an action. */
const reasons: readonly (readonly [RegExp, string])[] = [
  [
    /^\S+ (ecr|kms|xray):|^execution (logs|cloudwatch):|^(?!team)\S+ logs:|^team logs:(Create|Put)|^\S+ sqs:/,
    "AWS does it itself on behalf of the role: no request for it arrives here",
  ],
  [/ sts:/, "Everybody may do it, with any policy"],
  [/ s3:ListBucket$/, "S3 needs it to say that an object is missing, instead of a denial; the rehearsal does not"],
  [
    / s3:(AbortMultipartUpload|ListMultipartUploadParts)$/,
    "Of objects that are sent in parts, which are larger than those here",
  ],
  [
    / (s3:DeleteObject|sagemaker:(Delete|ListEndpoint|ListModels)|cloudwatch:DeleteAlarms)/,
    "Nothing is pruned or removed",
  ],
  [/:Stop/, "Nothing is stopped"],
  [
    /^(ingestion|monitor|retrain) cloudwatch:PutMetricData$/,
    "Here functions print their metrics; other sinks send them",
  ],
  [/ (application-autoscaling:|cloudwatch:(PutMetricAlarm|TagResource))/, "The endpoint does not scale"],
  [/^evaluation /, "The pipeline measures the model itself, so that this function is not called"],
  [/^states (events|iam|s3|sagemaker):/, "The state machine starts a pipeline, not jobs"],
  [/^pipeline /, "The pipeline tunes: it does not train alone, transform, make a model or call a function"],
  [/^retrain (sagemaker|states|s3):/, "A retraining is started as a state machine, and found by its name"],
  [/^approved states:ListExecutions$/, "A release is started by its name"],
  [/^release-step cloudwatch:DescribeAlarms$/, "The release moves traffic by weights, not by guardrails"],
  [/^release-step sagemaker:/, "Its versions were registered by the pipeline"],
  [/^team /, "The function releases; the team approves and looks at what it needs"],
];

const reasonOf = (pair: Pair): string => {
  const found = reasons.find(([pattern]) => pattern.test(pair));
  if (found === undefined) throw new Error(`${pair} is granted and not used. Give a reason, or use it.`);
  return found[1];
};

/** A list of actions that are granted and not used, as the page of permissions shows it. */
export function unusedList(pairs: readonly Pair[]): string {
  const lines: string[] = [];
  for (const [, reason] of reasons) {
    const byAction = new Map<string, string[]>();
    for (const pair of pairs.filter((each) => reasonOf(each) === reason)) {
      const [role = "", action = ""] = pair.split(" ");
      byAction.set(action, [...(byAction.get(action) ?? []), role].sort());
    }
    if (byAction.size === 0) throw new Error(`Every action of "${reason}" is used. Remove the reason.`);
    lines.push(`- ${reason}:`);
    const byRoles = new Map<string, string[]>();
    for (const [action, roles] of [...byAction].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const all = roles.map((role) => `\`${role}\``).join(", ");
      byRoles.set(all, [...(byRoles.get(all) ?? []), `\`${action}\``]);
    }
    for (const [roles, actions] of [...byRoles].sort(([a], [b]) => (a < b ? -1 : 1)))
      lines.push(`  - ${roles}: ${actions.join(", ")}`);
  }
  return lines.join("\n");
}
