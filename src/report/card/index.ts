export { modelCard } from "./card.js";
export { modelCardHtml } from "./html.js";
export { modelCardMarkdown } from "./markdown.js";
export type { CardNotes } from "./notes.js";
export { modelCardSageMaker } from "./sagemaker.js";
