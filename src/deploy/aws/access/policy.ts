import { oneOf, optional, strictObject, text, withDefault } from "../../../base/json/index.js";
import { s3StorePolicy } from "../../../io/store/s3/store.js";
import { sagemakerRegistryPolicy } from "../../../registry/backends/sagemaker/index.js";
import { decodeWith } from "../decode.js";
import { type AwsTarget, nameOf, parseAwsTarget } from "../target.js";
import { type CallName, type Calls, calls } from "./calls.js";
import { placeOf, type Place } from "./place.js";

interface Role {
  readonly calls: readonly CallName[];
  /** Objects in the target's bucket. */
  readonly objects?: "read" | "write";
  /** May register versions. */
  readonly registers?: true;
}

const roles = {
  /** What SageMaker takes on for jobs and endpoints: the target's `role`. */
  execution: {
    objects: "write",
    calls: [
      "PullImage",
      "LogInToRegistry",
      "WriteJobLogs",
      "PutJobMetrics",
      "ReadAlarms",
      "EncryptVolumes",
      "DescribeKey",
      "JoinNetwork",
      "KeepInterfaces",
      "UseNetwork",
    ],
  },
  pipeline: {
    objects: "write",
    registers: true,
    calls: [
      "PassExecutionRole",
      "CreateByTags",
      "TagNew",
      "FollowByTags",
      "CallFunctions",
      "EncryptVolumes",
      "DescribeKey",
    ],
  },
  states: {
    // Reads the metrics that a step wrote.
    objects: "read",
    registers: true,
    calls: [
      "PassExecutionRole",
      "CreateByTags",
      "TagNew",
      "FollowByTags",
      "ManageRules",
      "RunPipelines",
      "FollowPipelines",
      "CallFunctions",
      "Notify",
      "EncryptVolumes",
      "DescribeKey",
    ],
  },
  jobs: {
    objects: "read",
    calls: [
      "NameAccount",
      "PassExecutionRole",
      "StartJobs",
      "FollowJobs",
      "TagNew",
      "ReadLogs",
      "EncryptVolumes",
      "DescribeKey",
    ],
  },
  pipelines: {
    calls: [
      "NameAccount",
      "PassExecutionRole",
      "PassPipelineRole",
      "WritePipelines",
      "RunPipelines",
      "FindExecutions",
      "ReadParameters",
      "FollowPipelines",
    ],
  },
  release: {
    objects: "write",
    registers: true,
    calls: [
      "NameAccount",
      "WriteFunctionLogs",
      "PassExecutionRole",
      "CreateServing",
      "ChangeServing",
      "ListServing",
      "Invoke",
      "ReadAlarms",
      "ReadMetrics",
      "Scale",
      "ReadScaling",
      "TagScaling",
      "KeepWakeAlarm",
      "EncryptVolumes",
      "DescribeKey",
    ],
  },
  ingestion: {
    objects: "write",
    calls: ["WriteFunctionLogs", "PutMetrics", "ReadQueues", "ReadVersions", "SendDeadLetters"],
  },
  validation: { objects: "read", calls: ["WriteFunctionLogs"] },
  evaluation: { objects: "read", calls: ["WriteFunctionLogs", "ReadPackages"] },
  monitor: { objects: "write", calls: ["WriteFunctionLogs", "PutMetrics"] },
  retrain: {
    objects: "write",
    calls: [
      "NameAccount",
      "WriteFunctionLogs",
      "PutMetrics",
      "ReadAlarms",
      "StartMachines",
      "FollowMachines",
      "RunPipelines",
      "FollowPipelines",
      "SendDeadLetters",
    ],
  },
  approved: { calls: ["NameAccount", "WriteFunctionLogs", "StartMachines", "SendDeadLetters"] },
  tracking: { objects: "write", calls: ["TrackRuns"] },
  reader: {
    objects: "read",
    calls: ["ReadServing", "ReadPackages", "ReadAlarms", "ReadDashboard", "ReadMetrics", "ReadLogs"],
  },
} satisfies Record<string, Role>;

