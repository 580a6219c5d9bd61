import { existsSync } from "node:fs";
import { hostname } from "node:os";
import { basename, resolve } from "node:path";
import { ChurnkitError } from "../base/errors.js";
import { nearestText, type Contract } from "../data/contract/index.js";
import { filesStore } from "../io/store/index.js";
import { captureToStore } from "../monitor/capture/index.js";
import { captureToFile } from "../serving/hosts/index.js";
import {
  exposureLog,
  modelHost,
  modelsOf,
  modelsOnDemand,
  type Exposure,
  type ExposureLog,
  type HostedModel,
  type LoadedModel,
  type ModelHost,
  type Models,
} from "../serving/models/index.js";
import { note, reasonOf } from "./output.js";
import { checkModelIn, modelIn, openPrefix, openRegistry } from "./places.js";
import { reference } from "./registry-options.js";
import type { ServeConfig } from "./serve-config.js";
import { onDuty } from "./watched-handler.js";

/** The registry of other commands, where none is named. */
const usualStore = "registry";

/** Who is told of a change of versions, and of exposures. */
interface ModelListeners {
  /** @param said the change in words. */
  readonly onChange: (model: LoadedModel, said: string) => void;
  readonly onExposure: ExposureLog["add"] | undefined;
}

/** The models of a server. */
export interface ServedModels {
  readonly models: Models;
  /** Looks for other versions now. */
  readonly refresh: () => Promise<void>;
  readonly close: () => void;
}

/**
 * The models that a server is asked for: those named by words, or those of a folder that callers load and unload.
 *
 * @throws ChurnkitError OPTION_INVALID for options that do not fit together; what keeps a model from being loaded.
 */
export async function servedModels(
  words: readonly string[],
  options: ServeConfig,
  told: ModelListeners,
): Promise<ServedModels> {
  const { onDemand, modelVersion: version } = options;
  if (onDemand !== undefined) {
    const other = words[0] ?? forOneModel.find((name) => options[name] !== undefined)?.replace(/[A-Z]/g, "-$&");
    if (other !== undefined)
      throw new ChurnkitError(
        "OPTION_INVALID",
        `--on-demand begins without a model, so ${other.toLowerCase()} has no place beside it. Leave one of them out.`,
      );
    const models = modelsOnDemand({ root: resolve(onDemand) });
    return { models, refresh: () => Promise.resolve(), close: () => undefined };
  }
  if (words.length === 0)
    throw new ChurnkitError("OPTION_INVALID", "Name a model to serve, or give --on-demand with a folder of bundles.");
  const host = await hostedModels(words, options, told);
  return {
    models: version === undefined ? host : modelsOf({ ...onDuty(host), version }),
    refresh: version === undefined ? () => host.refresh() : () => Promise.resolve(),
    close: () => host.close(),
  };
}

/** Options about a model that is named. */
const forOneModel = [
  "name",
  "modelVersion",
  "store",
  "model",
  "copies",
  "variant",
  "splitBy",
  "exposures",
  "shadow",
  "monitor",
  "capture",
  "monitorState",
] as const;

/**
 * The models that words name, loaded and followed. A word is a bundle's folder or archive, or `name@alias` in a registry;
 * with `--store` also an alias alone.
 *
 * @throws ChurnkitError OPTION_INVALID for options that do not fit together; what keeps a model from being loaded.
 */
async function hostedModels(
  words: readonly string[],
  options: ServeConfig,
  { onChange, onExposure }: ModelListeners,
): Promise<ModelHost> {
  if (words.length > 1 && (options.name ?? options.modelVersion) !== undefined)
    throw new ChurnkitError(
      "OPTION_INVALID",
      "--name and --model-version are for one model. Give one, or leave them out.",
    );
  checkTraffic(options);
  const models = await Promise.all(words.map((word) => hosted(word, options, words.length > 1)));
  const [first, ...others] = models;
  // An error that keeps the server from starting is thrown; any other is a note.
  let early: string[] | undefined = [];
  const tell = (said: string): void => note(`churnkit: ${said}`);
  const host = modelHost(first === undefined ? [] : [{ ...first, ...trafficOf(options) }, ...others], {
    // A version that is told on the command line stays what it is.
    every: options.modelVersion === undefined ? Math.round(1000 * (options.watch ?? 10)) : 0,
    onProblem(error, ref) {
      const said = `${ref === undefined ? "" : `${ref} does not serve the version that is due: `}${reasonOf(error)}`;
      if (early === undefined) tell(said);
      else early.push(said);
    },
    onExposure,
    onChange(model, former) {
      if (former === undefined) return;
      onChange(model, `churnkit: ${model.name} ${model.version} is on duty, after ${former.version}`);
    },
  });
  try {
    await host.refresh();
  } catch (error) {
    host.close();
    throw error;
  }
  early.forEach(tell);
  early = undefined;
  noteUnknownColumn(options.splitBy, onDuty(host).scorer.contract);
  return host;
}

