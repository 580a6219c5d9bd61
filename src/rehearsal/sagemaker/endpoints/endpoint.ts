import type { DeploymentConfig, EndpointStatus, ProductionVariant } from "@aws-sdk/client-sagemaker";
import { productionOf, type Fleet, type Variant } from "./fleet.js";

/** What a deployment is doing. */
export interface VariantStatus {
  readonly Status: "Creating" | "Updating" | "Deleting" | "ActivatingTraffic" | "Baking";
  readonly StatusMessage: string;
  readonly StartTime: number;
}

/** The fleet that an update brings, and the part of the traffic that it has already. */
export interface Pending {
  readonly fleet: Fleet;
  readonly started: number;
  share: number;
  status: VariantStatus;
}

/** An endpoint, and what it is doing. Times are seconds since 1970. */
export interface Endpoint {
  readonly name: string;
  readonly arn: string;
  readonly created: number;
  modified: number;
  status: EndpointStatus;
  reason?: string | undefined;
  /** In service, or to come first. */
  fleet: Fleet;
  pending?: Pending | undefined;
  lastDeployment?: DeploymentConfig | undefined;
}

const summary = (variant: Variant, status?: VariantStatus): object => {
  const { name, weight, desiredWeight, instances, desiredInstances, config } = variant;
  const capacity =
    config.ServerlessConfig === undefined
      ? { CurrentInstanceCount: instances, DesiredInstanceCount: desiredInstances }
      : { CurrentServerlessConfig: config.ServerlessConfig, DesiredServerlessConfig: config.ServerlessConfig };
  const shown = { VariantName: name, CurrentWeight: weight, DesiredWeight: desiredWeight, ...capacity };
  return status === undefined ? shown : { ...shown, VariantStatus: [status] };
};

/** An endpoint as DescribeEndpoint returns it. */
export function describeEndpoint(endpoint: Endpoint): Record<string, unknown> {
  const { fleet, pending, lastDeployment, reason } = endpoint;
  const { DataCaptureConfig: capture, AsyncInferenceConfig } = fleet.config.input;
  const shadows = fleet.variants.filter(({ isShadow }) => isShadow).map((each) => summary(each));
  return defined({
    EndpointName: endpoint.name,
    EndpointArn: endpoint.arn,
    EndpointConfigName: fleet.config.name,
    ProductionVariants:
      endpoint.status === "Creating" || endpoint.status === "Failed"
        ? undefined
        : productionOf(fleet).map((each) => summary(each)),
    ShadowProductionVariants: shadows.length === 0 ? undefined : shadows,
    DataCaptureConfig:
      capture === undefined
        ? undefined
        : {
            EnableCapture: capture.EnableCapture ?? true,
            CaptureStatus: (capture.EnableCapture ?? true) ? "Started" : "Stopped",
            CurrentSamplingPercentage: capture.InitialSamplingPercentage,
            DestinationS3Uri: capture.DestinationS3Uri,
            KmsKeyId: capture.KmsKeyId ?? "",
          },
    AsyncInferenceConfig,
    EndpointStatus: endpoint.status,
    FailureReason: reason,
    CreationTime: endpoint.created,
    LastModifiedTime: endpoint.modified,
    LastDeploymentConfig: lastDeployment,
    PendingDeploymentSummary: pending === undefined ? undefined : pendingSummary(pending),
  });
}

const pendingSummary = ({ fleet, started, status }: Pending): object => ({
  EndpointConfigName: fleet.config.name,
  StartTime: started,
  ProductionVariants: productionOf(fleet).map((each) => summary(each, status)),
});

const defined = (members: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));

/** An endpoint as its events have it: a status in capitals, milliseconds, tags by name. */
export function endpointEvent(endpoint: Endpoint, tags: Readonly<Record<string, string>>): object {
  const { CreationTime, LastModifiedTime, ...described } = describeEndpoint(endpoint);
  return {
    ...described,
    EndpointStatus: endpoint.status.replace(/(?!^)[A-Z]/g, (letter) => `_${letter}`).toUpperCase(),
    CreationTime: Number(CreationTime) * 1000,
    LastModifiedTime: Number(LastModifiedTime) * 1000,
    Tags: tags,
  };
}

/** The instances of a variant, by its name, in a list of variants. */
export const typeOf = (variants: readonly ProductionVariant[], name: string): string | undefined =>
  variants.find(({ VariantName }) => VariantName === name)?.InstanceType;
