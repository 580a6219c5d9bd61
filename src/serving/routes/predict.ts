import { readBody, sentJson } from "../body.js";
import { predictBatch, predictOne, recordsOf } from "../predict.js";
import { post, type Route } from "./route.js";
import { foundIn, noModel, type Service } from "./service.js";

/** POST /predict and /batch-predict, and the same for a model by name. */
export function predictRoutes(service: Service): readonly Route[] {
  const predict: Route["answer"] = async (request, parts) => {
    const sent = sentJson(request, await readBody(request), (record) => [record]);
    const { model, version } = parts;
    const found =
      version === undefined ? service.models.choose(sent.records[0], model) : service.models.find(model, version);
    return found === undefined ? noModel(service, parts) : predictOne(service.desk(found).scoring, sent);
  };
  const predictMany: Route["answer"] = async (request, parts) => {
    const body = await readBody(request);
    return service.inTurn(async (giveWay) => {
      const found = foundIn(service, parts);
      if (found === undefined) return noModel(service, parts);
      const sent = sentJson(request, body, (value) => recordsOf(value, service.maxBatch));
      return predictBatch(service.desk(found).scoring, sent, giveWay);
    });
  };
  return [
    post("/predict", predict),
    post("/batch-predict", predictMany),
    post("/models/{model}/predict", predict),
    post("/models/{model}/batch-predict", predictMany),
  ];
}
