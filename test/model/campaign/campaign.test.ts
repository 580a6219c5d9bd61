import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { contractOf, product, tableFromRecords, type Expression, type Table } from "../../../src/data/index.js";
import { type Campaign, campaignCosts, evaluateCampaign, planCampaign } from "../../../src/model/campaign/index.js";
import type { Scorer } from "../../../src/model/scoring/index.js";
import { costThreshold, chooseThreshold } from "../../../src/model/training/threshold.js";
import { z } from "zod";

const contract = contractOf(
  z.object({ id: z.string(), fee: z.number().nullable(), p: z.number(), churn: z.enum(["No", "Yes"]) }),
  { id: "id", target: "churn", positive: "Yes" },
);

interface Customer {
  readonly p: number;
  readonly churns?: boolean;
  readonly fee?: number | null;
}

const tableOf = (customers: readonly Customer[]): Table =>
  tableFromRecords(
    contract,
    customers.map(({ p, churns = false, fee = 10 }, i) => ({ id: `c${i}`, p, fee, churn: churns ? "Yes" : "No" })),
  );

/** A model whose probability is the column p. */
const model = {
  scorer: {
    score: (table: Table) => {
      const data = table.columns.get("p");
      return data?.storage === "numeric" ? Float64Array.from(data.values) : new Float64Array(0);
    },
  } as unknown as Scorer,
};

const fee: Expression = { op: "column", name: "fee" };
const plain: Campaign = { contactCost: 5, offerCost: 40, successRate: 0.3, customerValue: 600 };

describe("campaignCosts", () => {
  it("gives the threshold from which contacting a customer wins something", () => {
    const amount = fc.double({ min: 0.01, max: 100, noNaN: true });
    fc.assert(
      fc.property(
        amount,
        amount,
        fc.double({ min: 0.1, max: 1, noNaN: true }),
        (contactCost, offerCost, successRate) => {
          const campaign = { contactCost, offerCost, successRate, customerValue: 3000 };
          const threshold = costThreshold(campaignCosts(campaign));
          const calls = (p: number): number => planCampaign(model, tableOf([{ p }]), campaign).contacts.length;
          expect(calls(Math.min(1, threshold + 1e-6))).toBe(1);
          expect(calls(threshold - 1e-6)).toBe(0);
        },
      ),
      { numRuns: 50 },
    );
  });

  it("counts the money that evaluations and thresholds count", () => {
    const customers = [0.9, 0.7, 0.6, 0.4, 0.2].map((p, i) => ({ p, churns: i % 2 === 0 }));
    const labels = Uint8Array.from(customers, ({ churns }) => (churns ? 1 : 0));
    const probabilities = Float64Array.from(customers, ({ p }) => p);
    const { threshold } = chooseThreshold(labels, probabilities, { rule: "cost", costs: campaignCosts(plain) });
    const { curve } = evaluateCampaign(model, tableOf(customers), plain);
    const called = probabilities.filter((p) => p >= threshold).length;
    expect(curve[called]).toBe(Math.max(...curve));
  });

  it("refuses a campaign that wins nothing, amounts and rates out of range, and a value that it does not know", () => {
    expect(() => campaignCosts({ ...plain, customerValue: 50 })).toThrow(/wins nothing/);
    for (const wrong of [{ offerCost: -1 }, { contactCost: Infinity }, { successRate: 0 }, { successRate: 1.1 }])
      expect(() => campaignCosts({ ...plain, ...wrong })).toThrow(expect.objectContaining({ code: "OPTION_INVALID" }));
    expect(() => campaignCosts({ ...plain, customerValue: fee })).toThrow(/second argument/);
    expect(campaignCosts({ ...plain, customerValue: fee }, 600)).toEqual(campaignCosts(plain));
  });
});

describe("planCampaign", () => {
  it("prefers the valuable customer to the likely churner, where the gain says so", () => {
    const plan = planCampaign(
      model,
      tableOf([
        { p: 0.9, fee: 20 },
        { p: 0.5, fee: 100 },
        { p: 0.01, fee: 100 },
      ]),
      { ...plain, customerValue: product(fee, 12) },
    );
    expect(plan.contacts.map(({ row }) => row)).toEqual([1, 0]);
    // 0.5 * 0.3 * (1200 - 40) - 0.5 * 40 - 5
    expect(plan.contacts[0]).toMatchObject({ probability: 0.5, value: 1200 });
    expect(plan.contacts[0]?.gain).toBeCloseTo(149, 9);
    expect(plan.expectedProfit).toBeCloseTo(149 + (0.9 * 0.3 * 200 - 4 - 5), 9);
  });

  it("stops at the capacity, and says who is left out and whose value is unknown", () => {
    const customers = [{ p: 0.9 }, { p: 0.8 }, { p: 0.7 }, { p: 0.7, fee: null }];
    const campaign = { ...plain, customerValue: product(fee, 60) };
    const plan = planCampaign(model, tableOf(customers), { ...campaign, capacity: { customers: 2 } });
    expect(plan).toMatchObject({ leftOut: 1, unknown: 1 });
    expect(plan.contacts.map(({ row }) => row)).toEqual([0, 1]);
    expect(planCampaign(model, tableOf(customers), { ...campaign, capacity: { share: 0.5 } }).contacts).toHaveLength(2);
  });

  it("refuses a value below 0, naming the row", () => {
    const run = (): unknown =>
      planCampaign(model, tableOf([{ p: 0.5 }, { p: 0.5, fee: -1 }]), { ...plain, customerValue: fee });
    expect(run).toThrow(expect.objectContaining({ code: "VALUE_INVALID" }));
  });
});

describe("evaluateCampaign", () => {
  const customers = fc.array(fc.record({ p: fc.double({ min: 0, max: 1, noNaN: true }), churns: fc.boolean() }), {
    minLength: 1,
    maxLength: 30,
  });

  it("lies between what everybody costs and the best", () => {
    fc.assert(
      fc.property(customers, fc.integer({ min: 0, max: 30 }), (list, room) => {
        const both = [...list, { p: 0.5, churns: true }, { p: 0.5 }];
        const found = evaluateCampaign(model, tableOf(both), { ...plain, capacity: { customers: room } });
        expect(found.profit.value).toBeCloseTo(found.curve[found.contacted] as number, 6);
        expect(found.profit.value as number).toBeLessThanOrEqual(found.best + 1e-9);
        expect(found.curve.at(-1)).toBe(found.everybody);
        expect(found.contacted).toBeLessThanOrEqual(room);
      }),
    );
  });

  it("counts what the contacted customers really did", () => {
    const list = [{ p: 0.9, churns: true }, { p: 0.8 }, { p: 0.1, churns: true }];
    const { profit, contacted, everybody, best } = evaluateCampaign(model, tableOf(list), plain);
    const churner = 0.3 * 560 - 5;
    expect(contacted).toBe(2);
    expect(profit.value).toBeCloseTo(churner - 45, 9);
    expect(everybody).toBeCloseTo(2 * churner - 45, 9);
    expect(best).toBeCloseTo(2 * churner, 9);
  });
});
