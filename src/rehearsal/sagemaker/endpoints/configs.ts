import type { CreateEndpointConfigInput } from "@aws-sdk/client-sagemaker";
import { invalid } from "../../front/aws-error.js";
import type { Service } from "../../front/front.js";
import type { ModelsOptions, Models } from "./models.js";
import { resources, type ListQuery, type Resource } from "./resources.js";
import { tagsByKey } from "./tags.js";

/** A configuration of endpoints. */
export type EndpointConfig = Resource<CreateEndpointConfigInput>;

export interface Configs {
  readonly service: Service;
  readonly find: (name: string | undefined) => EndpointConfig;
}

/** Endpoint configurations: variants of models, and how they are captured. */
export function configService(
  models: Models,
  { tags, arn, now, onChange }: Pick<ModelsOptions, "tags" | "arn" | "now" | "onChange">,
): Configs {
  const configs = resources<EndpointConfig>("endpoint configuration", arn);
  const tell = ({ name, arn: EndpointConfigArn, created }: EndpointConfig): void =>
    onChange("SageMaker Endpoint Config State Change", EndpointConfigArn, {
      EndpointConfigName: name,
      EndpointConfigArn,
      CreationTime: created * 1000,
      Tags: tagsByKey(tags.of(EndpointConfigArn)),
    });
  return {
    find: configs.find,
    service: {
      CreateEndpointConfig: (input: CreateEndpointConfigInput) => {
        const name = input.EndpointConfigName ?? "";
        checkConfig(input, models);
        const config = { name, arn: arn(name), input, created: now() };
        configs.add(config);
        tags.set(config.arn, input.Tags);
        tell(config);
        return { EndpointConfigArn: config.arn };
      },
      DescribeEndpointConfig: ({ EndpointConfigName }: Partial<CreateEndpointConfigInput>) => {
        const config = configs.find(EndpointConfigName);
        return { ...config.input, Tags: undefined, EndpointConfigArn: config.arn, CreationTime: config.created };
      },
      ListEndpointConfigs: (query: ListQuery) => {
        const { page, ...rest } = configs.list(query);
        const EndpointConfigs = page.map((each) => ({
          EndpointConfigName: each.name,
          EndpointConfigArn: each.arn,
          CreationTime: each.created,
        }));
        return { EndpointConfigs, ...rest };
      },
      // SageMaker deletes one that is in use as well: who does so can no longer see what the endpoint runs on.
      DeleteEndpointConfig: ({ EndpointConfigName }: Partial<CreateEndpointConfigInput>) => {
        const config = configs.remove(EndpointConfigName);
        tell(config);
        tags.drop(config.arn);
      },
    },
  };
}

/** @throws AwsError ValidationException for what SageMaker refuses. */
function checkConfig(input: CreateEndpointConfigInput, models: Models): void {
  const { ProductionVariants = [], ShadowProductionVariants: shadows = [] } = input;
  const all = [...ProductionVariants, ...shadows];
  const serverless = all.filter(({ ServerlessConfig }) => ServerlessConfig !== undefined);
  const names = all.map(({ VariantName }) => VariantName);
  const sources = all.map(({ ModelName }) => models.find(ModelName));
  const isMulti = sources.some((source) => source.isMulti);
  const rules: readonly (readonly [isBroken: boolean, message: string])[] = [
    [ProductionVariants.length === 0, "An endpoint configuration needs a production variant."],
    [new Set(names).size < names.length, "Variant names must be unique."],
    [
      all.some(
        (each) => each.ServerlessConfig === undefined && !(each.InstanceType && (each.InitialInstanceCount ?? 0) >= 1),
      ),
      "A variant needs an InstanceType and an InitialInstanceCount, or a ServerlessConfig.",
    ],
    [
      ProductionVariants.every(({ InitialVariantWeight = 1 }) => InitialVariantWeight === 0),
      "The weights of the production variants must not all be 0.",
    ],
    [shadows.length > 0 && ProductionVariants.length !== 1, "Shadow variants need exactly one production variant."],
    [shadows.length > 0 && isMulti, "Shadow variants cannot be used with multi-model endpoints."],
    [serverless.length > 0 && all.length > 1, "A serverless endpoint has exactly one variant."],
    [serverless.length > 0 && input.DataCaptureConfig !== undefined, "Serverless endpoints have no data capture."],
    [serverless.length > 0 && input.AsyncInferenceConfig !== undefined, "Serverless endpoints are not asynchronous."],
    [serverless.length > 0 && isMulti, "Multi-model is not supported on serverless endpoints."],
    [
      serverless.some(
        ({ ServerlessConfig: { MemorySizeInMB: size = 0 } = {} }) => size % 1024 !== 0 || size < 1024 || size > 6144,
      ),
      "MemorySizeInMB is 1024, 2048, 3072, 4096, 5120 or 6144.",
    ],
    [
      serverless.some(
        ({ ServerlessConfig: { MaxConcurrency = 0, ProvisionedConcurrency = 0 } = {} }) =>
          ProvisionedConcurrency > MaxConcurrency,
      ),
      "ProvisionedConcurrency must not be more than MaxConcurrency.",
    ],
  ];
  for (const [isBroken, message] of rules) if (isBroken) throw invalid(message);
}
