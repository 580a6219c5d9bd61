export { joinBinary, splitBinary } from "./binary-body.js";
export { namingOf, withNames, type Naming } from "./features.js";
export { acceptedForm, formOf, linesType } from "./form.js";
export { sentJson, textOf, type Sent } from "./json.js";
export { arrivingLines, sentLines } from "./lines.js";
export { missingForNaN, rawOf, textsOf } from "./raw-tensors.js";
export { collected, readBody } from "./read-body.js";
export { recordsOf } from "./records.js";
export { datatypeOf, inferRequestOf, type Output, outputTensors } from "./tensors.js";
