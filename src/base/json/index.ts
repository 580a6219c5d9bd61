export { fromBase64, toBase64 } from "./base64.js";
export { canonicalJson } from "./canonical.js";
export {
  count,
  counts,
  type Decoded,
  type Decoder,
  flag,
  formerly,
  increasing,
  list,
  literal,
  nullable,
  number,
  numbers,
  object,
  oneOf,
  optional,
  orEmpty,
  record,
  strictObject,
  text,
  texts,
  variants,
  version,
  where,
  withDefault,
} from "./decode.js";
export { JsonRefused, parseJson } from "./parse.js";
export { documentError, type DocumentError, JsonValue, utf8Text } from "./value.js";
export { readableJson, readableText } from "./write.js";
