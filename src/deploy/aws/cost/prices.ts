/** Prices in US dollars that an estimate uses. They change and differ by region: give your own where it matters. */
export interface Prices {
  /** Day on which someone looked them up, ISO 8601. */
  readonly date: string;
  readonly region: string;
  /** Of an instance for an hour of hosting, by its type. */
  readonly instances: Readonly<Record<string, number>>;
  /** Of serverless inference: a GB of memory for a second of work. */
  readonly serverlessGbSecond: number;
  /** Of provisioned concurrency: a GB of memory for a second on duty, and for a second of work. */
  readonly provisionedGbSecond: number;
  readonly provisionedWorkGbSecond: number;
  /** Of a GB that goes into or out of an endpoint. */
  readonly gigabyte: number;
}

/**
 * List prices of SageMaker inference in us-east-1, for estimates. They were written down from memory in October 2025 and not compared with AWS's
 * price pages: check them, or give a table of your own wherever `prices` is an option.
 *
 * @example
 * ```ts
 * import { listPrices } from "churnkit/deploy/aws";
 *
 * const ours = { ...listPrices, date: "2026-11-01", instances: { ...listPrices.instances, "ml.m5.large": 0.112 } };
 * console.log(ours.instances["ml.m5.large"]);
 * ```
 */
export const listPrices: Prices = {
  date: "2025-10-01",
  region: "us-east-1",
  instances: {
    "ml.t2.medium": 0.056,
    "ml.t2.large": 0.111,
    "ml.t2.xlarge": 0.223,
    "ml.m5.large": 0.115,
    "ml.m5.xlarge": 0.23,
    "ml.m5.2xlarge": 0.461,
    "ml.m5.4xlarge": 0.922,
    "ml.c5.large": 0.102,
    "ml.c5.xlarge": 0.204,
    "ml.c5.2xlarge": 0.408,
    "ml.c5.4xlarge": 0.816,
    "ml.r5.large": 0.151,
    "ml.r5.xlarge": 0.302,
    "ml.g4dn.xlarge": 0.736,
  },
  serverlessGbSecond: 0.00002,
  provisionedGbSecond: 0.0000044,
  provisionedWorkGbSecond: 0.0000143,
  gigabyte: 0.016,
};
