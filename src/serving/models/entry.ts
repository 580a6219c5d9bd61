import { quietly } from "../../base/async/index.js";
import type { VersionRef } from "../../registry/versions/index.js";
import type { HostedModel, ModelHostOptions } from "./host.js";
import type { Models, ServedModel } from "./models.js";
import { bundlePlace, registryPlace } from "./place.js";
import { postOf, type Post } from "./post.js";
import { shadowOf, type ShadowReport } from "./shadow.js";
import { assignmentOf } from "./variants.js";

/** One record that a variant scored. */
export interface Exposure {
  /** ISO 8601. */
  readonly at: string;
  readonly predictionId: string;
  readonly model: string;
  /** Reference of the variant, such as `champion`, and the version that it was. */
  readonly variant: string;
  readonly version: string;
  /** The column that assigns, and the record's value of it; null where it has none, so that it belongs to no group. */
  readonly by: string;
  readonly key: string | null;
  /** Null where the record was refused. */
  readonly probability: number | null;
  readonly label: string | null;
}

/** One name of a host, with all versions behind it. */
export interface Entry {
  readonly posts: readonly Post[];
  readonly splits: boolean;
  name(): string | undefined;
  find(version?: string): ServedModel | undefined;
  choose(record: unknown): ServedModel | undefined;
  /** Undefined where nobody listens. */
  readonly scored: Models["scored"];
  about(): Readonly<Record<string, unknown>>;
  shadow(): ShadowReport | undefined;
}

/** Makes an entry, and posts for each of its references. */
export function hostedEntry(
  { registry, ref, name = registry?.name, variants = [], by, salt, shadow, copies, keep, ...load }: HostedModel,
  options: ModelHostOptions & { readonly timeout: number; readonly onProblem: (error: unknown, ref?: string) => void },
): Entry {
  const { timeout, onProblem, onChange, onExposure } = options;
  const shares = variants.length > 0;
  const assignment = assignmentOf(variants, by, salt ?? name ?? "");
  const postAt = (at: VersionRef, isMain: boolean, isVariant: boolean): Post => {
    // Copies are of the version that must be served whatever happens.
    const kept = isMain ? { copies, keep } : {};
    const place =
      registry === undefined ? bundlePlace(String(at)) : registryPlace(registry, at, { ...load, ...kept, onProblem });
    return postOf(place, {
      ref: String(at),
      name,
      variant: isVariant ? String(at) : undefined,
      timeout,
      onProblem,
      onChange: (model, former) => onChange?.(model, former),
    });
  };
  const main = postAt(ref, true, shares);
  const others = variants.map((variant) => ({ ...variant, post: postAt(variant.ref, false, true) }));
  const trial = shadow === undefined ? undefined : postAt(shadow, false, false);
  const mirror = trial && shadowOf(trial.model, onProblem);
  const answering = [main, ...others.map(({ post }) => post)];

  const choose = (record: unknown): ServedModel | undefined =>
    (shares ? others[assignment.variant(record)]?.post.model() : undefined) ?? main.model();
  const expose = shares ? onExposure : undefined;
  const scored: NonNullable<Models["scored"]> = (records, results, { model, bytes, predictionId }) => {
    if (model.variant === undefined || model.variant === String(ref)) mirror?.offer(model, records, results, bytes);
    if (expose === undefined) return;
    const at = new Date().toISOString();
    for (const [i, { probability, label }] of results.entries()) {
      const record = records[i];
      // Who named a version was not assigned to it.
      if (choose(record)?.variant !== model.variant) continue;
      const exposure: Exposure = {
        at,
        predictionId: predictionId(i),
        model: model.name,
        variant: model.variant ?? String(ref),
        version: model.version,
        by: by ?? "",
        key: assignment.key(record) ?? null,
        probability,
        label,
      };
      quietly(() => expose(exposure), onProblem);
    }
  };
  return {
    posts: trial === undefined ? answering : [...answering, trial],
    splits: shares,
    name: () => name ?? main.model()?.name,
    find: (version) =>
      version === undefined
        ? main.model()
        : answering.map((post) => post.model()).find((model) => model?.version === version),
    choose,
    scored: mirror === undefined && expose === undefined ? undefined : scored,
    about() {
      const compared = mirror?.report();
      return {
        ...(shares
          ? {
              variants: [
                { ref, weight: 1 - others.reduce((sum, { weight }) => sum + weight, 0), post: main },
                ...others,
              ].map(({ ref: at, weight, post }) => ({
                ref: String(at),
                weight,
                version: post.model()?.version ?? null,
              })),
            }
          : {}),
        ...(compared === undefined ? {} : { shadow: spoken(compared) }),
      };
    },
    shadow: () => mirror?.report(),
  };
}

/** As HTTP answers spell it. */
const spoken = (report: ShadowReport): Readonly<Record<string, unknown>> => ({
  version: report.version,
  against: report.against,
  records: report.records,
  mean_difference: report.meanDifference,
  mean_absolute_difference: report.meanAbsoluteDifference,
  flipped: report.flipped,
  errors: report.errors,
  dropped: report.dropped,
});
