import type { Command } from "commander";
import { readTable } from "../../data/read/read-file.js";
import { compareTables } from "../../drift/index.js";
import { writeFileAtomic } from "../../io/atomic.js";
import { contractFor, contractOptions, noteRejected, type ContractArguments } from "../input.js";
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
  const contract = await contractFor(reference, options);
  const read = { target: "optional", ragged: "reject-row" } as const;
  const before = await readTable(contract, reference, read);
  const after = await readTable(contract, current, read);
  [before, after].forEach(noteRejected);
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
