import { metrics as metricTable } from "../../model/evaluate/index.js";
import type { Block, Cell, Section, TableColumn } from "../sections.js";
import type { ModelCard } from "./card.js";
import { cardSections } from "./sections.js";

/**
 * A model card as Markdown (GitHub's), with the front matter of Hugging Face: names, license and metrics as YAML. All
 * texts of data and notes are escaped, so that none becomes markup. The same card gives the same text.
 *
 * @param card what `modelCard` returned.
 */
export function modelCardMarkdown(card: ModelCard): string {
  const parts = cardSections(card).map(sectionMarkdown);
  return [frontMatter(card), `# ${escaped(`Model card: ${card.name}`)}`, ...parts].join("\n\n").concat("\n");
}

/** Hugging Face's names of metrics. */
const metricTypes = {
  auc: "roc_auc",
  averagePrecision: "average_precision",
  f1: "f1",
  accuracy: "accuracy",
  precision: "precision",
  recall: "recall",
  logLoss: "log_loss",
  brier: "brier_score",
} as const;

/** Control characters; escapes of them in YAML differ from JSON's. */
const controls = /[\p{Cc}\u2028\u2029\ufeff]/gu;

/** A text as JSON, which YAML reads as the same text. */
const yaml = (text: string): string => JSON.stringify(text.replace(controls, " "));
/** A number: YAML 1.1 reads one with an exponent only if it has a point too. */
const yamlNumber = (value: number): string => String(Number(value.toPrecision(6))).replace(/^(-?\d+)e/, "$1.0e");

function frontMatter({ name, notes, metrics }: ModelCard): string {
  const results = metrics.flatMap(({ name: which, rows, summary: { values } }) => [
    "      - task:",
    "          type: tabular-classification",
    "        dataset:",
    `          name: ${yaml(rows)}`,
    `          type: ${yaml(which)}`,
    "        metrics:",
    ...(Object.keys(metricTypes) as (keyof typeof metricTypes)[]).flatMap((metric) => {
      const { value } = values[metric];
      return value === null
        ? []
        : [
            `          - type: ${metricTypes[metric]}`,
            `            name: ${yaml(metricTable[metric].label)}`,
            `            value: ${yamlNumber(value)}`,
          ];
    }),
  ]);
  return [
    "---",
    ...(notes.license === undefined ? [] : [`license: ${yaml(notes.license)}`]),
    "library_name: churnkit",
    "pipeline_tag: tabular-classification",
    "tags: [churn, tabular-classification]",
    "model-index:",
    `  - name: ${yaml(name)}`,
    "    results:",
    ...results,
    "---",
  ].join("\n");
}

/**
 * Escapes a text for Markdown on one line. Characters that begin HTML become entities; those that begin markup anywhere get
 * a backslash, also where a bare address would become a link.
 */
export const escaped = (text: string): string =>
  text
    .replace(controls, " ")
    .replace(/[\\`*_[\]|~$#]/g, "\\$&")
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/>/g, "&gt;")
    .replace(/:(?=\/\/)/g, "\\:")
    .replace(/@/g, "\\@")
    .replace(/\bwww\./gi, (found) => found.replace(".", "\\."))
    .trim();

/** A paragraph: its first characters must not begin a list, a heading or a rule. */
const paragraph = (text: string): string =>
  escaped(text.replace(/\s+/g, " ")).replace(/^(?:[-+=]|\d+(?=[.)]))/, (found) =>
    /^\d/.test(found) ? `${found}\\` : `\\${found}`,
  );

const sectionMarkdown = ({ title, blocks }: Section): string =>
  [`## ${escaped(title)}`, ...blocks.map((block) => blockMarkdown(block))].filter(Boolean).join("\n\n");

function blockMarkdown(block: Block): string {
  switch (block.kind) {
    case "text":
      return paragraph(block.text);
    case "list":
      return block.items.map((item) => `- ${paragraph(item)}`).join("\n");
    case "cards":
      return block.cards
        .map(
          ({ label, value, note }) => `- ${escaped(label)}: **${escaped(value)}**${note ? ` (${escaped(note)})` : ""}`,
        )
        .join("\n");
    case "table":
      return tableMarkdown(block.columns, block.rows, block.caption);
    case "details":
      return [`### ${escaped(block.summary)}`, ...block.blocks.map(blockMarkdown)].join("\n\n");
    case "gates":
      return block.gates
        .map(({ name, passed, detail }) => `- ${passed ? "passed" : "failed"}: ${escaped(name)}. ${escaped(detail)}`)
        .join("\n");
    case "commands":
      return block.commands.map(({ command, purpose }) => `- ${escaped(purpose)}: ${escaped(command)}`).join("\n");
    case "plots":
      return "";
  }
}

const cellText = (cell: Cell): string => escaped(typeof cell === "string" ? cell : cell.text);

function tableMarkdown(columns: readonly TableColumn[], rows: readonly (readonly Cell[])[], caption?: string): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const table = [
    line(columns.map(({ label }) => escaped(label))),
    line(columns.map(({ number }) => (number === true ? "---:" : "---"))),
    ...rows.map((row) => line(row.map(cellText))),
  ].join("\n");
  return caption === undefined ? table : `${paragraph(caption)}\n\n${table}`;
}
