import type * as Sdk from "@aws-sdk/client-sagemaker";
import type { Sagemaker } from "../../../base/aws/index.js";
import { sha256Hex } from "../../../base/hash.js";
import type { ObjectStore } from "../../../io/store/index.js";
import { packSource, type BundleSource } from "../../../model/bundle/index.js";
import { readableJson } from "../../../base/json/index.js";
import type { ModelVersion, VersionRecord, VersionStatus } from "../../versions/version.js";
import { isAbsent, sagemakerFailed } from "./sagemaker-failed.js";
import { modelCard } from "./model-card.js";
import { customerMetadata, descriptionOf, hashIn, statusIn } from "./package-text.js";

/** A version as SageMaker shows it. */
export interface PublishedPackage {
  readonly arn: string;
  readonly contentHash: string;
  readonly approval: Sdk.ModelApprovalStatus;
}

/** Settings of new packages. */
export interface PackagePlace {
  readonly group: string;
  readonly store: ObjectStore;
  /** Of the store, ending in `/`. */
  readonly uri: string;
  readonly image: string | undefined;
  /** For endpoints. */
  readonly instanceTypes: readonly Sdk.ProductionVariantInstanceType[] | undefined;
}

/** The model packages of one group that churnkit made. */
export interface ModelPackages {
  /** Newest first. */
  list(): Promise<readonly PublishedPackage[]>;
  /**
   * Returns a package's current approval, and the status that churnkit wrote last; a different approval was decided
   * in SageMaker.
   */
  shownBy(
    found: PublishedPackage,
  ): Promise<{ readonly approval: Sdk.ModelApprovalStatus; readonly written: VersionStatus | undefined }>;
  create(version: VersionRecord, bundle: BundleSource, approval: Sdk.ModelApprovalStatus): Promise<string>;
  /** Shows the current approval, stage, aliases and tags. */
  update(arn: string, version: ModelVersion, approval: Sdk.ModelApprovalStatus): Promise<void>;
  /** Removes a package and its model data, but nothing of a registry elsewhere with the same group. */
  remove(found: PublishedPackage): Promise<void>;
}

const defaultInstances = ["ml.m5.large", "ml.c5.large", "ml.t2.medium"] as const;

