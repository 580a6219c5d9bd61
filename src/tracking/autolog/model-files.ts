import { packArchive, toBundleFiles } from "../../model/bundle/index.js";
import { summarize } from "../../model/evaluate/index.js";
import type { TrainedModel } from "../../model/training/index.js";
import { evaluationFiles } from "../../report/model-sections.js";

/** The files that a run keeps of a trained model: its evaluation as JSON, page and pictures, and the bundle. */
export async function* modelFiles(
  { artifact, heldOut, history, baseline }: TrainedModel,
  { bundle }: { readonly bundle: boolean },
): AsyncGenerator<{ readonly name: string; readonly content: string | Uint8Array }> {
  yield {
    name: "evaluation.json",
    content: `${JSON.stringify({ ...summarize(heldOut), confusion: heldOut.confusion })}\n`,
  };
  const { learner } = artifact.provenance;
  const models = [
    { name: learner, evaluation: heldOut },
    ...(baseline === undefined ? [] : [{ name: baseline.artifact.provenance.learner, evaluation: baseline.heldOut }]),
  ];
  yield* evaluationFiles(models, {
    title: `Training of ${artifact.contract.name}`,
    rows: "held-out rows",
    history,
  });
  if (bundle) yield { name: "model.tar.gz", content: await packArchive(await toBundleFiles(artifact)) };
}
