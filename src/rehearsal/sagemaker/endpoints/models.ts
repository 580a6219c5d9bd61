import type { ContainerDefinition, CreateModelInput, DescribeModelPackageOutput } from "@aws-sdk/client-sagemaker";
import { invalid } from "../../front/aws-error.js";
import type { Service } from "../../front/front.js";
import type { Objects } from "../objects.js";
import { resources, type ListQuery, type Resource } from "./resources.js";
import type { Tags } from "./tags.js";

/** What a container serves. */
export interface ModelSource {
  readonly name: string;
  /** The archive, or for many models the prefix of archives. */
  readonly data: string;
  readonly isMulti: boolean;
  readonly environment: Readonly<Record<string, string>>;
}

export interface ModelsOptions {
  readonly objects: Objects;
  readonly tags: Tags;
  readonly arn: (name: string) => string;
  /** Seconds since 1970. */
  readonly now: () => number;
  /** DescribeModelPackage. */
  readonly describePackage: (input: { readonly ModelPackageName: string }) => unknown;
  readonly onChange: (type: string, arn: string, detail: object) => void;
}

export interface Models {
  readonly service: Service;
  /** The model of a name. @throws AwsError if there is none. */
  find(name: string | undefined): ModelSource;
}

interface Model extends Resource<CreateModelInput> {
  readonly source: ModelSource;
}

/** Models: a container's image, and the data in a bucket that it serves. */
export function modelService({ objects, tags, arn, now, describePackage, onChange }: ModelsOptions): Models {
  const models = resources<Model>("model", arn);

  async function create(input: CreateModelInput): Promise<object> {
    const { ModelName: name = "", PrimaryContainer, Containers = [] } = input;
    if (models.has(name)) throw invalid(`Cannot create already existing model "${arn(name)}".`);
    const [container, ...others] = PrimaryContainer === undefined ? Containers : [PrimaryContainer];
    if (container === undefined) throw invalid("A model needs a PrimaryContainer or Containers.");
    if (others.length > 0) throw invalid("The rehearsal serves models of one container.");
    const source = await sourceOf(name, container);
    if (source.data !== "" && !(await objects.exist(source.data)))
      throw invalid(`Could not find model data at ${source.data}.`);
    models.add({ name, arn: arn(name), input, created: now(), source });
    tags.set(arn(name), input.Tags);
    onChange("SageMaker Model State Change", arn(name), { ModelName: name, ModelArn: arn(name) });
    return { ModelArn: arn(name) };
  }

  async function sourceOf(name: string, container: ContainerDefinition): Promise<ModelSource> {
    const { ModelPackageName, Environment, Mode } = container;
    const described = ModelPackageName === undefined ? {} : await describePackage({ ModelPackageName });
    const packed = (described as Partial<DescribeModelPackageOutput>).InferenceSpecification?.Containers?.[0];
    const { ModelDataUrl, ModelDataSource } = packed ?? container;
    const data = ModelDataUrl ?? ModelDataSource?.S3DataSource?.S3Uri ?? "";
    const isMulti = Mode === "MultiModel";
    if (!isMulti && data !== "" && !data.endsWith(".tar.gz"))
      throw invalid(`The rehearsal serves a model of one .tar.gz, not ${data}.`);
    return { name, data, isMulti, environment: { ...packed?.Environment, ...Environment } };
  }

  return {
    find: (name) => models.find(name).source,
    service: {
      CreateModel: create,
      DescribeModel: ({ ModelName }: Partial<CreateModelInput>) => {
        const { input, created, ...model } = models.find(ModelName);
        return { ...input, Tags: undefined, ModelArn: model.arn, CreationTime: created };
      },
      ListModels: (query: ListQuery) => {
        const { page, ...rest } = models.list(query);
        const Models = page.map((each) => ({ ModelName: each.name, ModelArn: each.arn, CreationTime: each.created }));
        return { Models, ...rest };
      },
      // SageMaker does not ask whether an endpoint serves it: a container that runs has its data already.
      DeleteModel: ({ ModelName }: Partial<CreateModelInput>) => {
        const { name } = models.remove(ModelName);
        tags.drop(arn(name));
        onChange("SageMaker Model State Change", arn(name), { ModelName: name, ModelArn: arn(name) });
      },
    },
  };
}
