import type {
  CreateModelPackageCommandInput,
  ProductionVariantInstanceType,
  TransformInstanceType,
} from "@aws-sdk/client-sagemaker";
import { list, oneOf, optional, record, strictObject, text, where, withDefault } from "../../../base/json/index.js";
import { decodeWith } from "../decode.js";
import { type AwsTarget, nameOf } from "../target.js";
import { environment, instanceType, ref, refText, s3Uri } from "./decoders.js";
import { defined, partsOf } from "./parts.js";
import type { Referable } from "./referable.js";

/** Description of a version of a model in SageMaker's registry. */
export interface ModelPackage {
  /** The bundle, one `.tar.gz`. */
  readonly data: string;
  /** Whole name of the group; by default the target's. */
  readonly group?: string | undefined;
  /** Default `PendingManualApproval`. */
  readonly approval?: "Approved" | "Rejected" | "PendingManualApproval" | undefined;
  /** Default CSV and JSON. */
  readonly contentTypes?: readonly string[] | undefined;
  /** Default JSON. */
  readonly responseTypes?: readonly string[] | undefined;
  readonly realTimeInstances: readonly ProductionVariantInstanceType[];
  readonly transformInstances?: readonly TransformInstanceType[] | undefined;
  readonly environment?: Readonly<Record<string, string>> | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  /** URI of the evaluation, a JSON document in the form of SageMaker's model quality. */
  readonly quality?: string | undefined;
}

const types = where(list(refText(256), 100), ({ length }) => length > 0, "a list of media types");
const decoder = strictObject({
  data: s3Uri(),
  group: optional(ref(text(170))),
  approval: withDefault(ref(oneOf(["Approved", "Rejected", "PendingManualApproval"])), "PendingManualApproval"),
  contentTypes: withDefault(types, ["text/csv", "application/json"]),
  responseTypes: withDefault(types, ["application/json"]),
  realTimeInstances: list(instanceType<ProductionVariantInstanceType>(), 100),
  transformInstances: optional(list(instanceType<TransformInstanceType>(), 100)),
  environment: environment(100, 1024),
  metadata: optional(record(refText(256), 50)),
  quality: optional(s3Uri()),
});

/** The request of a version in a group; it takes the group's tags. */
export function modelPackage(
  json: AwsTarget,
  description: Referable<ModelPackage>,
): Referable<CreateModelPackageCommandInput> {
  const { target } = partsOf(json);
  const { quality, ...version } = decodeWith(decoder, description, "The model package", "version");
  return defined({
    ModelPackageGroupName: version.group ?? nameOf(target),
    ModelApprovalStatus: version.approval,
    CustomerMetadataProperties: version.metadata,
    InferenceSpecification: {
      Containers: [{ Image: target.image, ModelDataUrl: version.data, Environment: version.environment }],
      SupportedContentTypes: version.contentTypes,
      SupportedResponseMIMETypes: version.responseTypes,
      SupportedRealtimeInferenceInstanceTypes: version.realTimeInstances,
      SupportedTransformInstanceTypes: version.transformInstances,
    },
    ModelMetrics:
      quality === undefined
        ? undefined
        : { ModelQuality: { Statistics: { ContentType: "application/json", S3Uri: quality } } },
  });
}
