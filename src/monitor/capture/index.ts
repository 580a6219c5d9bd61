export { type CapturedPrediction, captureIssues, membersOf, textOf } from "./capture.js";
export { inputOptions, recordsIn } from "./input.js";
export { type CaptureOutput, captureOutputs } from "./output.js";
export { csvRows, isProblem, type Payload } from "./payload.js";
export { labelReader } from "./read-labels.js";
export { captureLine, captureToStore, type CapturedLine, type CaptureWriter } from "./write.js";
