import type { ProductionVariant } from "@aws-sdk/client-sagemaker";
import { ChurnkitError } from "../../../base/errors.js";
import { listPrices, type Prices } from "./prices.js";

/** What an endpoint does in a month of 730 hours. */
export interface EndpointUsage {
  /** Default 0. */
  readonly requests?: number | undefined;
  /** Seconds that a request takes, for serverless endpoints. Default 0.05. */
  readonly seconds?: number | undefined;
  /** Bytes of a request and its answer together. Default 2,048. */
  readonly bytes?: number | undefined;
  /** Instances on average, by variant, where autoscaling changes them. Default: what the configuration starts with. */
  readonly instances?: Readonly<Record<string, number>> | undefined;
}

/** An amount of something, with what it costs. */
export interface CostLine {
  readonly what: string;
  readonly quantity: number;
  /** `instance hours`, `GB-seconds`, `GB`. */
  readonly unit: string;
  /** Of one unit, in US dollars. */
  readonly price: number;
  /** quantity * price. */
  readonly amount: number;
}

/** What an endpoint costs in a month, in US dollars. */
export interface MonthlyCost {
  readonly total: number;
  readonly lines: readonly CostLine[];
  /** For 1,000 requests; null without requests. */
  readonly perThousandRequests: number | null;
  /** Where the prices come from. */
  readonly prices: Pick<Prices, "date" | "region">;
}

/** The parts of an endpoint configuration that cost money, as `endpointConfig` makes them and SageMaker describes them. */
export interface PricedConfig {
  readonly ProductionVariants?: readonly PricedVariant[] | undefined;
  readonly ShadowProductionVariants?: readonly PricedVariant[] | undefined;
}

type PricedVariant = Pick<
  ProductionVariant,
  "VariantName" | "InstanceType" | "InitialInstanceCount" | "ServerlessConfig"
>;

const hoursPerMonth = 730;

/**
 * Estimates what an endpoint costs in a month, from its configuration and its traffic. Storage of captured data, logs
 * and alarms come on top; they are small beside instances.
 *
 * @throws ChurnkitError OPTION_INVALID for an instance type without a price, or a usage that is not a finite number from 0.
 *
 * @example
 * ```ts
 * import { monthlyCost } from "churnkit/deploy/aws";
 *
 * const config = { ProductionVariants: [{ VariantName: "main", InstanceType: "ml.m5.large", InitialInstanceCount: 2 }] } as const;
 * const { total, perThousandRequests } = monthlyCost(config, { requests: 3_000_000 });
 * console.assert(Math.round(total) === 168 && perThousandRequests !== null && perThousandRequests < 0.06);
 * ```
 */
export function monthlyCost(config: PricedConfig, usage: EndpointUsage = {}, prices: Prices = listPrices): MonthlyCost {
  const { requests = 0, seconds = 0.05, bytes = 2048, instances = {} } = usage;
  for (const [name, value] of Object.entries({ requests, seconds, bytes })) checkAmount(name, value);
  const counts = new Map(Object.entries(instances));
  for (const [name, value] of counts) checkAmount(`instances.${name}`, value);
  const variants = [...(config.ProductionVariants ?? []), ...(config.ShadowProductionVariants ?? [])];
  const lines = variants.flatMap((variant) => linesOf(variant));
  // Each request goes to one variant, and a copy to each shadow.
  const copies = 1 + (config.ShadowProductionVariants?.length ?? 0);
  lines.push(line("data in and out", (requests * copies * bytes) / 2 ** 30, "GB", prices.gigabyte));
  const priced = lines.filter(({ quantity }) => quantity > 0);
  const total = priced.reduce((sum, { amount }) => sum + amount, 0);
  return {
    total,
    lines: priced,
    perThousandRequests: requests === 0 ? null : (total / requests) * 1000,
    prices: { date: prices.date, region: prices.region },
  };

  function linesOf({
    VariantName = "",
    InstanceType,
    InitialInstanceCount,
    ServerlessConfig,
  }: PricedVariant): CostLine[] {
    if (ServerlessConfig === undefined) {
      const count = counts.get(VariantName) ?? InitialInstanceCount ?? 1;
      return [
        line(`${VariantName}: ${InstanceType ?? ""}`, count * hoursPerMonth, "instance hours", priceOf(InstanceType)),
      ];
    }
    const gigabytes = (ServerlessConfig.MemorySizeInMB ?? 0) / 1024;
    const provisioned = ServerlessConfig.ProvisionedConcurrency ?? 0;
    const work = provisioned > 0 ? prices.provisionedWorkGbSecond : prices.serverlessGbSecond;
    return [
      line(`${VariantName}: serverless work`, requests * seconds * gigabytes, "GB-seconds", work),
      line(
        `${VariantName}: provisioned concurrency`,
        provisioned * gigabytes * hoursPerMonth * 3600,
        "GB-seconds",
        prices.provisionedGbSecond,
      ),
    ];
  }

  function priceOf(type = ""): number {
    const price = Object.hasOwn(prices.instances, type) ? prices.instances[type] : undefined;
    if (price !== undefined) return price;
    throw new ChurnkitError(
      "OPTION_INVALID",
      `There is no price for the instance type "${type}". Give prices with it: { ...listPrices, instances: { ...listPrices.instances, "${type}": 0.5 } }.`,
      { where: { value: type } },
    );
  }
}

const line = (what: string, quantity: number, unit: string, price: number): CostLine => ({
  what,
  quantity,
  unit,
  price,
  amount: quantity * price,
});

function checkAmount(name: string, value: number): void {
  if (Number.isFinite(value) && value >= 0) return;
  throw new ChurnkitError("OPTION_INVALID", `The usage ${name} must be a number from 0, not ${value}.`, {
    where: { path: name, value },
  });
}
