import { createHash } from "node:crypto";
import type { CreateEventSourceMappingRequest } from "@aws-sdk/client-lambda";
import { parseJson } from "../../base/json/index.js";
import type { VirtualClock } from "../clock.js";
import type { Emulator } from "../front/emulator.js";

/** Messages of queues that Lambda takes for functions. */
export interface Mappings {
  put(id: string, mapping: CreateEventSourceMappingRequest): void;
  get(id: string): CreateEventSourceMappingRequest | undefined;
  remove(id: string): void;
  /** Gives a message to the functions of its queue; false if there are none. */
  take(queueArn: string, body: string): boolean;
}

export interface MappingOptions {
  readonly clock: VirtualClock;
  readonly region: string;
  readonly emulator: Emulator;
  readonly invoke: (name: string, event: unknown) => Promise<unknown>;
  /** Sends a message to another queue. */
  readonly send: (queueArn: string, body: string) => void;
  /** Is told of a message whose queue does not say what is to become of it. */
  readonly onLost: (queueArn: string, reason: string) => void;
}

/** A message as it was sent: it keeps its id, however often it is received. */
interface Message {
  readonly messageId: string;
  readonly body: string;
  readonly sent: string;
}

interface BatchAnswer {
  readonly batchItemFailures?: readonly unknown[];
}

/**
 * Event source mappings. A message is a batch of its own; one that fails comes again after the queue's visibility timeout, and
 * goes to its dead-letter queue when it was received as often as the queue allows.
 */
export function eventSourceMappings({ clock, region, emulator, invoke, send, onLost }: MappingOptions): Mappings {
  const mappings = new Map<string, CreateEventSourceMappingRequest>();
  let messages = 0;

  async function receive(mapping: CreateEventSourceMappingRequest, message: Message, tried: number): Promise<void> {
    const { FunctionName = "", EventSourceArn: eventSourceARN = "", FunctionResponseTypes = [] } = mapping;
    const { messageId, body, sent } = message;
    const attributes = {
      ApproximateReceiveCount: String(tried),
      SentTimestamp: sent,
      ApproximateFirstReceiveTimestamp: sent,
    };
    const record = {
      messageId,
      receiptHandle: `${messageId}-${tried}`,
      body,
      md5OfBody: createHash("md5").update(body).digest("hex"),
      attributes,
      messageAttributes: {},
      eventSource: "aws:sqs",
    };
    const event = { Records: [{ ...record, eventSourceARN, awsRegion: region }] };
    try {
      const answer = (await invoke(FunctionName, event)) as BatchAnswer | null | undefined;
      // The answer counts only where the mapping says so; otherwise all that is returned is taken.
      const isHeard = FunctionResponseTypes.includes("ReportBatchItemFailures");
      if (!isHeard || (answer?.batchItemFailures ?? []).length === 0) return;
    } catch {
      // It failed as a whole: the same.
    }
    const { VisibilityTimeout = "30", RedrivePolicy } = await emulator.queueAttributes(eventSourceARN);
    const policy = parseJson(RedrivePolicy ?? "{}") as { deadLetterTargetArn?: string; maxReceiveCount?: number };
    if (policy.deadLetterTargetArn !== undefined && tried >= (policy.maxReceiveCount ?? 1))
      return send(policy.deadLetterTargetArn, body);
    clock.at(clock.now() + Number(VisibilityTimeout) * 1000, () => begin(mapping, message, tried + 1));
  }

  const begin = (mapping: CreateEventSourceMappingRequest, message: Message, tried: number): void =>
    void clock
      .during(() => receive(mapping, message, tried))
      .catch((error: unknown) =>
        onLost(mapping.EventSourceArn ?? "", error instanceof Error ? error.message : String(error)),
      );

  return {
    put: (id, mapping) => void mappings.set(id, mapping),
    get: (id) => mappings.get(id),
    remove: (id) => void mappings.delete(id),
    take(queueArn, body) {
      const fitting = [...mappings.values()].filter(
        ({ EventSourceArn, Enabled = true }) => EventSourceArn === queueArn && Enabled,
      );
      const message = { messageId: `message-${++messages}`, body, sent: String(clock.now()) };
      for (const mapping of fitting) begin(mapping, message, 1);
      return fitting.length > 0;
    },
  };
}
