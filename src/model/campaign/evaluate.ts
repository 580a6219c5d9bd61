import { labels, type Table } from "../../data/table/index.js";
import { standardError } from "../../stats/mean.js";
import type { MetricValue } from "../evaluate/index.js";
import type { Scorer } from "../scoring/index.js";
import { checkCampaign, payoffOf, valuesOf, type Campaign } from "./campaign.js";
import { byGain, capacityOf } from "./plan.js";

/** What a campaign would have won among customers whose outcome is known. */
export interface CampaignEvaluation {
  /** Customers of known value. */
  readonly customers: number;
  /** Customers that the plan contacts. */
  readonly contacted: number;
  /** Money won by the plan, with the 95 % interval of a sum over such customers. */
  readonly profit: MetricValue;
  /** Money won by contacting everybody, whatever the capacity; often below 0. */
  readonly everybody: number;
  /** The most that could be won within the capacity, by contacting only churners, the most valuable first. */
  readonly best: number;
  /** `curve[k]` is the money won by contacting the first `k` customers by expected gain, from none to all. */
  readonly curve: Float64Array;
}

/**
 * Evaluates a campaign on labeled customers: contacts the ones that {@link planCampaign} would choose, and counts what their real
 * outcomes would have won, with the campaign's `successRate` for churners.
 *
 * @throws ChurnkitError TARGET_INVALID without a target, and the errors of {@link planCampaign}.
 * @example
 * ```ts
 * import { defineFeatures, split, syntheticContract, syntheticCustomers, tableFromRecords } from "churnkit/data";
 * import { evaluateCampaign, logistic, train } from "churnkit/model";
 *
 * const { train: rows, test } = split(tableFromRecords(syntheticContract, syntheticCustomers({ rows: 2000, seed: 1 }).records));
 * const model = await train(defineFeatures(syntheticContract), rows, { learner: logistic() });
 * const campaign = { offerCost: 40, successRate: 0.3, customerValue: 600 };
 * const { profit, everybody, best } = evaluateCampaign(model, test, campaign);
 * console.log(profit.value, profit.low, profit.high, everybody, best);
 * ```
 */
export function evaluateCampaign(
  model: { readonly scorer: Scorer },
  table: Table,
  campaign: Campaign,
): CampaignEvaluation {
  checkCampaign(campaign);
  const outcomes = labels(table, { everyClass: false });
  const ranked = byGain(model.scorer.score(table), valuesOf(campaign, table), campaign);
  const room = capacityOf(campaign, table);
  const payoffs = ranked.map(({ row, value }) => {
    const { churner, other } = payoffOf(campaign, value);
    return outcomes[row] === 1 ? churner : other;
  });
  const contacted = Math.min(room, ranked.filter(({ gain }) => gain > 0).length);
  const curve = new Float64Array(payoffs.length + 1);
  payoffs.forEach((payoff, k) => (curve[k + 1] = (curve[k] as number) + payoff));
  return {
    customers: ranked.length,
    contacted,
    profit: withInterval(Float64Array.from(payoffs, (payoff, k) => (k < contacted ? payoff : 0))),
    everybody: curve.at(-1) ?? 0,
    best: payoffs
      .filter((payoff) => payoff > 0)
      .sort((a, b) => b - a)
      .slice(0, room)
      .reduce((sum, payoff) => sum + payoff, 0),
    curve,
  };
}

/** A sum, with the normal 95 % interval that its terms' variance gives. */
function withInterval(terms: Float64Array): MetricValue {
  const value = terms.reduce((sum, term) => sum + term, 0);
  if (terms.length < 2) return { value };
  const reach = 1.959964 * terms.length * standardError(terms);
  return { value, low: value - reach, high: value + reach };
}
