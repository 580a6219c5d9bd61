import type * as Sdk from "@aws-sdk/client-sagemaker";
import { openSagemaker } from "../../../base/aws/index.js";
import { ChurnkitError } from "../../../base/errors.js";
import type { ObjectStore } from "../../../io/store/index.js";
import { storeBackend } from "../store/store-backend.js";
import { registryOver, type RegistryOptions } from "../../registry-over.js";
import type { ModelRegistry } from "../../registry.js";
import { modelPackages } from "./model-packages.js";
import { publishedBackend } from "./published-backend.js";

/** Options of {@link sagemakerRegistry}. */
export interface SagemakerRegistryOptions extends RegistryOptions {
  /** Store of bundles, records and the history; SageMaker reads the model data there, so it must be a bucket. */
  readonly store: ObjectStore;
  /** The store's place as SageMaker reads it, `s3://bucket/prefix`. Default: the store's own name, from `s3Store`. */
  readonly storeUri?: string | undefined;
  /**
   * The container image that serves these models, for endpoints made from a model package. Without it SageMaker
   * itself cannot deploy packages.
   */
  readonly image?: string | undefined;
  /** Instance types of endpoints for packages. Default ml.m5.large, ml.c5.large and ml.t2.medium. */
  readonly instanceTypes?: readonly Sdk.ProductionVariantInstanceType[] | undefined;
  /** Your own client; otherwise one is made from `clientConfig`. */
  readonly client?: Sdk.SageMakerClient | undefined;
  /** Region, credentials, endpoint; the SDK finds the rest as usual. */
  readonly clientConfig?: Sdk.SageMakerClientConfig | undefined;
}

/**
 * Opens a registry whose versions are SageMaker model packages of one group, with the model's name. SageMaker has
 * neither aliases nor compare-and-swap, so the registry itself is in the bucket with the model data, as
 * `storeRegistry` keeps it, and each version is published as a model package: the bundle's tar.gz as model data,
 * metrics, a model card, approval, and customer metadata with version, stage and aliases.
 *
 * Approval works both ways: a package approved or rejected in SageMaker has that status here too, and the history
 * records the decision as made there. A quarantined version stays quarantined until it is approved here. A change
 * that was not published, because a process died or SageMaker was unreachable, is published with the next one.
 *
 * Needs the package `@aws-sdk/client-sagemaker`, and the permissions of {@link sagemakerRegistryPolicy}.
 *
 * @throws ChurnkitError PEER_MISSING when the SDK is not installed, OPTION_INVALID for a name that no group can have
 * or a store that is not a bucket.
 *
 * @example
 * ```ts no-run
 * import { s3Store } from "churnkit/io/s3";
 * import { sagemakerRegistry } from "churnkit/registry/sagemaker";
 *
 * const store = await s3Store({ bucket: "acme-models", prefix: "registry" });
 * const registry = await sagemakerRegistry({ name: "churn", store });
 * console.log(await registry.list());
 * ```
 */
export async function sagemakerRegistry(options: SagemakerRegistryOptions): Promise<ModelRegistry> {
  const { name, store, storeUri = store.name, now = () => new Date() } = options;
  if (!/^[a-zA-Z0-9](?:-?[a-zA-Z0-9]){0,62}$/.test(name)) {
    throw new ChurnkitError(
      "OPTION_INVALID",
      `${JSON.stringify(name.slice(0, 80))} cannot name a model package group: up to 63 letters, digits and single -.`,
    );
  }
  if (!/^s3:\/\/[^/]+/.test(storeUri) || !store.capabilities.compareAndSwap) {
    throw new ChurnkitError(
      "OPTION_INVALID",
      `SageMaker reads model data from a bucket. Give an s3Store, or the storeUri of a store with compare-and-swap, not ${store.name}.`,
    );
  }
  const files = storeBackend(store, `${name}/`, now);
  const { client, clientConfig } = options;
  const sagemaker = await openSagemaker("The SageMaker registry", { client, clientConfig, maxAttempts: 6 });
  const packages = modelPackages(sagemaker, {
    group: name,
    store,
    uri: storeUri.replace(/\/*$/, "/"),
    image: options.image,
    instanceTypes: options.instanceTypes,
  });
  return registryOver(publishedBackend(files, packages, now), { ...options, now });
}