async function hosted(word: string, options: ServeConfig, several: boolean): Promise<HostedModel> {
  const { store, name, model, copies } = options;
  const [, at = "", ref = ""] = /^([^@]+)@(.+)$/.exec(word) ?? [];
  if (store === undefined && (at === "" || existsSync(word)))
    return { ref: word, name: name ?? (several ? basename(resolve(word)).replace(/\.tar\.gz$/, "") : undefined) };
  const place = store ?? usualStore;
  // A copy serves without the registry.
  if (at !== "" && copies === undefined) checkModelIn(place, at);
  const registry = await openRegistry(place, at === "" ? (model ?? modelIn(place)) : at);
  return {
    registry,
    ref: reference(at === "" ? word : ref),
    name,
    copies: copies === undefined ? undefined : filesStore(several ? `${copies}/${registry.name}` : copies),
  };
}

/** A log of exposures in a file, or below s3://bucket/prefix; undefined where none is asked for. */
export async function exposuresAt(
  place: string | undefined,
  onError: (error: unknown) => void,
): Promise<ExposureLog | undefined> {
  if (place === undefined) return undefined;
  if (!place.startsWith("s3://")) return exposureLog(captureToFile(place), onError);
  const { store, prefix } = await openPrefix(place.replace(/\/$/, ""));
  // Servers that share a place write objects of their own.
  const writer = `${hostname().replace(/[^\w-]+/g, "-")}-${process.pid}-${crypto.randomUUID().slice(0, 8)}`;
  return exposureLog(captureToStore<Exposure>(store, { prefix, writer }), onError);
}

/** @throws ChurnkitError OPTION_INVALID for options about variants that do not fit together. */
function checkTraffic({ variant = [], splitBy, exposures }: ServeConfig): void {
  if (variant.length > 0 && splitBy === undefined)
    throw new ChurnkitError(
      "OPTION_INVALID",
      "--variant needs --split-by, the column that decides who gets which variant, such as the customer's id.",
    );
  if (variant.length === 0 && (splitBy ?? exposures) !== undefined)
    throw new ChurnkitError(
      "OPTION_INVALID",
      `--${splitBy === undefined ? "exposures" : "split-by"} is about variants, and there is none. Give --variant, or leave it out.`,
    );
  const refs = variant.map((text) => variantOf(text)?.ref ?? text);
  const twice = refs.find((ref, i) => refs.indexOf(ref) < i);
  if (twice !== undefined)
    throw new ChurnkitError("OPTION_INVALID", `--variant gives ${twice} two shares. Give it one.`);
}

/** A misspelled column gives everybody the first variant. It is no error, since a record may hold more than the contract. */
function noteUnknownColumn(column: string | undefined, { name, columns }: Contract): void {
  const names = columns.map((one) => one.name);
  if (column === undefined || names.includes(column)) return;
  const near = nearestText(column, names);
  note(
    `churnkit: --split-by ${column} is not a column of the contract ${name}${near === undefined ? "." : `; did you mean ${near}?`} Records without it get the first variant.`,
  );
}

/** Variants and shadow are those of the first model. */
function trafficOf({ variant = [], splitBy, shadow }: ServeConfig): Pick<HostedModel, "variants" | "by" | "shadow"> {
  return {
    variants: variant.map((text) => {
      const { ref, weight } = variantOf(text) ?? { ref: text, weight: NaN };
      return { ref: reference(ref), weight };
    }),
    by: splitBy,
    shadow: shadow === undefined ? undefined : reference(shadow),
  };
}

/** Reads `challenger=0.1`; undefined for another text. */
export function variantOf(text: string): { readonly ref: string; readonly weight: number } | undefined {
  const [, ref = "", share = ""] = /^(.+)=([\d.]+)$/.exec(text) ?? [];
  const weight = Number(share);
  return ref !== "" && share !== "" && weight >= 0 && weight <= 1 ? { ref, weight } : undefined;
}