/** Who acts. */
type RoleName = keyof typeof roles;

interface Statement {
  readonly Sid: string;
  readonly Effect: "Allow";
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/** A policy document of IAM. */
interface Policy {
  readonly Version: "2012-10-17";
  readonly Statement: readonly Statement[];
}

const fields = strictObject({ group: optional(text(63)), namespace: withDefault(text(255), "Churnkit") });
const roleNames = Object.keys(roles) as RoleName[];

/**
 * The least permissions of a role in a target, as a policy document. Everything that bears the target's name is within its reach,
 * nothing else is, and `*` is the resource only of calls that know no other.
 *
 * - `execution`: what SageMaker takes on for jobs and endpoints, the target's `role`
 * - `pipeline`: a SageMaker pipeline; `states`: a state machine of Step Functions
 * - `jobs`: whoever starts jobs and waits for them
 * - `pipelines`: whoever writes, starts and watches pipelines
 * - `release`: whoever approves versions, makes models, configurations and endpoints, and moves traffic
 * - `ingestion`, `validation`, `evaluation`, `monitor`, `retrain`, `approved`: the functions of Lambda
 * - `tracking`: whoever trains with `sagemakerTracker`, in experiments that bear the target's name
 * - `reader`: a person who looks
 *
 * @throws ChurnkitError OPTION_INVALID.
 *
 * @example
 * ```ts
 * import { parseAwsTarget, policyFor } from "churnkit/deploy/aws";
 *
 * const target = parseAwsTarget({
 *   name: "churn",
 *   stage: "dev",
 *   account: "123456789012",
 *   region: "us-east-1",
 *   image: "123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1",
 *   role: "arn:aws:iam::123456789012:role/churn",
 *   bucket: "churn-data",
 * });
 * const { Statement } = policyFor("release", target);
 * const pass = Statement.find(({ Sid }) => Sid === "PassExecutionRole");
 * console.assert(pass?.Resource[0] === target.role);
 * ```
 */
export function policyFor(
  role: RoleName,
  json: AwsTarget,
  options: {
    /** The model package group of the registry. Default: the target's name, `churn-dev`. */
    readonly group?: string | undefined;
    /** Namespace of the monitors' metrics. Default `Churnkit`. */
    readonly namespace?: string | undefined;
  } = {},
): Policy {
  const page = "docs/aws-access.md";
  const target = parseAwsTarget(json);
  const name = decodeWith(oneOf(roleNames), role, "The role", "role", page);
  const { group = nameOf(target), namespace } = decodeWith(
    fields,
    options,
    "The description of the policy",
    "options",
    page,
  );
  const place = placeOf(target, group, namespace);
  const { calls: rows, objects, registers }: Role = roles[name];
  return {
    Version: "2012-10-17",
    Statement: [
      ...(objects === undefined ? [] : objectStatements(place, objects === "read")),
      ...(registers === undefined ? [] : packageStatements(place)),
      ...rows.flatMap((row) => statementOf(row, calls[row], place)),
    ],
  };
}

function statementOf(Sid: CallName, { actions: Action, on, when, needs }: Calls, place: Place): Statement[] {
  if (needs !== undefined && place.target[needs] === undefined) return [];
  const Resource = typeof on === "string" ? ["*"] : on(place);
  return [{ Sid, Effect: "Allow", Action, Resource, ...(when && { Condition: when(place) }) }];
}

const objectStatements = ({ target, partition }: Place, readOnly: boolean): Statement[] =>
  s3StorePolicy({
    bucket: target.bucket,
    prefix: nameOf(target),
    kmsKeyArn: target.kmsKey,
    readOnly,
    partition,
  }).Statement.map((statement) => ({ ...statement, Resource: [statement.Resource] }));

const packageStatements = ({ target, partition, group }: Place): readonly Statement[] =>
  sagemakerRegistryPolicy({ name: group, region: target.region, accountId: target.account, partition }).Statement;
