import { quietly, unref } from "../../base/async/index.js";
import { ChurnkitError } from "../../base/errors.js";
import type { ModelRegistry } from "../../registry/registry.js";
import type { VersionRef } from "../../registry/versions/index.js";
import { hostedEntry, type Exposure } from "./entry.js";
import type { LoadedModel, ServiceOptions } from "./load-for-service.js";
import type { ModelProblem, Models, ServedModel } from "./models.js";
import type { ShadowReport } from "./shadow.js";
import type { Variant } from "./variants.js";

/** One model of a {@link modelHost}. */
export interface HostedModel extends Omit<ServiceOptions, "onProblem"> {
  /** The registry that holds the versions; without one, a reference is a folder or archive with a bundle. */
  readonly registry?: ModelRegistry | undefined;
  /** The version to serve, best an alias such as `champion`. */
  readonly ref: VersionRef;
  /** Name in paths and answers. Default: the registry's, or the contract's. */
  readonly name?: string | undefined;
  /** Versions that take a share of the traffic; `ref` has the rest. */
  readonly variants?: readonly Variant<VersionRef>[] | undefined;
  /** Column whose value decides who gets which variant. */
  readonly by?: string | undefined;
  /** Changes who gets which variant. Default: the model's name. */
  readonly salt?: string | undefined;
  /** Version that scores what `ref` has answered, after the answer is sent; its scores are compared, never shown to callers. */
  readonly shadow?: VersionRef | undefined;
}

/** Options of {@link modelHost}. */
export interface ModelHostOptions {
  /** Milliseconds from one look at the references to the next. Default 10,000; 0 looks only at {@link ModelHost.refresh}. */
  readonly every?: number | undefined;
  /** Milliseconds after which a look or a load has failed. Default 60,000. */
  readonly timeout?: number | undefined;
  /** Told why a version did not come on duty, once for each message in a row, with its reference. The former version stays. */
  readonly onProblem?: ((error: unknown, ref?: string) => void) | undefined;
  /** Told of every version that comes on duty, and of the one before it. */
  readonly onChange?: ((model: LoadedModel, former: LoadedModel | undefined) => void) | undefined;
  /** Told of every record that a model with variants scored: who met which variant. */
  readonly onExposure?: ((exposure: Exposure) => void) | undefined;
}

/** Models whose versions change while they are served. */
export interface ModelHost extends Models {
  /**
   * Looks at every reference now, for those who know that one has moved.
   *
   * @throws ChurnkitError the reason why a reference has no version on duty at all.
   */
  refresh(): Promise<void>;
  /** How the shadow of a model compares, of the default without a name; undefined where it has scored nothing. */
  shadow(name?: string): ShadowReport | undefined;
  /** Ends the watch; the versions on duty stay. */
  close(): void;
}

/**
 * Serves several models from registries and folders, and follows their references: on a promotion, a rollback or a new bundle
 * the next version is loaded, its golden scores are reproduced and it is warmed up; only then it takes over. Requests under way
 * end with the version that they began with. A version that fails to load leaves the former one on duty; `onProblem` and
 * GET /health say so.
 *
 * It returns at once, and GET /ready is 503 until every model is loaded; await {@link ModelHost.refresh} to begin with all of them.
 *
 * @throws ChurnkitError OPTION_INVALID for no model, two of one name, or an option out of range.
 *
 * @example
 * ```ts
 * import { filesStore } from "churnkit/io";
 * import { storeRegistry } from "churnkit/registry";
 * import { createHandler, listen, modelHost } from "churnkit/serving";
 *
 * export async function start(): Promise<string> {
 *   const registry = storeRegistry(filesStore("registry"), { name: "churn" });
 *   const models = modelHost([
 *     { registry, ref: "champion", copies: filesStore("model-copies") },
 *     { ref: "models/upsell", name: "upsell" },
 *   ]);
 *   await models.refresh();
 *   return (await listen(createHandler(models), { port: 0 })).url;
 * }
 * ```
 */
export function modelHost(hosted: readonly HostedModel[], options: ModelHostOptions = {}): ModelHost {
  const { every = 10_000, timeout = 60_000 } = options;
  checkNumber("every", every, 0);
  checkNumber("timeout", timeout, 1);
  checkNames(hosted.map(({ registry, name = registry?.name }) => name));
  const tell = (error: unknown, ref?: string): void => quietly(() => options.onProblem?.(error, ref));
  const entries = hosted.map((model) => hostedEntry(model, { ...options, timeout, onProblem: tell }));
  const posts = entries.flatMap((entry) => entry.posts);
  const entryOf = (name?: string): (typeof entries)[number] | undefined =>
    name === undefined ? entries[0] : entries.find((entry) => entry.name() === name);
  const find = (name?: string, version?: string): ServedModel | undefined => entryOf(name)?.find(version);

  let timer: ReturnType<typeof setTimeout> | undefined;
  let closed = false;
  const lookAll = async (eager: boolean): Promise<void> => {
    await Promise.all(posts.map((post) => post.refresh(eager)));
  };
  const watch = async (): Promise<void> => {
    await lookAll(false);
    if (closed || every === 0) return;
    timer = setTimeout(() => quietly(watch), every);
    unref(timer);
  };
  quietly(watch);

  return {
    names: () => entries.flatMap((entry) => entry.name() ?? []),
    find,
    choose: (record, name) => entryOf(name)?.choose(record),
    splits: (name) => entryOf(name)?.splits === true,
    ready: () => entries.every((entry) => entry.find() !== undefined),
    problems: (): readonly ModelProblem[] => posts.flatMap((post) => post.problem() ?? []),
    ...(entries.some((entry) => entry.scored !== undefined)
      ? { scored: (records, results, context) => entryOf(context.model.name)?.scored?.(records, results, context) }
      : {}),
    about: (name) => entryOf(name)?.about() ?? {},
    shadow: (name) => entryOf(name)?.shadow(),
    async refresh() {
      await lookAll(true);
      const empty = posts.find((post) => post.model() === undefined);
      if (empty !== undefined) throw empty.error();
    },
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}

function checkNumber(name: string, value: number, least: number): void {
  if (Number.isInteger(value) && value >= least && value < 2 ** 31) return;
  throw new ChurnkitError("OPTION_INVALID", `${name} is ${value}. Give whole milliseconds of ${least} or more.`);
}

function checkNames(names: readonly (string | undefined)[]): void {
  if (names.length === 0) throw new ChurnkitError("OPTION_INVALID", "modelHost has no model. Give one or more.");
  if (names.length > 1 && names.includes(undefined))
    throw new ChurnkitError("OPTION_INVALID", "Each of several models needs a name. Give those from folders a `name`.");
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined)
    throw new ChurnkitError("OPTION_INVALID", `Two models are named ${twice}. Give each a \`name\` of its own.`);
}
