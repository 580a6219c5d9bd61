import { columnFinding } from "../finding.js";
import type { Finding } from "../rules.js";
import { describeNumberFormat } from "../cells/number-format.js";
import type { ColumnType } from "../zod/lowered.js";
import { inferMarkers, knownCells, oddCells, recurringLabel } from "./column.js";
import type { ColumnFacts } from "./tally.js";

const quoted = (texts: Iterable<string>): string =>
  [...texts]
    .slice(0, 3)
    .map((text) => JSON.stringify(text.slice(0, 40)))
    .join(", ");

/** Returns the end of a sentence that shows some texts, if there are any. */
const such = (texts: readonly string[]): string => (texts.length === 0 ? "" : `; others are such as ${quoted(texts)}`);

const one = (text: string | undefined): string => JSON.stringify((text ?? "").slice(0, 40));

const cells = (count: number): string => (count === 1 ? "one of its cells" : `${count} of its cells`);

const percent = (part: number, whole: number): string => `${Math.floor((1000 * part) / whole) / 10} %`;

/** If cells look like numbers or dates in some form, explain why the column is neither. */
const noteworthy = 0.5;

/**
 * Explains why a column of labels is not numbers or dates, though many of its cells are, and what to do; undefined
 * otherwise.
 */
export function mixedReason(facts: ColumnFacts, type: ColumnType): string | undefined {
  const known = knownCells(facts);
  if ((type.kind !== "category" && type.kind !== "text") || known === 0) return undefined;
  const { numbers, dates } = facts;
  const many = (count: number): boolean => count >= noteworthy * known;
  if (many(dates.clocks.count)) {
    return `its cells are times of day, such as ${quoted(dates.clocks.examples.texts)}, and are read as labels; convert them to numbers, such as minutes, to use their order`;
  }
  if (many(dates.alike)) {
    const odd = oddCells(facts, { kind: "date", precision: "date", dateFormat: dates.format });
    return (
      `${percent(dates.count, known)} of its cells are dates in one form${dates.format === undefined ? "" : ` (${dates.format})`}${such(odd.texts)}, ` +
      `so it counts as a ${type.kind}. Write them in one format and name it if necessary (--date-format dd/MM/yyyy), or make the column a date in the contract and list the other texts as missing`
    );
  }
  if (many(facts.nearDates.count)) {
    return `its cells look like dates, such as ${quoted(facts.nearDates.examples.texts)}, in an unknown format, so it counts as a ${type.kind}; write them as 2024-03-31, or name the format (--date-format dd/MM/yyyy)`;
  }
  if (many(facts.nearNumbers.count)) {
    return `its cells are digits and marks, such as ${quoted(facts.nearNumbers.examples.texts)}, but not numbers, so it counts as a ${type.kind}; if they are numbers, write them as -12.5`;
  }
  if (!many(numbers.alike) || numbers.codes !== undefined) return undefined;
  const label = recurringLabel(facts);
  if (label !== undefined && numbers.count >= 0.9 * known) {
    return `most of its cells are numbers, but ${one(label)} recurs, so it counts as a ${type.kind}; to read it as numbers, make the column a number in the contract, with ${one(label)} as missing`;
  }
  const odd = oddCells(facts, { kind: "number", integer: false, numberFormat: numbers.format });
  return (
    `${percent(numbers.count, known)} of its cells are ${describeNumberFormat(numbers.format ?? { decimal: "." })}${such(odd.texts)}, ` +
    `so it counts as a ${type.kind}. Write them in one format and name the decimal mark if necessary (--decimal ,), or make the column a number in the contract and list the other texts as missing`
  );
}

