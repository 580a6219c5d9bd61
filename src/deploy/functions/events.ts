import { type Decoder, documentError, JsonValue } from "../../base/json/index.js";

const refused = documentError(
  "REQUEST_INVALID",
  "The event",
  "See docs/aws-functions.md for the events that it takes.",
);

/** An event as JSON; `of` names it in messages: "a validation". */
export const eventJson = (event: unknown, of: string): JsonValue => JsonValue.of(event, `of ${of}`, refused);

/** Reads an event. @throws ChurnkitError REQUEST_INVALID. */
export const decodeEvent = <T>(decoder: Decoder<T>, event: unknown, of: string): T => decoder(eventJson(event, of));
