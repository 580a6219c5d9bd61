import type { Table } from "../../data/table/index.js";
import type { Scorer } from "../scoring/index.js";
import { roomOf } from "../training/threshold.js";
import { checkCampaign, payoffOf, valuesOf, type Campaign } from "./campaign.js";

/** A customer who may be contacted. */
export interface Contact {
  /** The customer's position in the table. */
  readonly row: number;
  readonly probability: number;
  /** What the customer is worth. */
  readonly value: number;
  /** Money that contacting the customer wins on average. */
  readonly gain: number;
}

/** Whom to contact. */
export interface CampaignPlan {
  /** The largest gain first, all above 0. */
  readonly contacts: readonly Contact[];
  /** The sum of their gains. */
  readonly expectedProfit: number;
  /** Customers worth contacting for whom there was no capacity. */
  readonly leftOut: number;
  /** Customers whose value is unknown, because a column is missing. */
  readonly unknown: number;
}

/**
 * Plans a campaign: contacts the customers from whom it wins most on average, as far as that is above 0 and the capacity
 * lasts. With churn probability p and value v, contacting a customer wins p * (successRate * (v - offerCost)) - (1 - p) * offerCost -
 * contactCost. This trusts the probabilities, so the model has to be calibrated, and it takes `successRate` as the same
 * for all: which customers an offer changes is a question for uplift models, which need data of an experiment.
 *
 * @throws ChurnkitError OPTION_INVALID for a campaign out of range, FEATURES_INVALID for a value that is not computed from
 * columns of the contract, VALUE_INVALID for one below 0, and the errors of `Scorer.score`.
 * @example
 * ```ts
 * import { column, defineFeatures, product, syntheticContract, syntheticCustomers, tableFromRecords } from "churnkit/data";
 * import { logistic, planCampaign, train } from "churnkit/model";
 *
 * const customers = tableFromRecords(syntheticContract, syntheticCustomers({ rows: 1000, seed: 1 }).records);
 * const model = await train(defineFeatures(syntheticContract), customers, { learner: logistic() });
 * const yearly = product(column("monthlyCharges"), 12);
 * const plan = planCampaign(model, customers, {
 *   offerCost: 40,
 *   successRate: 0.3,
 *   customerValue: yearly,
 *   capacity: { customers: 50 },
 * });
 * console.log(plan.contacts.length, plan.contacts[0]?.gain, plan.expectedProfit);
 * ```
 */
export function planCampaign(model: { readonly scorer: Scorer }, table: Table, campaign: Campaign): CampaignPlan {
  checkCampaign(campaign);
  const values = valuesOf(campaign, table);
  const worthwhile = byGain(model.scorer.score(table), values, campaign).filter(({ gain }) => gain > 0);
  const contacts = worthwhile.slice(0, capacityOf(campaign, table));
  return {
    contacts,
    expectedProfit: contacts.reduce((sum, { gain }) => sum + gain, 0),
    leftOut: worthwhile.length - contacts.length,
    unknown: values.filter(Number.isNaN).length,
  };
}

/** How many customers of a table can be contacted. */
export const capacityOf = ({ capacity }: Campaign, { rows }: Table): number =>
  capacity === undefined ? rows : roomOf(capacity, rows);

/** Customers of known value, the largest gain first; equal gains by position. */
export function byGain(probabilities: Float64Array, values: Float64Array, campaign: Campaign): Contact[] {
  return Array.from(probabilities, (probability, row): Contact => {
    const value = values[row] as number;
    const { churner, other } = payoffOf(campaign, value);
    return { row, probability, value, gain: probability * churner + (1 - probability) * other };
  })
    .filter(({ value }) => !Number.isNaN(value))
    .sort((a, b) => b.gain - a.gain || a.row - b.row);
}
