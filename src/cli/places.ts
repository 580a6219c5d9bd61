import { existsSync, readdirSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { ChurnkitError } from "../base/errors.js";
import { mlflowCredentials } from "../io/mlflow/index.js";
import { filesStore, type ObjectStore } from "../io/store/index.js";
import type { S3Objects } from "../io/store/s3/objects.js";
import { storeRegistry } from "../registry/backends/index.js";
import type { ModelRegistry } from "../registry/registry.js";

/** Places that the command line accepts as a registry; the first match wins. */
export const registryPlaces =
  "a folder, s3://bucket/prefix, sagemaker://bucket/prefix, or mlflow+http://host:port (mlflow+https too), where ?ledger=<folder or s3://bucket/prefix> keeps MLflow's history";

/**
 * Opens the registry of a model at the place that a command names. Its driver, and the package that it needs, are
 * loaded only then.
 *
 * @throws ChurnkitError OPTION_INVALID for an invalid place, PEER_MISSING without the driver's package.
 */
export async function openRegistry(place: string, name: string): Promise<ModelRegistry> {
  const { scheme, rest } = partsOf(place);
  const by = login();
  switch (scheme) {
    case undefined:
      return storeRegistry(filesStore(place), { name, by });
    case "s3":
      return storeRegistry(await bucket(rest), { name, by });
    case "sagemaker": {
      const { sagemakerRegistry } = await import("../registry/backends/sagemaker/index.js");
      return sagemakerRegistry({ name, by, store: await bucket(rest) });
    }
    case "mlflow+http":
    case "mlflow+https": {
      const { mlflowRegistry } = await import("../registry/backends/mlflow/index.js");
      const [trackingUri = "", ledger] = place.slice("mlflow+".length).split("?ledger=", 2);
      return mlflowRegistry({
        name,
        by,
        trackingUri,
        ...mlflowCredentials(process.env),
        ledger: ledger === undefined ? undefined : await openStore(ledger),
      });
    }
    default:
      throw new ChurnkitError("OPTION_INVALID", `${place.slice(0, 80)} is not a registry. Give ${registryPlaces}.`);
  }
}

/** Describes a model's default name. */
export const defaultModel =
  "default: the only one in a folder, the contract's for the first one there, churn elsewhere";

/**
 * Returns the default model: the only one in a folder; if there is none yet, `first`.
 *
 * @throws ChurnkitError OPTION_INVALID if the folder has several.
 */
export function modelIn(place: string, first = "churn"): string {
  if (partsOf(place).scheme !== undefined) return "churn";
  const [name, ...others] = modelsIn(place);
  if (others.length > 0)
    throw new ChurnkitError(
      "OPTION_INVALID",
      `${place} holds several models: ${[name, ...others].join(", ")}. Choose one with --model.`,
    );
  return name ?? asModelName(first);
}

/**
 * Checks that a registry in a folder has a model; another place says so itself.
 *
 * @throws ChurnkitError REGISTRY_NOT_FOUND.
 */
export function checkModelIn(place: string, name: string): void {
  if (partsOf(place).scheme !== undefined) return;
  const names = modelsIn(place);
  if (names.includes(name)) return;
  throw new ChurnkitError(
    "REGISTRY_NOT_FOUND",
    names.length === 0
      ? `There is no registry at ${place}. Register a model with churnkit registry register, or check the path.`
      : `The registry at ${place} has no model ${name}; it has ${names.join(", ")}. Name one of these, or register ${name} first.`,
    { where: { file: place } },
  );
}

/** The models of a registry in a folder. */
const modelsIn = (place: string): readonly string[] =>
  existsSync(place)
    ? readdirSync(place).filter((model) =>
        ["index.json", "history"].some((part) => existsSync(join(place, model, part))),
      )
    : [];

/** Turns a contract's name into a valid name of a model. */
const asModelName = (name: string): string =>
  name
    .replace(/[^A-Za-z0-9_-]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 200) || "churn";

/** Author of changes by default; `--by` overrides it. */
export function login(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    // A user without an entry in the system's list, as in many containers.
    return undefined;
  }
}

function partsOf(place: string): { readonly scheme: string | undefined; readonly rest: string } {
  const [, scheme, rest = ""] = /^([a-z][a-z0-9+]*):\/\/(.*)$/.exec(place) ?? [];
  return { scheme, rest };
}

/**
 * Opens a store of objects: a folder or s3://bucket/prefix.
 *
 * @throws ChurnkitError OPTION_INVALID for another place, PEER_MISSING without the driver's package.
 */
export async function openStore(place: string): Promise<ObjectStore> {
  const { scheme, rest } = partsOf(place);
  if (scheme === undefined) return filesStore(place);
  if (scheme === "s3") return bucket(rest);
  throw new ChurnkitError(
    "OPTION_INVALID",
    `${place.slice(0, 80)} is not a store. Give a folder or s3://bucket/prefix.`,
  );
}

/**
 * Opens the bucket of an object, named as s3://bucket/key.
 *
 * @throws ChurnkitError OPTION_INVALID without a bucket and a key, PEER_MISSING without the driver's package.
 */
export async function openObject(place: string): Promise<{ readonly objects: S3Objects; readonly key: string }> {
  const [, name, key] = /^s3:\/\/([^/]+)\/(.*[^/])$/s.exec(place) ?? [];
  if (name === undefined || key === undefined)
    throw new ChurnkitError("OPTION_INVALID", `${place.slice(0, 80)} is not an object. Give s3://bucket/key.`);
  const { s3Objects } = await import("../io/store/s3/objects.js");
  return { objects: await s3Objects({ bucket: name }), key };
}

/**
 * Opens the store of a prefix, named as s3://bucket/prefix. One that ends in a slash means what is in that folder alone.
 *
 * @throws ChurnkitError OPTION_INVALID without a bucket and a prefix, PEER_MISSING without the driver's package.
 */
export async function openPrefix(place: string): Promise<{ readonly store: ObjectStore; readonly prefix: string }> {
  const [, folder, prefix] = /^s3:\/\/([^/]+(?:\/.+)?)\/([^/]+\/?)$/.exec(place) ?? [];
  if (folder === undefined || prefix === undefined)
    throw new ChurnkitError("OPTION_INVALID", `${place.slice(0, 80)} is not a prefix. Give s3://bucket/prefix.`);
  return { store: await bucket(folder), prefix };
}

async function bucket(path: string): Promise<ObjectStore> {
  const { s3Store } = await import("../io/store/s3/store.js");
  const [name = "", ...prefix] = path.split("/").filter((part) => part !== "");
  return s3Store({ bucket: name, prefix: prefix.join("/") });
}
