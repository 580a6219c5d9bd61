export { signatureTypes } from "./signature-types.js";
export { assertSignature, signatureOf } from "./signature.js";
