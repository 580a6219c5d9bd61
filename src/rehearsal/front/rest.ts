import { AwsError } from "./aws-error.js";
import type { ServiceModel } from "./shapes/model.js";

/** Where the output of an operation is in its answer. */
export interface RestAnswer {
  readonly status: number;
  /** Names of headers, by the members that they carry. */
  readonly headers: Readonly<Record<string, string>>;
  /** The member that is the whole body. Without one the body is JSON of what no header carries. */
  readonly body?: string;
}

/** How a REST service reads its requests, and where its answers have what. */
export interface RestModel extends ServiceModel {
  readonly answers: Readonly<Record<string, RestAnswer>>;
}

/** An operation's output as an answer. */
export function restAnswer(answer: RestAnswer | undefined, output: unknown) {
  if (answer === undefined) throw new AwsError("InternalFailure", "The operation has no answer in REST.", 500);
  const members = output as Readonly<Record<string, string | Uint8Array | undefined>>;
  const headers: Record<string, string> = {};
  const rest: Record<string, unknown> = {};
  for (const [member, value] of Object.entries(members)) {
    const header = Object.hasOwn(answer.headers, member) ? answer.headers[member] : undefined;
    if (value === undefined || member === answer.body) continue;
    if (header === undefined) rest[member] = value;
    else headers[header] = value.toString();
  }
  if (answer.body !== undefined) return { status: answer.status, headers, body: members[answer.body] ?? "" };
  const type = { "content-type": "application/json" };
  return { status: answer.status, headers: { ...type, ...headers }, body: JSON.stringify(rest) };
}
