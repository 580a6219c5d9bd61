import {
  conditionsOf,
  referencesOf,
  type PipelineCondition,
  type PipelineGraph,
  type PipelineNumber,
} from "./graph.js";

/**
 * Formats a pipeline as a Mermaid flowchart, for a page or a review.
 *
 * @example
 * ```ts
 * import { parsePipeline, pipelineMermaid } from "churnkit/jobs";
 *
 * const graph = parsePipeline({
 *   inputs: { customers: "file" },
 *   steps: [{ id: "ingest", job: "ingest", params: { target: "churn", positive: "Yes" }, inputs: { file: "input.customers" } }],
 * });
 * console.log(pipelineMermaid(graph));
 * ```
 */
export function pipelineMermaid({ inputs = {}, steps }: PipelineGraph): string {
  const lines = [
    ...Object.entries(inputs).map(([name, kind]) => `  ${node("input", name)}[/"${name}: ${kind}"/]`),
    ...steps.map(({ id, job }) => `  ${node("step", id)}["${id === job ? id : `${id}: ${job}`}"]`),
    ...steps.flatMap((step) => {
      const edges = referencesOf({ ...step, when: undefined }).map((artifact) => {
        const [from = "", output = ""] = artifact.split(".");
        return `  ${from === "input" ? node("input", output) : node("step", from)} -->|${output}| ${node("step", step.id)}`;
      });
      return [...new Set(edges), ...conditionsOf(step).map((condition) => conditionEdge(step.id, condition))];
    }),
  ];
  return `flowchart TD\n${lines.join("\n")}\n`;
}

function conditionEdge(id: string, { step, path, atLeast, atMost }: PipelineCondition): string {
  const [from = "", output = ""] = step.split(".");
  const shown = (bound: number | PipelineNumber): string =>
    typeof bound === "number" ? String(bound) : `${bound.step} ${bound.path}`;
  const bounds = [
    ...(atLeast === undefined ? [] : [`at least ${shown(atLeast)}`]),
    ...(atMost === undefined ? [] : [`at most ${shown(atMost)}`]),
  ];
  const source = from === "input" ? node("input", output) : node("step", from);
  // Quotes would end the label.
  return `  ${source} -.->|"${`${path} ${bounds.join(", ")}`.replaceAll('"', "'")}"| ${node("step", id)}`;
}

/** Prefixed, because some words, such as end, are keywords in Mermaid. */
const node = (what: "input" | "step", name: string): string => `${what}_${name}`;
