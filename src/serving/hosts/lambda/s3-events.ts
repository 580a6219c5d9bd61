import { ChurnkitError } from "../../../base/errors.js";
import { parseJson } from "../../../base/json/index.js";

/** An object that was created, as an event names it. */
export interface CreatedObject {
  readonly bucket: string;
  readonly key: string;
}

interface S3Record {
  readonly eventName?: string | undefined;
  readonly s3?: { readonly bucket: { readonly name: string }; readonly object: { readonly key: string } } | undefined;
}

/** An event of S3 or EventBridge about objects that were created, as far as it is needed. */
interface S3Event {
  readonly Records?: readonly S3Record[] | undefined;
  readonly "detail-type"?: string | undefined;
  readonly detail?:
    { readonly bucket?: { readonly name: string }; readonly object?: { readonly key: string } } | undefined;
}

/** An event of S3's notifications or of EventBridge, or messages of SQS that hold such events. */
export interface LambdaBatchEvent extends Omit<S3Event, "Records"> {
  readonly Records?:
    readonly (S3Record & { readonly messageId?: string | undefined; readonly body?: string | undefined })[] | undefined;
}

/** The objects of an event. Other events, such as S3's test of a new notification, have none. */
export function createdObjects(event: S3Event): CreatedObject[] {
  const { Records: records = [], detail } = event;
  if (event["detail-type"] === "Object Created" && detail?.bucket !== undefined && detail.object !== undefined)
    return [{ bucket: detail.bucket.name, key: detail.object.key }];
  return records
    .filter(({ eventName = "" }) => eventName.startsWith("ObjectCreated:"))
    .flatMap(({ s3 }) => (s3 === undefined ? [] : [{ bucket: s3.bucket.name, key: decodedKey(s3.object.key) }]));
}

/** The objects of a message of SQS. @throws ChurnkitError REQUEST_INVALID for a message that is no event. */
export function objectsInMessage(body: string): CreatedObject[] {
  try {
    return createdObjects(parseJson(body) as S3Event);
  } catch (cause) {
    throw new ChurnkitError("REQUEST_INVALID", "The message is not an event of S3 or EventBridge.", { cause });
  }
}

/** S3's notifications write a key as a form does; EventBridge's events leave it as it is. */
const decodedKey = (key: string): string => decodeURIComponent(key.replaceAll("+", " "));
