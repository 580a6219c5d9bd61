import { readBody, sentJson } from "../bodies/index.js";
import { feedbackIn, readFeedback } from "../feedback.js";
import { failure, json } from "../http.js";
import { post, type Route } from "./route.js";
import { noModel, type Service } from "./service.js";

/** POST /feedback, where somebody takes it. */
export function feedbackRoutes(service: Service): readonly Route[] {
  const { models, feedback, maxBatch } = service;
  if (feedback === undefined) return [];
  const take: Route["answer"] = async (request, parts) => {
    const { records } = sentJson(request, await readBody(request), (value) => feedbackIn(value, maxBatch));
    const model = models.find();
    if (model === undefined) return noModel(service, parts);
    const { taken, refused } = readFeedback(records, model.scorer.contract);
    const [first] = refused;
    if (taken.length === 0 && first !== undefined)
      return failure(422, {
        code: "VALUE_INVALID",
        message: `Entry ${first.index} is not feedback: ${first.message}.`,
      });
    // A failure is the caller's to know: an outcome that is lost here is lost for good.
    await feedback(taken);
    return json(200, {
      accepted: taken.length,
      ...(refused.length > 0 ? { refused: refused.slice(0, mostRefused) } : {}),
    });
  };
  return [post("/feedback", take)];
}

/** Most refused entries that an answer lists. */
const mostRefused = 100;
