import { ChurnkitError } from "../../base/errors.js";

/** The header of a body whose JSON is followed by tensors as bytes: the length of the JSON. */
const binaryHeader = "inference-header-content-length";

/** A body of JSON, and the bytes of the tensors behind it, one after the other. */
export function joinBinary(
  value: unknown,
  tensors: readonly Uint8Array[],
): { readonly headers: Readonly<Record<string, string>>; readonly body: Uint8Array } {
  const json = new TextEncoder().encode(JSON.stringify(value));
  const body = new Uint8Array(tensors.reduce((sum, { length }) => sum + length, json.length));
  body.set(json);
  let at = json.length;
  for (const tensor of tensors) {
    body.set(tensor, at);
    at += tensor.length;
  }
  return { headers: { "content-type": "application/octet-stream", [binaryHeader]: String(json.length) }, body };
}

/**
 * Cuts such a body. Without the header all of it is JSON.
 *
 * @throws ChurnkitError REQUEST_INVALID for a header that is not a length within the body.
 */
export function splitBinary(
  headers: Readonly<Record<string, string | undefined>>,
  body: Uint8Array,
): { readonly json: Uint8Array; readonly binary: Uint8Array } {
  const written = headers[binaryHeader];
  const length = written === undefined ? body.length : /^\d{1,15}$/.test(written) ? Number(written) : NaN;
  if (!(length <= body.length))
    throw new ChurnkitError(
      "REQUEST_INVALID",
      `The header Inference-Header-Content-Length is not the length of the JSON in a body of ${body.length} bytes.`,
    );
  return { json: body.subarray(0, length), binary: body.subarray(length) };
}
