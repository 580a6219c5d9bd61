import { parseJson } from "../../base/json/index.js";
import { AwsError } from "./aws-error.js";

/** Calls of services that the emulator keeps. */
export interface Emulator {
  publish(topicArn: string, subject: string, message: string): Promise<unknown>;
  sendMessage(queueArn: string, body: string): Promise<unknown>;
  queueAttributes(queueArn: string): Promise<Readonly<Record<string, string>>>;
}

/**
 * Talks to the emulator as an SDK would.
 *
 * @param url its address; without one each call fails.
 */
export function emulatorAt(url: string | undefined, region: string): Emulator {
  async function post(service: string, headers: Record<string, string>, body: string): Promise<string> {
    if (url === undefined)
      throw new AwsError("ServiceUnavailable", `${service} needs the emulator, which the rehearsal runs without.`, 503);
    const authorization = `AWS4-HMAC-SHA256 Credential=rehearsal/20260101/${region}/${service}/aws4_request, SignedHeaders=host, Signature=0`;
    const response = await fetch(url, { method: "POST", headers: { authorization, ...headers }, body });
    const text = await response.text();
    if (response.ok) return text;
    throw new AwsError(
      "EmulatorFailed",
      `${service} answered ${response.status}: ${text.slice(0, 200)}`,
      response.status,
    );
  }
  const form = { "content-type": "application/x-www-form-urlencoded" };
  const sqs = (operation: string, queueArn: string, input: object): Promise<string> => {
    const [, , , , account = "", name = ""] = queueArn.split(":");
    const headers = { "content-type": "application/x-amz-json-1.0", "x-amz-target": `AmazonSQS.${operation}` };
    return post("sqs", headers, JSON.stringify({ QueueUrl: `${url ?? ""}/${account}/${name}`, ...input }));
  };
  return {
    publish: (TopicArn, Subject, Message) =>
      post(
        "sns",
        form,
        new URLSearchParams({ Action: "Publish", Version: "2010-03-31", TopicArn, Subject, Message }).toString(),
      ),
    sendMessage: (queueArn, MessageBody) => sqs("SendMessage", queueArn, { MessageBody }),
    queueAttributes: async (queueArn) => {
      const text = await sqs("GetQueueAttributes", queueArn, { AttributeNames: ["All"] });
      return (parseJson(text) as { Attributes?: Record<string, string> }).Attributes ?? {};
    },
  };
}
