import type { Command } from "commander";
import { readTable } from "../../data/read/read-file.js";
import { compareTables } from "../../drift/index.js";
import { writeFileAtomic } from "../../io/atomic.js";
import { contractFor, contractOptions, delimiterOf, noteSetAside, type ContractArguments } from "../input.js";
import { columns, exit, note, print, shown } from "../output.js";

interface Options extends ContractArguments {
  html?: string;
  json?: boolean;
}

export function register(program: Command): void {
  contractOptions(program.command("drift <reference> <current>").description("compare two files; exit 1 on critical drift"))
    .option("--html <file>", "also write a report with plots")
    .option("--json", "print one line of JSON")
    .action(run);
}

async function run(reference: string, current: string, options: Options): Promise<void> {
  // A column that has gone is drift, not an error.
  const read = { target: "optional", ragged: "reject-row", absent: "leave-out", ...delimiterOf(options) } as const;
  const contract = await contractFor(reference, options, read.ragged);
  const before = await readTable(contract, reference, read);
  const after = await readTable(contract, current, read);
  for (const table of [before, after]) noteSetAside(table);
  for (const { name } of contract.columns) {
    if (before.columns.has(name) && !after.columns.has(name)) note(`note: ${current}: the column "${name}" is not there`);
  }
  const report = compareTables(before, after);
  if (options.html !== undefined) {
    const { driftReportHtml } = await import("../../report/index.js");
    await writeFileAtomic(options.html, await driftReportHtml(report, { reference, current }));
    note(`wrote ${options.html}`);
  }
  const lines = report.columns.map((column) => [
    column.name,
    column.verdict,
    column.severity,
    shown(column.psi),
    column.test ?? "-",
    shown(column.statistic),
    column.pValue === null ? "-" : column.pValue.toPrecision(3),
  ]);
  print(
    options.json,
    report,
    `${report.verdict} (${report.severity}): ${report.rows.reference} reference rows, ${report.rows.current} current rows\n\n${columns([
      ["column", "verdict", "severity", "PSI", "test", "statistic", "p"],
      ...lines,
    ])}`,
  );
  if (report.severity === "critical") process.exitCode = exit.checkFailed;
}
