import { ChurnkitError } from "../../base/errors.js";
import { readBody, sentJson } from "../bodies/index.js";
import { failure, json } from "../http.js";
import { post, type Route } from "./route.js";
import { foundIn, noModel, type Service } from "./service.js";
import { scoringFor } from "./split-scoring.js";

/** How SageMaker calls a container: for scores, and to load and unload models where the container takes several. */
export function sageMakerRoutes(service: Service): readonly Route[] {
  const { models, desk, inTurn } = service;
  const invoke: Route["answer"] = async (request, parts) => {
    const body = await readBody(request);
    const { predictInvocation } = await import("./invocations.js");
    const found = foundIn(service, parts);
    if (found === undefined) return noModel(service, parts);
    return inTurn((giveWay) => predictInvocation(scoringFor(service, desk(found), parts), request, body, giveWay));
  };
  const scoring = [post("/invocations", invoke), post("/models/{model}/invoke", invoke)];
  const { load, unload } = models;
  if (load === undefined || unload === undefined) return scoring;

  const take: Route["answer"] = async (request) => {
    const [{ model_name: name, url } = {}] = sentJson(request, await readBody(request), (value) => [value])
      .records as readonly { readonly model_name?: unknown; readonly url?: unknown }[];
    if (typeof name !== "string" || name === "" || typeof url !== "string")
      throw new ChurnkitError("REQUEST_INVALID", 'Send {"model_name": "...", "url": "..."}.');
    if (models.names().includes(name))
      return failure(409, { code: "REQUEST_INVALID", message: `The model ${name.slice(0, 100)} is loaded already.` });
    try {
      return json(200, desk(await load(name, url)).origin);
    } catch (error) {
      if (!ChurnkitError.isInstance(error)) throw error;
      // SageMaker unloads another model at a 507, and asks again.
      return failure(error.code === "INPUT_TOO_LARGE" ? 507 : 400, { code: error.code, message: error.message });
    }
  };
  const drop: Route["answer"] = (_, parts) => {
    const { model = "" } = parts;
    return unload(model) ? json(200, { model_name: model, unloaded: true }) : noModel(service, parts);
  };
  return [...scoring, post("/models", take), { method: "DELETE", path: "/models/{model}", answer: drop }];
}