export function modelPackages(
  { sdk, client }: Sagemaker,
  { group, store, uri, image, instanceTypes = defaultInstances }: PackagePlace,
): ModelPackages {
  // Includes the version's number, which is unique: removing a version removes nothing of one with the same content.
  const folder = (number: number, contentHash: string): string =>
    `${group}/packages/${String(number).padStart(6, "0")}-${contentHash}`;
  const failing = <T>(operation: string, call: Promise<T>): Promise<T> =>
    call.catch((cause: unknown) => {
      throw sagemakerFailed(operation, group, cause);
    });
  const describe = (arn: string): Promise<Sdk.DescribeModelPackageCommandOutput> =>
    failing("DescribeModelPackage", client.send(new sdk.DescribeModelPackageCommand({ ModelPackageName: arn })));
  /** Another process may have removed a listed package. */
  const unlessAbsent = <T>(call: Promise<T>): Promise<T | undefined> =>
    call.catch((error: unknown) => {
      if (isAbsent(error)) return undefined;
      throw error;
    });
  let made: Promise<void> | undefined;

  /** The folder of a package's data, if it belongs to this registry. */
  function ownPlace(metrics: string | undefined, contentHash: string): string | undefined {
    const start = `${uri}${group}/packages/`;
    const number = metrics?.startsWith(start) === true ? /^\d+(?=-)/.exec(metrics.slice(start.length))?.[0] : undefined;
    const place = `${folder(Number(number), contentHash)}/`;
    return number !== undefined && metrics === `${uri}${place}metrics.json` ? place : undefined;
  }

  /** Makes the group if it does not exist; another process may have made it in the meantime. */
  async function makeGroup(): Promise<void> {
    const input = {
      ModelPackageGroupName: group,
      ModelPackageGroupDescription: `Versions of the model ${group}, kept by churnkit`,
    };
    await client.send(new sdk.CreateModelPackageGroupCommand(input)).catch((cause: unknown) => {
      if (!(cause instanceof Error && /already exists/i.test(cause.message)))
        throw sagemakerFailed("CreateModelPackageGroup", group, cause);
    });
  }

  return {
    async list() {
      const found: PublishedPackage[] = [];
      let token: string | undefined;
      do {
        const input: Sdk.ListModelPackagesCommandInput = {
          ModelPackageGroupName: group,
          MaxResults: 100,
          SortBy: "CreationTime",
          SortOrder: "Descending",
          ...(token === undefined ? {} : { NextToken: token }),
        };
        const page = await client.send(new sdk.ListModelPackagesCommand(input)).catch((cause: unknown) => {
          // A group that does not exist yet is empty.
          if (isAbsent(cause)) return { ModelPackageSummaryList: [], NextToken: undefined };
          throw sagemakerFailed("ListModelPackages", group, cause);
        });
        for (const {
          ModelPackageArn: arn,
          ModelPackageDescription: text,
          ModelApprovalStatus: approval,
        } of page.ModelPackageSummaryList ?? []) {
          const contentHash = hashIn(text ?? "");
          if (arn !== undefined && contentHash !== undefined)
            found.push({ arn, contentHash, approval: approval ?? "PendingManualApproval" });
        }
        token = page.NextToken;
      } while (token !== undefined);
      return found;
    },

    async shownBy({ arn }) {
      const { ModelApprovalStatus: approval, CustomerMetadataProperties: metadata } =
        (await unlessAbsent(describe(arn))) ?? {};
      return { approval: approval ?? "PendingManualApproval", written: statusIn(metadata) };
    },

    async create(version, bundle, approval) {
      await (made ??= makeGroup().catch((error: unknown) => {
        made = undefined;
        throw error;
      }));
      const place = folder(version.number, version.contentHash);
      const metrics = `${place}/metrics.json`;
      await store.putStream(`${place}/model.tar.gz`, packSource(bundle));
      await store.put(metrics, readableJson(version.metrics));
      const input: Sdk.CreateModelPackageCommandInput = {
        ModelPackageGroupName: group,
        ModelPackageDescription: descriptionOf(version),
        ModelApprovalStatus: approval,
        // The same version made twice, after a lost answer, is one package.
        ClientToken: (
          await sha256Hex(new TextEncoder().encode(`${group} ${version.number} ${version.contentHash}`))
        ).slice(0, 36),
        CustomerMetadataProperties: customerMetadata({ ...version, aliases: [] }),
        ModelMetrics: { ModelQuality: { Statistics: { ContentType: "application/json", S3Uri: uri + metrics } } },
        ModelCard: {
          ModelCardContent: modelCard(group, version, `${uri}${place}/model.tar.gz`),
          ModelCardStatus: "Draft",
        },
        ...(version.lineage.gitCommit === undefined
          ? {}
          : { MetadataProperties: { CommitId: version.lineage.gitCommit } }),
        ...(image === undefined
          ? { SourceUri: `${uri}${place}/model.tar.gz` }
          : {
              InferenceSpecification: {
                Containers: [{ Image: image, ModelDataUrl: `${uri}${place}/model.tar.gz` }],
                SupportedContentTypes: ["application/json", "text/csv"],
                SupportedResponseMIMETypes: ["application/json"],
                SupportedRealtimeInferenceInstanceTypes: [...instanceTypes],
                SupportedTransformInstanceTypes: ["ml.m5.large", "ml.m5.xlarge"],
              },
            }),
      };
      const { ModelPackageArn: arn = "" } = await failing(
        "CreateModelPackage",
        client.send(new sdk.CreateModelPackageCommand(input)),
      );
      return arn;
    },

    async update(arn, version, approval) {
      const present = customerMetadata(version);
      const { CustomerMetadataProperties: before = {} } = await describe(arn);
      const gone = Object.keys(before).filter((key) => !Object.hasOwn(present, key));
      const { by, reason } = version.statusNote;
      await failing(
        "UpdateModelPackage",
        client.send(
          new sdk.UpdateModelPackageCommand({
            ModelPackageArn: arn,
            ModelApprovalStatus: approval,
            ApprovalDescription: printable(
              `${version.status} by ${by}${reason === undefined ? "" : `: ${reason}`}`,
              1024,
            ),
            CustomerMetadataProperties: present,
            ...(gone.length === 0 ? {} : { CustomerMetadataPropertiesToRemove: gone }),
          }),
        ),
      );
    },

    async remove({ arn, contentHash }) {
      const { ModelMetrics: metrics } = (await unlessAbsent(describe(arn))) ?? {};
      const place = ownPlace(metrics?.ModelQuality?.Statistics?.S3Uri, contentHash);
      if (place === undefined) return;
      // The data first, because a package that is still listed is removed again.
      for (const { key } of await store.list(place)) await store.delete(key);
      await client.send(new sdk.DeleteModelPackageCommand({ ModelPackageName: arn })).catch((cause: unknown) => {
        if (!isAbsent(cause)) throw sagemakerFailed("DeleteModelPackage", group, cause);
      });
    },
  };
}

/** Text without control characters, which SageMaker refuses. */
const printable = (text: string, most: number): string => text.replaceAll(/[\p{C}]+/gu, " ").slice(0, most);