/** Texts and days read as missing. */
function missingNotes(name: string, facts: ColumnFacts, type: ColumnType): Finding[] {
  const notes: Finding[] = [];
  const markers = inferMarkers(facts, type);
  if (markers.length > 0) {
    const count = markers.reduce((rows, text) => rows + (facts.markers.get(text) ?? facts.unknown.get(text) ?? 0), 0);
    notes.push(
      columnFinding(
        "markers",
        name,
        count,
        `${quoted(markers)} (${count} rows) ${markers.length > 1 ? "are" : "is"} read as missing`,
      ),
    );
  }
  const sentinels = type.kind === "date" ? [...facts.dates.sentinels] : [];
  for (const [day, count] of sentinels) {
    const message = `${day} (${count} rows) lies far from its other dates and is read as missing; if it is a real date, remove it from the column's missing texts`;
    notes.push(columnFinding("sentinel", name, count, message, { severity: "info" }));
  }
  const odd = oddCells(facts, type);
  if (odd.count > 0) {
    const fate = odd.more
      ? "the first kinds are read as missing, and rows with others are set aside"
      : "read as missing";
    notes.push(
      columnFinding(
        type.kind === "date" ? "date" : "number",
        name,
        odd.count,
        `${cells(odd.count)} cannot be read as a ${type.kind}, such as ${quoted(odd.texts)}: ${fate}`,
        { severity: "warning" },
      ),
    );
  }
  return notes;
}

function numberNotes(name: string, { numbers }: ColumnFacts): Finding[] {
  const { format, ambiguous, bare, example, count, leadingZeros } = numbers;
  const notes: Finding[] = [];
  const info = (message: string, severity: "info" | "warning" = "info"): void => {
    notes.push(columnFinding("format", name, count, message, { severity }));
  };
  if (format !== undefined && example !== undefined && ambiguous === undefined)
    info(`it holds ${describeNumberFormat(format)}, such as ${one(example)}`);
  if (ambiguous !== undefined) {
    const mark = format?.decimal === "," ? "." : ",";
    const isPoint = /\.\d{3}\D*$/.test(ambiguous);
    const taken = isPoint === (format?.decimal !== ",") ? "decimal mark" : "mark between thousands";
    info(
      `${one(ambiguous)} has either a decimal mark or a thousands separator; it is read as a ${taken} (--decimal ${mark} reads it the other way)`,
      isPoint && format === undefined ? "info" : "warning",
    );
  }
  if (bare > 0 && format?.suffix === "%")
    info(`${bare === count ? "all" : bare} of its numbers have no % sign and are read as percentages too`, "warning");
  if (leadingZeros.count > 0) {
    const { count: zeros, example: shown } = leadingZeros;
    info(
      `${cells(zeros)} ${zeros === 1 ? "begins" : "begin"} with a zero, such as ${one(shown)}; if these are codes, make the column a category in the contract`,
    );
  }
  return notes;
}

function dateNotes(name: string, { dates }: ColumnFacts): Finding[] {
  const { format, rival, evidence, example, count } = dates;
  if (format === undefined) return [];
  if (rival !== undefined) {
    const message = `its dates are read as ${format}, but every one could be ${rival} as well, such as ${one(example)}; use --date-format ${rival} for that format, or --date-format ${format} to confirm`;
    return [columnFinding("format", name, count, message, { severity: "warning" })];
  }
  const order = format.startsWith("dd")
    ? `, day first: ${one(evidence)} fits no other order`
    : format.startsWith("MM") && format.includes("dd")
      ? `, month first: ${one(evidence)} fits no other order`
      : `, such as ${one(example)}`;
  return [columnFinding("format", name, count, `its dates are written ${format}${order}`)];
}

/** Notes about a column in use: the texts read as missing, the form of its cells, why it is not a number or date. */
export function columnNotes(name: string, facts: ColumnFacts, type: ColumnType): Finding[] {
  const mixed = mixedReason(facts, type);
  const { codes } = facts.numbers;
  return [
    ...missingNotes(name, facts, type),
    ...(type.kind === "number" ? numberNotes(name, facts) : []),
    ...(type.kind === "date" ? dateNotes(name, facts) : []),
    ...(mixed === undefined ? [] : [columnFinding("format", name, knownCells(facts), mixed, { severity: "warning" })]),
    ...(type.kind === "category" && codes !== undefined
      ? [columnFinding("format", name, facts.numbers.count, `${codes}; it counts as a category of codes`)]
      : []),
  ];
}
