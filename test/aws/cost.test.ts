import { describe, expect, it } from "vitest";
import { listPrices, monthlyCost } from "../../src/deploy/aws/index.js";
import { endpointConfig } from "../../src/deploy/aws/requests/endpoint-config.js";
import { awsTarget } from "../helpers/aws-target.js";

const config = (instanceType: string, instances: number) =>
  endpointConfig(awsTarget, {
    kind: "real-time",
    name: "v1",
    variants: [{ model: "churn-dev-v1", instanceType, instances }],
  } as never);

describe("the monthly cost of an endpoint", () => {
  it("counts each instance for 730 hours, and the data", () => {
    const { total, lines, perThousandRequests, prices } = monthlyCost(config("ml.m5.large", 2), {
      requests: 1_048_576,
      bytes: 1024,
    });
    expect(total).toBeCloseTo(2 * 730 * 0.115 + 0.016, 9);
    expect(lines.map(({ unit, quantity }) => [unit, quantity])).toEqual([
      ["instance hours", 1460],
      ["GB", 1],
    ]);
    expect(perThousandRequests).toBeCloseTo((total / 1_048_576) * 1000, 9);
    expect(prices).toEqual({ date: listPrices.date, region: "us-east-1" });
  });

  it("takes no name of a variant for another setting", () => {
    const usage = { requests: NaN, instances: { requests: 2 } };
    expect(() => monthlyCost(config("ml.m5.large", 2), usage)).toThrow(/usage requests must be a number/);
    const odd = { VariantName: "constructor", InstanceType: "ml.m5.large", InitialInstanceCount: 1 } as const;
    expect(monthlyCost({ ProductionVariants: [odd] }).total).toBeCloseTo(730 * 0.115, 9);
  });

  it("counts shadows, their copies of the data, and instances on average", () => {
    const variant = (VariantName: string) =>
      ({ VariantName, InstanceType: "ml.c5.large", InitialInstanceCount: 1 }) as const;
    const { total, lines } = monthlyCost(
      { ProductionVariants: [variant("main")], ShadowProductionVariants: [variant("shadow")] },
      { requests: 2 ** 20, bytes: 1024, instances: { main: 2.5 } },
    );
    expect(lines.map(({ what }) => what)).toEqual(["main: ml.c5.large", "shadow: ml.c5.large", "data in and out"]);
    expect(total).toBeCloseTo(3.5 * 730 * 0.102 + 2 * 0.016, 9);
  });

  it("counts serverless work by GB-seconds, and provisioned concurrency around the clock", () => {
    const serverless = (ProvisionedConcurrency?: number) => ({
      ProductionVariants: [
        { VariantName: "main", ServerlessConfig: { MemorySizeInMB: 2048, MaxConcurrency: 5, ProvisionedConcurrency } },
      ],
    });
    expect(monthlyCost(serverless(), { requests: 1000, seconds: 0.1, bytes: 0 }).total).toBeCloseTo(200 * 0.00002, 9);
    const provisioned = monthlyCost(serverless(1), { requests: 1000, seconds: 0.1, bytes: 0 });
    expect(provisioned.total).toBeCloseTo(200 * 0.0000143 + 2 * 730 * 3600 * 0.0000044, 9);
    expect(monthlyCost(serverless()).perThousandRequests).toBeNull();
  });

  it("refuses a type without a price, and amounts that are none", () => {
    expect(() => monthlyCost(config("ml.p5.48xlarge", 1))).toThrow(/no price for the instance type "ml.p5.48xlarge"/);
    expect(() => monthlyCost(config("ml.m5.large", 1), { requests: Number.NaN })).toThrow(/requests must be a number/);
  });
});
