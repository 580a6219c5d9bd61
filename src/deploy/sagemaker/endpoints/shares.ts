import type { Shares } from "../../rollout/ports.js";
import type { AwsSession } from "../session.js";
import { gone } from "./failures.js";
import { versionOf } from "./planned.js";
import { describeConfig, describeEndpoint, pendingConfig, type StandingEndpoint } from "./standing.js";

/** Shares of the versions in the traffic of an endpoint, whoever set them. */
export async function readShares(session: AwsSession, endpoint: string): Promise<Shares> {
  const seen = await describeEndpoint(session, endpoint);
  if (seen === undefined) throw gone(endpoint);
  const { ProductionVariants: variants = [], EndpointConfigName: config } = seen;
  const pending = seen.EndpointStatus === "Creating" ? undefined : pendingConfig(seen);
  const moved = pending === undefined ? 0 : movedBy(seen);
  const shares = new Map<string, number>();
  const add = (version: string, share: number): void => {
    if (share > 0) shares.set(version, (shares.get(version) ?? 0) + share);
  };
  const sum = variants.reduce((total, { CurrentWeight = 0 }) => total + CurrentWeight, 0);
  const versions = await versionsByVariant(session, config);
  for (const { VariantName = "", CurrentWeight = 0 } of variants)
    add(versions.get(VariantName) ?? VariantName, ((1 - moved) * CurrentWeight) / (sum || 1));
  if (moved > 0)
    for (const [variant, version] of await versionsByVariant(session, pending))
      add(version, moved * pendingWeight(seen, variant));
  return Object.fromEntries(shares);
}

/** The versions of the production variants of a configuration. */
async function versionsByVariant(session: AwsSession, config: string | undefined): Promise<Map<string, string>> {
  const described = config === undefined ? undefined : await describeConfig(session, config);
  return new Map(
    described?.ProductionVariants?.map(({ VariantName = "", ModelName = "" }) => [
      VariantName,
      versionOf(session.target, ModelName),
    ]),
  );
}

/** How much of the traffic guardrails have moved. Only the message of the new variants' status tells. */
function movedBy({ PendingDeploymentSummary: summary }: StandingEndpoint): number {
  const [first, ...others] = summary?.ProductionVariants ?? [];
  const { Status, StatusMessage = "" } = first?.VariantStatus?.at(-1) ?? {};
  if (first === undefined || (Status !== "Baking" && Status !== "ActivatingTraffic")) return 0;
  const [, instances] = /capacity of (\d+) instance/.exec(StatusMessage) ?? [];
  const all = [first, ...others].reduce((sum, { DesiredInstanceCount = 0 }) => sum + DesiredInstanceCount, 0);
  return instances === undefined || all === 0 ? 0 : Math.min(1, Number(instances) / all);
}

function pendingWeight({ PendingDeploymentSummary: summary }: StandingEndpoint, variant: string): number {
  const all = summary?.ProductionVariants ?? [];
  const weightOf = (each: (typeof all)[number]): number => each.DesiredWeight ?? each.CurrentWeight ?? 1;
  const sum = all.reduce((total, each) => total + weightOf(each), 0);
  const own = all.find(({ VariantName }) => VariantName === variant);
  return own === undefined || sum === 0 ? 0 : weightOf(own) / sum;
}
