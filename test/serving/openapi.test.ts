import { Validator } from "@seriousme/openapi-schema-validator";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Contract } from "../../src/data/contract/contract.js";
import { inferContract } from "../../src/data/contract/infer.js";
import { syntheticContract } from "../../src/data/synthetic.js";
import { compile, type Scorer } from "../../src/model/scoring/compile.js";
import { createHandler } from "../../src/serving/handler.js";
import { listen, type NodeServer } from "../../src/serving/hosts/node/node-server.js";
import { modelsOnDemand } from "../../src/serving/models/models-on-demand.js";
import { openApiDocument } from "../../src/serving/openapi/document.js";
import { exampleRecord, recordSchema } from "../../src/serving/openapi/record-schema.js";
import { routesOf } from "../../src/serving/routes/index.js";
import { sampleArtifact, sampleContract } from "../helpers/artifact.js";
import { planContract, plans } from "../helpers/plans.js";
import { asText, request } from "./request.js";

interface Document {
  readonly paths: Readonly<
    Record<string, Readonly<Record<string, { readonly operationId: string; readonly responses: object }>>>
  >;
  readonly components: { readonly schemas: Readonly<Record<string, { readonly examples?: readonly unknown[] }>> };
}

describe("OpenAPI", () => {
  let scorer: Scorer;
  let server: NodeServer;
  let document: Document;
  beforeAll(async () => {
    scorer = await compile(await sampleArtifact({ networks: 0 }));
    server = await listen(createHandler({ scorer, name: "churn", version: "7", source: "local" }), { port: 0 });
    document = (await (await fetch(`${server.url}/openapi.json`)).json()) as Document;
  });
  afterAll(() => server.close());

  const problemsOf = async (given: unknown): Promise<unknown> => {
    const { valid, errors } = await new Validator().validate(given as Record<string, unknown>);
    return valid ? [] : errors;
  };

  it("is valid", async () => {
    expect(await problemsOf(document)).toEqual([]);
    expect(await problemsOf({ ...document, paths: { "/x": { get: { responses: [] } } } })).not.toEqual([]);
  });

  it("describes every route, those of models on demand too, each operation by an id of its own", async () => {
    const { endpoints } = (await (await fetch(server.url)).json()) as { endpoints: string[] };
    expect(Object.keys(document.paths)).toEqual(endpoints);
    const routes = routesOf({
      models: modelsOnDemand(),
      metrics: undefined,
      feedback: () => undefined,
      maxBatch: 10,
      desk: () => {
        throw new Error("no model");
      },
      inTurn: () => Promise.reject(new Error("no work")),
      failed: () => undefined,
    }).table;
    const model = { scorer, name: "churn", version: "7", source: "local" };
    const { paths } = openApiDocument(model, routes, { maxBatch: 10 }) as unknown as Document;
    const ids = routes.map(
      ({ method, path }) => paths[path]?.[method.toLowerCase()]?.operationId ?? `${method} ${path}`,
    );
    expect(ids.filter((id) => id.includes("/"))).toEqual([]);
    expect(new Set(ids).size).toBe(ids.length);
    expect(await problemsOf(openApiDocument(model, routes, { maxBatch: 10 }))).toEqual([]);
  });

  it("has examples that the server answers with 200", async () => {
    const { Record: record, Features: features } = document.components.schemas;
    for (const example of [record?.examples?.[0], features?.examples?.[0]]) {
      const response = await fetch(`${server.url}/predict`, { method: "POST", body: JSON.stringify(example) });
      expect([response.status, await response.json()]).toMatchObject([200, { model_name: "churn" }]);
    }
  });

  it("gives a column's kind, limits, labels, and whether it may be missing", () => {
    const { properties, required } = recordSchema(sampleContract);
    expect(required).toEqual(["tenure", "charges", "paperless", "since", "plan"]);
    expect(properties).toEqual({
      customer: {
        type: "string",
        minLength: 1,
        pattern: "\\S",
        maxLength: 100_000,
        description: "The customer's id; it changes no score.",
      },
      tenure: {
        type: "integer",
        minimum: Number.MIN_SAFE_INTEGER,
        maximum: Number.MAX_SAFE_INTEGER,
        description: "Training saw 0 to 72.",
      },
      charges: { type: ["number", "null"], description: "Training saw 18.25 to 118.75." },
      paperless: { type: ["boolean", "string"], enum: [true, false, "yes", "no"] },
      since: { type: "string", format: "date", description: "Training saw 2019-01-01 to 2024-01-01." },
      plan: {
        type: ["string", "null"],
        maxLength: 1000,
        examples: ["basic", "plus", "toString"],
        description: "Other labels are scored as unknown.",
      },
    });
    const column = {
      name: "x",
      role: "feature",
      nullable: true,
      optional: true,
      missing: ["-"],
      kind: "category",
      levels: ["a", "b"],
      open: false,
      default: "a",
      unit: "pieces",
      description: "What it is.",
    } as const;
    const contract: Contract = { format: 1, name: "c", origin: "declared", columns: [column] };
    expect(recordSchema(contract)).toMatchObject({
      properties: {
        x: { type: ["string", "null"], enum: ["a", "b", null], default: "a", description: "What it is. In pieces." },
      },
    });
    expect(recordSchema(contract)).not.toHaveProperty("required");
  });

  it.each([
    ["declared", syntheticContract],
    [
      "inferred",
      inferContract(
        ["id", "since", "n", "share", "flag", "Churn"],
        Array.from({ length: 60 }, (_, i) => [
          `u${i}`,
          `2024-01-${String((i % 28) + 1).padStart(2, "0")}`,
          String(i % 9),
          `${i / 7}`,
          i % 2 === 0 ? "Y" : "N",
          i % 3 === 0 ? "Yes" : "No",
        ]),
        { target: "Churn", positive: "Yes" },
      ).contract,
    ],
  ])("makes an example of a contract, %s, that keeps it", async (_, contract) => {
    const { tableFromRecords } = await import("../../src/data/read/records.js");
    const table = tableFromRecords(contract, [exampleRecord(contract)], { target: "ignore" });
    expect([table.rows, table.rejected]).toEqual([1, []]);
  });

  it("tells of every class, and of the outputs that each has", () => {
    const contract = planContract;
    const model = { scorer: { ...scorer, contract }, name: "plans", version: "1", source: "local" };
    const { schemas } = openApiDocument(model, [], { maxBatch: 10 })["components"] as Document["components"];
    expect(schemas).toMatchObject({
      Prediction: {
        properties: {
          prediction: { enum: plans },
          probabilities: { required: plans, description: expect.stringContaining("SageMaker") as unknown },
        },
      },
      InferRequest: {
        properties: {
          outputs: {
            items: {
              properties: {
                name: { enum: ["probability", "label", ...plans.map((label) => `probability_${label}`)] },
              },
            },
          },
        },
      },
    });
  });

  it("is a 503 while no model is loaded", async () => {
    const handler = asText(createHandler(modelsOnDemand()));
    expect((await handler(request("/openapi.json"))).status).toBe(503);
    expect((await handler(request("/docs"))).status).toBe(200);
  });
});
