import { ChurnkitError } from "../../../base/errors.js";
import { documentError, JsonValue, object, optional, text } from "../../../base/json/index.js";

/** An object that was created, as an event names it. */
export interface CreatedObject {
  readonly bucket: string;
  readonly key: string;
  /** Undefined where the bucket keeps no versions. */
  readonly version?: string | undefined;
}

const invalid = documentError(
  "REQUEST_INVALID",
  "The event",
  "Give an event of S3 or EventBridge about objects that were created, or messages of SQS that hold such events.",
);
const bucket = object({ name: text() });
/** The detail of EventBridge's `Object Created`. */
const bridged = object({ bucket, object: object({ key: text(), "version-id": optional(text()) }) });
/** A record of S3's own notifications. */
const notified = object({
  eventName: optional(text()),
  s3: optional(object({ bucket, object: object({ key: text(), versionId: optional(text()) }) })),
});
const message = object({ messageId: text(), body: text(2 ** 21) });

/**
 * The objects of an event of S3's notifications or of EventBridge. Other events, such as S3's test of a new notification, have none.
 *
 * @throws ChurnkitError REQUEST_INVALID.
 */
export function createdObjects(event: unknown): CreatedObject[] {
  const json = JsonValue.of(event, "of created objects", invalid);
  if (json.get("detail-type").value === "Object Created") {
    const { bucket: place, object: made } = bridged(json.get("detail"));
    return [{ bucket: place.name, key: made.key, version: made["version-id"] }];
  }
  return recordsOf(json).flatMap((record) => {
    const { eventName = "", s3 } = notified(record);
    if (!eventName.startsWith("ObjectCreated:") || s3 === undefined) return [];
    return [{ bucket: s3.bucket.name, key: decodedKey(s3.object.key), version: s3.object.versionId }];
  });
}

/** The messages of an event of SQS, if it is one. @throws ChurnkitError REQUEST_INVALID. */
export const messagesIn = (event: unknown): { readonly messageId: string; readonly body: string }[] =>
  recordsOf(JsonValue.of(event, "of a queue", invalid))
    .filter((record) => !record.get("body").absent)
    .map(message);

/** The objects of a message of SQS. @throws ChurnkitError REQUEST_INVALID for a message that is no event. */
export const objectsInMessage = (body: string): CreatedObject[] =>
  createdObjects(JsonValue.parse(body, "in a message", invalid).value);

function recordsOf(json: JsonValue): JsonValue[] {
  json.object();
  const records = json.get("Records");
  return records.absent ? [] : records.items();
}

/** S3's notifications write a key as a form does; EventBridge's events leave it as it is. */
function decodedKey(key: string): string {
  try {
    return decodeURIComponent(key.replaceAll("+", " "));
  } catch (cause) {
    throw new ChurnkitError(
      "REQUEST_INVALID",
      `The event's key ${JSON.stringify(key.slice(0, 80))} is not URL-encoded.`,
      {
        cause,
      },
    );
  }
}
