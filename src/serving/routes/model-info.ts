import { json, type ServeResponse } from "../http.js";
import type { ServedModel } from "../models/index.js";
import { get, type Route } from "./route.js";
import { foundIn, noModel, type Desk, type Service } from "./service.js";

/** Describes a valid request: contract, target, threshold and inputs of a model. */
export function modelInfoRoutes(service: Service): readonly Route[] {
  const { models, desk } = service;
  const known = new WeakMap<ServedModel, ServeResponse>();
  const info: Route["answer"] = (_, parts) => {
    const found = foundIn(service, parts);
    if (found === undefined) return noModel(service, parts);
    const made = known.get(found) ?? infoOf(desk(found));
    known.set(found, made);
    return made;
  };
  const list = (): ServeResponse =>
    json(200, {
      models: models.names().map((name) => {
        const model = models.find(name);
        if (model === undefined) return { model_name: name, ...namesOfSageMaker({ name, source: "" }) };
        return { ...desk(model).origin, ...namesOfSageMaker(model), ...models.about?.(name) };
      }),
    });
  return [get("/model-info", info), get("/models", list), get("/models/{model}", info)];
}

/** SageMaker's multi-model endpoints ask for a model's name and place under names of their own. */
const namesOfSageMaker = ({
  name,
  source,
}: Pick<ServedModel, "name" | "source">): Readonly<Record<string, string>> => ({
  modelName: name,
  modelUrl: source,
});

function infoOf({ model, origin }: Desk): ServeResponse {
  const { contract, decision } = model.scorer;
  const inputs = contract.columns.filter(({ role }) => role === "feature");
  const { name, target } = contract;
  return json(200, {
    ...origin,
    ...namesOfSageMaker(model),
    contract: name,
    target,
    threshold: decision.threshold,
    inputs,
  });
}
