import { InvalidArgumentError, type Command } from "commander";
import { counted } from "../../base/counted.js";
import { column, product } from "../../data/features/index.js";
import { readTable } from "../../data/read/index.js";
import { writeCsv, type Table } from "../../data/table/index.js";
import { loadBundle } from "../../model/bundle/index.js";
import {
  evaluateCampaign,
  planCampaign,
  type Campaign,
  type CampaignEvaluation,
  type CampaignPlan,
} from "../../model/campaign/index.js";

import { customerNames } from "../customer-names.js";
import { example } from "../help.js";
import { delimiterOf, delimiterOption, noteSetAside } from "../input.js";
import { columns, note, print } from "../output.js";

interface Options {
  offerCost: number;
  successRate: number;
  customerValue: Campaign["customerValue"];
  contactCost?: number;
  capacity?: Campaign["capacity"];
  outcomes?: boolean;
  out?: string;
  delimiter?: string;
  json?: boolean;
}

export function register(program: Command): void {
  program
    .command("campaign <bundle> <file>")
    .description("plan a retention campaign: whom to contact, and what it wins")
    .requiredOption("--offer-cost <amount>", "cost of the offer to a customer who takes it", amountOption)
    .requiredOption("--success-rate <share>", "share of contacted churners who take the offer and stay", amountOption)
    .requiredOption(
      "--customer-value <amount>",
      "what keeping a customer is worth: an amount, a column, or a column times a number such as monthlyCharges*12",
      valueOption,
    )
    .option("--contact-cost <amount>", "cost of contacting a customer; default: 0", amountOption)
    .option("--capacity <customers>", "how many can be contacted, such as 500 or 5%; default: all", capacityOption)
    .option("--outcomes", "the file says who churned: also count what the plan would have won")
    .option("--out <file>", "write whom to contact to a CSV file, the largest gain first")
    .addOption(delimiterOption())
    .option("--json", "print one line of JSON")
    .addHelpText(
      "after",
      example(
        "churnkit campaign model customers.csv --offer-cost 40 --success-rate 0.3 --customer-value monthlyCharges*12 --out contacts.csv",
      ),
    )
    .action(run);
}

async function run(bundle: string, file: string, options: Options): Promise<void> {
  const { offerCost, successRate, customerValue, contactCost, capacity, outcomes = false, out } = options;
  const campaign: Campaign = { offerCost, successRate, customerValue, contactCost, capacity };
  const { scorer } = await loadBundle(bundle);
  const table = await readTable(scorer.contract, file, {
    target: outcomes ? "required" : "ignore",
    ragged: "reject-row",
    ...delimiterOf(options),
  });
  noteSetAside(table);
  const plan = planCampaign({ scorer }, table, campaign);
  if (out !== undefined) {
    await writeCsv(out, contactsOf(plan, table));
    note(`wrote ${out}`);
  }
  const realized = outcomes ? evaluateCampaign({ scorer }, table, campaign) : undefined;
  const { contacts, ...totals } = plan;
  print(
    options.json,
    { customers: table.rows, contacts: contacts.length, ...totals, ...(realized && { realized: fieldsOf(realized) }) },
    textOf(plan, table, realized),
  );
}

/** Whom to contact, as lines of a file. */
function contactsOf({ contacts }: CampaignPlan, table: Table) {
  const names = customerNames(table);
  return contacts.map(({ row, probability, value, gain }) => ({
    customer: names[row],
    row: table.rowNumbers[row],
    probability,
    value,
    gain: Number(gain.toFixed(4)),
  }));
}

const fieldsOf = ({ profit, everybody, best }: CampaignEvaluation): object => ({ profit, everybody, best });

const money = (amount: number | null): string => (amount === null ? "-" : amount.toFixed(2));

function textOf(
  { contacts, expectedProfit, leftOut, unknown }: CampaignPlan,
  { rows }: Table,
  realized: CampaignEvaluation | undefined,
): string {
  const lines = [
    ["contact", `${contacts.length} of ${counted(rows, "customer")}`],
    ["expected profit", money(expectedProfit)],
    ...(leftOut > 0 ? [["left out for lack of capacity", String(leftOut)]] : []),
    ...(unknown > 0 ? [["of unknown value", String(unknown)]] : []),
  ];
  if (realized) {
    const { profit, everybody, best } = realized;
    const interval = profit.low === undefined ? "" : ` (95 %: ${money(profit.low)} to ${money(profit.high ?? null)})`;
    lines.push(
      ["profit by the outcomes", `${money(profit.value)}${interval}`],
      [`contacting everybody${leftOut > 0 ? ", beyond the capacity" : ""}`, money(everybody)],
      ["the most possible, knowing the outcomes", money(best)],
    );
  }
  return columns(lines);
}

function amountOption(text: string): number {
  const amount = Number(text);
  if (text.trim() === "" || !Number.isFinite(amount)) throw new InvalidArgumentError("It must be a number.");
  return amount;
}

/** `600`, `monthlyCharges` or `monthlyCharges*12`; the contract says whether there is such a column. */
function valueOption(text: string): Campaign["customerValue"] {
  if (text.trim() !== "" && Number.isFinite(Number(text))) return Number(text);
  const [, name = "", factor = "1"] = /^(.+?)(?:\*([0-9.]+))?$/s.exec(text.trim()) ?? [];
  if (name === "" || !Number.isFinite(Number(factor)))
    throw new InvalidArgumentError("Write an amount, a column, or a column times a number: monthlyCharges*12.");
  return product(column(name), Number(factor));
}

function capacityOption(text: string): Campaign["capacity"] {
  const [, number = "", percent] = /^([0-9.]+) ?(%?)$/.exec(text.trim()) ?? [];
  if (number === "" || !Number.isFinite(Number(number)))
    throw new InvalidArgumentError("It must be a number of customers, such as 500, or a share, such as 5%.");
  return percent === "%" ? { share: Number(number) / 100 } : { customers: Number(number) };
}
