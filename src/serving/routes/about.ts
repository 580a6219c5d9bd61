import { commonHeaders, json, type ServeResponse } from "../http.js";
import type { ServedModel } from "../models/index.js";
import { get, type Route } from "./route.js";
import { noModel, type Service } from "./service.js";

const htmlAnswer = ({ html, policy }: { readonly html: string; readonly policy: string }): ServeResponse => ({
  status: 200,
  headers: { "content-type": "text/html; charset=utf-8", "content-security-policy": policy, ...commonHeaders },
  body: html,
});

/** Descriptions of the server's routes: a list, an OpenAPI document, and a page to try them. */
export function aboutRoutes(service: Service, table: () => readonly Route[]): readonly Route[] {
  const { models, desk, maxBatch } = service;
  const documents = new WeakMap<ServedModel, ServeResponse>();
  let page: ServeResponse | undefined;
  const index = get("/", () => {
    const model = models.find();
    const endpoints = [...new Set(table().map(({ path }) => path))];
    return json(200, { service: "churnkit", ...(model && desk(model).origin), endpoints });
  });
  const openApi = get("/openapi.json", async (_, parts) => {
    const model = models.find();
    if (model === undefined) return noModel(service, parts);
    const { openApiDocument } = await import("../openapi/index.js");
    const made = documents.get(model) ?? json(200, openApiDocument(model, table(), { maxBatch }));
    documents.set(model, made);
    return made;
  });
  const docs = get("/docs", async () => {
    const { docsPage } = await import("../openapi/index.js");
    return (page ??= htmlAnswer(docsPage()));
  });
  return [openApi, docs, index];
}
