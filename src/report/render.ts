import { drawPlot } from "./plot.js";
import type { Block, Card, Cell, Gate, Plot, Report, Section, TableColumn, Tone } from "./sections.js";
import { styleSheet } from "./theme.js";

const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** Escapes any text for HTML elements and quoted attributes. Control characters become spaces. */
export function escapeHtml(text: string): string {
  return [...text].map((char) => (char < " " && char !== "\n" ? " " : (entities[char] ?? char))).join("");
}

/**
 * Writes a report as one HTML page: inline SVG plots, no script, no network (its content security policy forbids
 * both), light or dark like the reader's system. All texts are escaped. The same report gives the same page.
 */
export async function renderReport(report: Report): Promise<string> {
  const sections: string[] = [];
  for (const [i, section] of report.sections.entries()) sections.push(await sectionHtml(section, i));
  const title = escapeHtml(report.title);
  const links = report.sections.map(({ title: name }, i) => `<a href="#section-${i + 1}">${escapeHtml(name)}</a>`);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${styleSheet}</style>
</head>
<body>
<main>
<h1>${title}</h1>
<p class="subtitle">${escapeHtml(report.subtitle ?? "")}</p>
${links.length > 1 ? `<nav>${links.join("")}</nav>\n` : ""}${sections.join("\n")}
</main>
</body>
</html>
`;
}

async function sectionHtml({ title, blocks }: Section, index: number): Promise<string> {
  return `<section id="section-${index + 1}">\n<h2>${escapeHtml(title)}</h2>\n${await blocksHtml(blocks, `p${index + 1}`)}\n</section>`;
}

async function blocksHtml(blocks: readonly Block[], id: string): Promise<string> {
  const parts: string[] = [];
  for (const [i, block] of blocks.entries()) parts.push(await blockHtml(block, `${id}-${i + 1}`));
  return parts.join("\n");
}

async function blockHtml(block: Block, id: string): Promise<string> {
  switch (block.kind) {
    case "text":
      return `<p>${escapeHtml(block.text)}</p>`;
    case "list":
      return `<ul>${block.items.map((item) => `<li>${escapeHtml(item)}</li>`).join("")}</ul>`;
    case "cards":
      return `<div class="cards">${block.cards.map(cardHtml).join("")}</div>`;
    case "table":
      return tableHtml(block.columns, block.rows, block.caption);
    case "gates":
      return gatesHtml(block.gates);
    case "plots":
      return plotsHtml(block.plots, id);
    case "commands": {
      const items = block.commands.map(
        ({ command, purpose }) => `<li><span>${escapeHtml(purpose)}</span><pre>${escapeHtml(command)}</pre></li>`,
      );
      return `<ul class="commands">${items.join("")}</ul>`;
    }
    case "details":
      return `<details><summary>${escapeHtml(block.summary)}</summary>\n${await blocksHtml(block.blocks, id)}\n</details>`;
  }
}

const toneClass = (tone: Tone | undefined): string => (tone === undefined ? "" : ` ${tone}`);

function cardHtml({ label, value, note, tone }: Card): string {
  const below = note === undefined ? "" : `<div class="note">${escapeHtml(note)}</div>`;
  return `<div class="card"><div class="label">${escapeHtml(label)}</div><div class="value${toneClass(tone)}">${escapeHtml(value)}</div>${below}</div>`;
}

/** A table with more columns than these, or with sentences, becomes a list of its rows on a narrow screen. */
const NARROW_COLUMNS = 4;

function tableHtml(columns: readonly TableColumn[], rows: readonly (readonly Cell[])[], caption?: string): string {
  const align = (i: number): string => {
    const { number = false, sentence = false } = columns[i] ?? {};
    return number ? ' class="number"' : sentence ? ' class="sentence"' : "";
  };
  const stacked = columns.length > NARROW_COLUMNS || columns.some(({ sentence }) => sentence);
  // A row's first cell names it, and a sentence and a badge need no name; every other cell needs its column's name.
  const named = (cell: Cell, i: number): string =>
    !stacked || i === 0 || columns[i]?.sentence === true || (typeof cell !== "string" && cell.tone !== undefined)
      ? ""
      : ` data-label="${escapeHtml(columns[i]?.label ?? "")}"`;
  const head = columns.map(({ label }, i) => `<th${align(i)} scope="col">${escapeHtml(label)}</th>`).join("");
  const body = rows.map(
    (row) => `<tr>${row.map((cell, i) => `<td${align(i)}${named(cell, i)}>${cellHtml(cell)}</td>`).join("")}</tr>`,
  );
  const title = caption === undefined ? "" : `<caption>${escapeHtml(caption)}</caption>`;
  return `<div class="scroll"><table${stacked ? ' class="stacked"' : ""}>${title}<thead><tr>${head}</tr></thead><tbody>${body.join("\n")}</tbody></table></div>`;
}

function cellHtml(cell: Cell): string {
  if (typeof cell === "string") return escapeHtml(cell);
  return cell.tone === undefined
    ? escapeHtml(cell.text)
    : `<span class="badge ${cell.tone}">${escapeHtml(cell.text)}</span>`;
}

function gatesHtml(gates: readonly Gate[]): string {
  return tableHtml(
    [{ label: "gate" }, { label: "result" }, { label: "detail", sentence: true }],
    gates.map(({ name, passed, detail }) => [
      name,
      passed ? { text: "✓ passed", tone: "good" } : { text: "✗ failed", tone: "critical" },
      detail,
    ]),
  );
}

async function plotsHtml(plots: readonly Plot[], id: string): Promise<string> {
  const figures: string[] = [];
  for (const [i, { title, caption, spec }] of plots.entries()) {
    const note = caption === undefined ? "" : `<span>${escapeHtml(caption)}</span>`;
    const svg = ownIds(await drawPlot(spec), `${id}-${i + 1}`);
    figures.push(`<figure><figcaption><strong>${escapeHtml(title)}</strong>${note}</figcaption>${svg}</figure>`);
  }
  return `<div class="plots">${figures.join("\n")}</div>`;
}

/** Every drawing numbers its clip paths and gradients in the same way; on one page the names must differ. */
function ownIds(svg: string, id: string): string {
  return svg.replace(
    /(\bid="|url\(#|href="#)([a-z]+\d+)/g,
    (_, before: string, name: string) => `${before}${id}-${name}`,
  );
}
