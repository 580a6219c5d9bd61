import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import {
  CreateEndpointCommand,
  CreateEndpointConfigCommand,
  CreateModelCommand,
  DescribeEndpointCommand,
  SageMakerClient,
  type CreateEndpointConfigCommandInput,
  type DescribeEndpointCommandOutput,
  type ProductionVariant,
} from "@aws-sdk/client-sagemaker";
import { InvokeEndpointCommand, SageMakerRuntimeClient } from "@aws-sdk/client-sagemaker-runtime";
import { memoryStore, type ObjectStore } from "../../src/io/store/index.js";
import { packArchive } from "../../src/model/bundle/archive.js";
import { toBundleFiles } from "../../src/model/bundle/index.js";
import { rehearse, type Rehearsal, type RehearsalOptions } from "../../src/rehearsal/rehearse.js";
import { sampleArtifact, sampleRecords } from "./artifact.js";
import { clientOf } from "./rehearsed.js";

/** One customer as a request, without the class that nobody knows yet. */
export const customer: Readonly<Record<string, unknown>> = { ...sampleRecords(1)[0], churned: undefined };

const archives = new Map<number, Promise<Uint8Array>>();

/** A bundle in an archive, made once; another seed gives another model. */
export function archive(seed = 1): Promise<Uint8Array> {
  const packed = archives.get(seed) ?? pack(seed);
  archives.set(seed, packed);
  return packed;
}

const pack = async (seed: number): Promise<Uint8Array> =>
  packArchive(await toBundleFiles(await sampleArtifact({ networks: 0, seed }), { createdAt: new Date(0) }));

/** A rehearsal with models v1 and v2 in a bucket, and clients of it. */
export interface EndpointWorld {
  readonly rehearsal: Rehearsal;
  readonly store: ObjectStore;
  readonly sagemaker: SageMakerClient;
  readonly runtime: SageMakerRuntimeClient;
  readonly cloudWatch: CloudWatchClient;
  /** Lets virtual minutes pass. */
  readonly pass: (minutes: number) => Promise<void>;
  /** Makes a configuration of variants. */
  readonly config: (
    name: string,
    variants: readonly Partial<ProductionVariant>[],
    more?: Partial<CreateEndpointConfigCommandInput>,
  ) => Promise<void>;
  /** Makes an endpoint on a configuration, and waits until it is in service. */
  readonly endpoint: (name: string, config: string) => Promise<void>;
  readonly describe: (name: string) => Promise<DescribeEndpointCommandOutput>;
  /** Sends the customer, and says which variant answered what. */
  readonly invoke: (
    name: string,
    more?: { TargetVariant?: string; InferenceId?: string },
  ) => Promise<{ variant: string; probability: number }>;
  readonly close: () => Promise<void>;
}

export async function endpointWorld(options: RehearsalOptions = {}): Promise<EndpointWorld> {
  const store = memoryStore();
  const rehearsal = await rehearse({ buckets: () => store, ...options });
  const { clock } = rehearsal;
  const client = clientOf(rehearsal);
  const [sagemaker, runtime, cloudWatch] = [
    new SageMakerClient(client),
    new SageMakerRuntimeClient(client),
    new CloudWatchClient(client),
  ];
  for (const seed of [1, 2]) {
    await store.put(`models/v${seed}/model.tar.gz`, await archive(seed));
    await sagemaker.send(
      new CreateModelCommand({
        ModelName: `v${seed}`,
        ExecutionRoleArn: "arn:aws:iam::123456789012:role/churn",
        PrimaryContainer: {
          Image: "123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1",
          ModelDataUrl: `s3://churn-data/models/v${seed}/model.tar.gz`,
        },
      }),
    );
  }
  const pass = (minutes: number): Promise<void> => clock.advanceTo(clock.now() + minutes * 60_000);
  return {
    ...{ rehearsal, store, sagemaker, runtime, cloudWatch, pass },
    async config(EndpointConfigName, variants, more = {}) {
      const usual = {
        VariantName: "main",
        ModelName: "v1",
        InstanceType: "ml.m5.large",
        InitialInstanceCount: 1,
      } as const;
      const ProductionVariants = variants.map((variant) => ({ ...usual, ...variant }));
      await sagemaker.send(new CreateEndpointConfigCommand({ EndpointConfigName, ProductionVariants, ...more }));
    },
    async endpoint(EndpointName, EndpointConfigName) {
      await sagemaker.send(new CreateEndpointCommand({ EndpointName, EndpointConfigName }));
      await pass(10);
    },
    describe: (EndpointName) => sagemaker.send(new DescribeEndpointCommand({ EndpointName })),
    async invoke(EndpointName, more) {
      const Body = JSON.stringify(customer);
      const input = { EndpointName, Body, ContentType: "application/json", Accept: "application/json", ...more };
      const answer = await runtime.send(new InvokeEndpointCommand(input));
      const said = JSON.parse(new TextDecoder().decode(answer.Body)) as { predictions: [{ probability: number }] };
      return { variant: answer.InvokedProductionVariant ?? "", probability: said.predictions[0].probability };
    },
    async close() {
      for (const each of [sagemaker, runtime, cloudWatch]) each.destroy();
      await rehearsal.close();
    },
  };
}
