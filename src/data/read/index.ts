export { type ByteSource, textChunks } from "./bytes.js";
export { readDelimited } from "./csv.js";
export { exactIdParser, exactParser } from "./exact-ids.js";
export { inferDelimited, inferJsonLines } from "./infer-source.js";
export { readJsonLines } from "./json-lines.js";
export { LineSplitter } from "./lines.js";
export { resolveOptions, type ReadOptions } from "./options.js";
export { inferFromFile, readTable } from "./read-file.js";
export { tableFromRecords } from "./records.js";
