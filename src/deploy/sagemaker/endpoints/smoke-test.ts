import { ChurnkitError } from "../../../base/errors.js";
import type { AnsweringModel, Prediction, RefusedRecord } from "../../../client/index.js";
import type { Bundle } from "../../../model/bundle/index.js";

/** How an endpoint is asked: for the scores of many records, and of one with the model that answered. */
interface Asked {
  readonly many: (records: readonly object[]) => Promise<readonly (Prediction | RefusedRecord)[]>;
  readonly one: (record: object) => Promise<{ readonly model: AnsweringModel }>;
}

/** As when a bundle is opened. */
const tolerance = 1e-6;

/** @throws ChurnkitError DEPLOY_FAILED with all that is wrong. */
export async function checkServed(
  endpoint: string,
  { manifest, artifact: { golden } }: Pick<Bundle, "manifest" | "artifact">,
  { many, one }: Asked,
  withinMs: number,
): Promise<void> {
  const answers = await many(golden.map(({ record }) => record));
  const begun = performance.now();
  const { model } = await one(golden[0]?.record ?? {});
  const took = performance.now() - begun;
  const off = golden.filter(
    ({ probability }, i) => !(Math.abs((answers[i]?.probability ?? NaN) - probability) <= tolerance),
  );
  const wrong = [
    ...(off.length === 0 ? [] : [`${off.length} of ${golden.length} golden rows have other scores than in the bundle`]),
    ...(manifest.contentHash.startsWith(model.version)
      ? []
      : [`the model ${model.version} answered, not ${manifest.contentHash.slice(0, 12)}`]),
    ...(took <= withinMs ? [] : [`an answer took ${Math.round(took)} ms, more than ${withinMs}`]),
  ];
  if (wrong.length === 0) return;
  throw new ChurnkitError("DEPLOY_FAILED", `The endpoint ${endpoint} fails its smoke test: ${wrong.join("; ")}.`, {
    where: { value: wrong },
  });
}
