import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { register } from "../../src/cli/commands/campaign.js";
import { register as train } from "../../src/cli/commands/train.js";
import { newFolder } from "../helpers/folder.js";
import { runVerb, type Ran } from "../helpers/run-verb.js";
import { header, put, quick, rows } from "./customers.js";

const folder = newFolder();
const at = (name: string): string => join(folder, name);
const offer = ["--offer-cost", "40", "--success-rate", "0.3", "--contact-cost", "2"];
const planned = (...args: string[]): Promise<Ran> =>
  runVerb(register, ["campaign", at("model"), at("customers.csv"), ...offer, ...args]);

interface Planned {
  readonly customers: number;
  readonly contacts: number;
  readonly expectedProfit: number;
  readonly leftOut: number;
  readonly realized?: { readonly profit: { readonly value: number }; readonly best: number };
}
const fields = ({ out }: Ran): Planned => JSON.parse(out) as Planned;

beforeAll(async () => {
  put(folder, "customers.csv", [header, ...rows(300)]);
  await runVerb(train, ["train", at("customers.csv"), ...quick, "--out", at("model")]);
});

describe("churnkit campaign", () => {
  it("writes whom to contact, the largest gain first, and counts the outcomes", async () => {
    const found = fields(
      await planned(
        "--customer-value",
        "600",
        "--capacity",
        "10%",
        "--outcomes",
        "--out",
        at("contacts.csv"),
        "--json",
      ),
    );
    const [head, ...lines] = readFileSync(at("contacts.csv"), "utf8").trim().split("\n");
    expect(head).toBe("customer,row,probability,value,gain");
    expect(lines).toHaveLength(30);
    const gains = lines.map((line) => Number(line.split(",").at(-1)));
    expect(gains).toEqual(gains.toSorted((a, b) => b - a));
    expect(found).toMatchObject({ customers: 300, contacts: 30 });
    expect(found.expectedProfit).toBeCloseTo(
      gains.reduce((sum, gain) => sum + gain, 0),
      2,
    );
    expect(found.realized?.profit.value).toBeLessThanOrEqual(found.realized?.best ?? NaN);
  });

  it("computes a customer's value from a column", async () => {
    const once = fields(await planned("--customer-value", "tenure*12", "--json"));
    const twice = fields(await planned("--customer-value", "tenure*24", "--json"));
    expect(twice.expectedProfit).toBeGreaterThan(once.expectedProfit);
  });

  it("says it in words", async () => {
    const { out } = await planned("--customer-value", "600", "--outcomes");
    expect(out).toMatch(/^contact +\d+ of 300 customers$/m);
    expect(out).toMatch(/^profit by the outcomes +-?[\d.]+ \(95 %: /m);
    expect(out).toMatch(/^contacting everybody +-?[\d.]+$/m);
    const scarce = await planned("--customer-value", "600", "--outcomes", "--capacity", "5");
    expect(scarce.out).toMatch(/^contacting everybody, beyond the capacity +-?[\d.]+$/m);
  });

  it.each([
    ["--customer-value", "nothing*12"],
    ["--customer-value", "600", "--capacity", "many"],
    ["--customer-value", "-5"],
  ])("refuses %s %s", async (...args) => {
    await expect(planned(...args)).rejects.toThrow();
  });
});
