import { ChurnkitError } from "../../../base/errors.js";
import type { Handler } from "../../http.js";
import { wholeText } from "./whole-text.js";

/** An event of SQS or Kinesis, as far as its messages need it. */
export interface LambdaMessagesEvent {
  readonly Records: readonly {
    /** SQS. */
    readonly messageId?: string | undefined;
    readonly body?: string | undefined;
    /** Kinesis: base64. */
    readonly kinesis?: { readonly sequenceNumber: string; readonly data: string } | undefined;
  }[];
}

/** Messages to be sent again, in the form that Lambda reads where `ReportBatchItemFailures` is on. */
export interface LambdaMessagesResult {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

/** The scores of one message. */
export interface ScoredMessage {
  /** SQS's message id or Kinesis's sequence number. Deliver by it: a message may come twice. */
  readonly id: string;
  /** The message itself, UTF-8. */
  readonly message: string;
  /** The answer of POST /predict or, for an array or `{ "records": [...] }`, of POST /batch-predict: JSON text. */
  readonly answer: string;
}

/** Options of {@link lambdaMessages}. */
export interface LambdaMessagesOptions {
  /** Takes the scores of a message. Where it throws or rejects, the message counts as failed. */
  readonly deliver: (scored: ScoredMessage) => void | Promise<void>;
  /** Called with the reason for each message that failed. */
  readonly onProblem?: ((error: unknown, id: string) => void) | undefined;
}

/**
 * Scores the messages of an SQS queue or a Kinesis stream: each is a record, or a batch. A message that cannot be read, that breaks
 * the contract or is not delivered is reported as failed, so that only it comes again and at last reaches the dead-letter queue. Of a
 * stream nothing after a failed message is scored, as Lambda sends all from there on again. Switch on `ReportBatchItemFailures` in the
 * event source.
 *
 * @example
 * ```ts
 * import { loadBundle } from "churnkit/model";
 * import { createHandler, lambdaMessages } from "churnkit/serving";
 *
 * const { scorer } = await loadBundle("model");
 * const model = createHandler({ scorer, name: "churn", version: "1", source: "local" });
 * export const handler = lambdaMessages(model, { deliver: ({ id, answer }) => console.log(id, answer) });
 * const { batchItemFailures } = await handler({ Records: [{ messageId: "1", body: "no JSON" }] });
 * console.assert(batchItemFailures.length === 1);
 * ```
 */
export function lambdaMessages(
  handler: Handler,
  { deliver, onProblem }: LambdaMessagesOptions,
): (event: LambdaMessagesEvent) => Promise<LambdaMessagesResult> {
  return async ({ Records: records }) => {
    const batchItemFailures: { itemIdentifier: string }[] = [];
    for (const { kinesis, messageId, body } of records) {
      const id = kinesis?.sequenceNumber ?? messageId ?? "";
      try {
        const message = kinesis === undefined ? (body ?? "") : Buffer.from(kinesis.data, "base64").toString();
        await deliver({ id, message, answer: await scored(handler, message) });
      } catch (error) {
        onProblem?.(error, id);
        batchItemFailures.push({ itemIdentifier: id });
        if (kinesis !== undefined) break;
      }
    }
    return { batchItemFailures };
  };
}

/** @throws ChurnkitError REQUEST_INVALID with the answer of a refused message. */
async function scored(handler: Handler, message: string): Promise<string> {
  const response = await handler({
    method: "POST",
    path: isBatch(message) ? "/batch-predict" : "/predict",
    query: "",
    headers: { "content-type": "application/json" },
    body: () => Buffer.from(message),
  });
  const answer = await wholeText(response.body);
  if (response.status === 200) return answer;
  throw new ChurnkitError(
    "REQUEST_INVALID",
    `The message was not scored (${response.status}): ${answer.slice(0, 500)}`,
  );
}

/** Whether the text begins as a batch does; the handler finds out whether it is one. */
const isBatch = (message: string): boolean => /^\s*(?:\[|\{\s*"records"\s*:\s*\[)/.test(message);
