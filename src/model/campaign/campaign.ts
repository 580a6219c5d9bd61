import { ChurnkitError } from "../../base/errors.js";
import { checkExpression, evaluateExpression, type NumericExpression } from "../../data/features/index.js";
import type { Table } from "../../data/table/index.js";
import type { Costs } from "../artifact.js";
import type { Capacity } from "../training/threshold.js";

/** A campaign to keep customers: what an offer costs, what it achieves, and what a customer is worth. Any one currency. */
export interface Campaign {
  /** Cost of contacting a customer, 0 or more. Default 0. */
  readonly contactCost?: number | undefined;
  /** Cost of the offer to a customer who takes it, 0 or more. Contacted customers who would stay anyway take it too. */
  readonly offerCost: number;
  /** Share of the contacted churners who take the offer and stay, in (0, 1]. */
  readonly successRate: number;
  /** What keeping a customer is worth: one amount for all, or an expression of the customer's columns. */
  readonly customerValue: number | NumericExpression;
  /** How many customers can be contacted, for instance in a week. Default: all. */
  readonly capacity?: Capacity | undefined;
}

/** Money won by contacting one customer, by what the customer would have done. */
export interface Payoff {
  readonly churner: number;
  readonly other: number;
}

/**
 * What contacting a customer of this value wins: a churner who is kept is worth the value less the offer; one who would stay takes the
 * offer for nothing (Neslin et al., Defection detection, 2006).
 */
export const payoffOf = ({ contactCost = 0, offerCost, successRate }: Campaign, value: number): Payoff => ({
  churner: successRate * (value - offerCost) - contactCost,
  other: -offerCost - contactCost,
});

/** @throws ChurnkitError OPTION_INVALID for an amount below 0 or a rate outside (0, 1]. */
export function checkCampaign({ contactCost = 0, offerCost, successRate, customerValue }: Campaign): void {
  const refuse = (path: string, message: string): never => {
    throw new ChurnkitError("OPTION_INVALID", message, { where: { path } });
  };
  const amounts = { contactCost, offerCost, ...(typeof customerValue === "number" && { customerValue }) };
  for (const [name, amount] of Object.entries(amounts))
    if (!(amount >= 0 && amount < Infinity)) refuse(name, `${name} is ${amount}. Give an amount of 0 or more.`);
  if (!(successRate > 0 && successRate <= 1))
    refuse("successRate", `successRate is ${successRate}. Give a share above 0, at most 1.`);
}

/**
 * The costs of both mistakes that a campaign implies for customers of one value: a missed churner costs what the campaign would
 * have won, a needless call what it spends. With them {@link costThreshold} gives the threshold, `train` chooses it (rule
 * `cost`), and `evaluate`, gates and monitors count money.
 *
 * @param value what a customer is worth; needed where the campaign computes it from columns: then for instance their mean.
 * @throws ChurnkitError OPTION_INVALID for an amount below 0, a rate outside (0, 1], a campaign that wins nothing even from a certain
 * churner, or without a value.
 * @example
 * ```ts
 * import { campaignCosts, costThreshold } from "churnkit/model";
 *
 * const costs = campaignCosts({ contactCost: 5, offerCost: 40, successRate: 0.3, customerValue: 600 });
 * console.assert(Math.abs(costThreshold(costs) - 45 / 208) < 1e-12);
 * ```
 */
export function campaignCosts(campaign: Campaign, value?: number): Costs {
  checkCampaign(campaign);
  const worth = value ?? campaign.customerValue;
  if (typeof worth !== "number" || !(worth >= 0 && worth < Infinity))
    throw new ChurnkitError(
      "OPTION_INVALID",
      `The value of a customer is ${typeof worth === "number" ? worth : "computed from columns"}. Give one amount of 0 or more as the second argument.`,
      { where: { path: "customerValue" } },
    );
  const { churner, other } = payoffOf(campaign, worth);
  if (churner > 0) return { falseNegative: churner, falsePositive: 0 - other };
  throw new ChurnkitError(
    "OPTION_INVALID",
    `The campaign wins nothing: a contacted churner brings ${churner.toFixed(2)} on average. Make the offer cheaper, or leave these customers alone.`,
    { where: { path: "offerCost" } },
  );
}

/**
 * What each customer of a table is worth; NaN where a column is missing.
 *
 * @throws ChurnkitError FEATURES_INVALID for an expression of a wrong column or kind, VALUE_INVALID for a value below 0.
 */
export function valuesOf({ customerValue }: Campaign, table: Table): Float64Array {
  if (typeof customerValue === "number") return new Float64Array(table.rows).fill(customerValue);
  const { kind } = checkExpression(customerValue, table.contract, "customerValue");
  if (kind !== "number")
    throw new ChurnkitError("FEATURES_INVALID", `customerValue is a ${kind}. Compute a number from the columns.`, {
      where: { path: "customerValue" },
    });
  const { values } = evaluateExpression(customerValue, table);
  const wrong = values.findIndex((value) => value < 0 || value === Infinity);
  if (wrong < 0) return values;
  throw new ChurnkitError(
    "VALUE_INVALID",
    `${table.source}: the value of a customer is ${values[wrong]}. Correct the row, or the expression of customerValue.`,
    { where: { file: table.source, row: table.rowNumbers[wrong], value: values[wrong] } },
  );
}
