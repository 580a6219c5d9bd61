import type { ServedModel } from "../models/index.js";
import { operationsOf } from "./operations.js";
import { schemasOf } from "./schemas.js";

/** A route of a server, as far as the document needs it. */
export interface DescribedRoute {
  readonly method: string;
  readonly path: string;
}

/** The OpenAPI 3.1 document of a server with these routes, made from the contract of its default model. */
export function openApiDocument(
  { name, version, scorer: { contract } }: ServedModel,
  routes: readonly DescribedRoute[],
  { maxBatch }: { readonly maxBatch: number },
): Readonly<Record<string, unknown>> {
  const operationOf = operationsOf(contract);
  const paths: Record<string, Record<string, unknown>> = {};
  for (const { method, path } of routes) {
    const place = (paths[path] ??= parametersOf(path, { model: name, version }));
    const operation = operationOf(method, path);
    if (operation !== undefined) place[method.toLowerCase()] = operation;
  }
  return {
    openapi: "3.1.0",
    info: {
      title: `${name}: scores of customers`,
      version,
      description: `Scores by the contract ${contract.name}. Records are read as rows of a file are: a number or a day may also be sent as text.`,
    },
    paths,
    components: {
      schemas: schemasOf(contract, maxBatch),
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer", description: "An API key, where the server needs one." },
        apiKey: { type: "apiKey", in: "header", name: "x-api-key", description: "The same in another header." },
      },
    },
    security: [{}, { bearer: [] }, { apiKey: [] }],
  };
}

/** The open parts of a path. */
function parametersOf(path: string, examples: Readonly<Record<string, string>>): Record<string, unknown> {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? "");
  if (names.length === 0) return {};
  const parameters = names.map((name) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string", minLength: 1 },
    example: examples[name],
  }));
  return { parameters };
}
