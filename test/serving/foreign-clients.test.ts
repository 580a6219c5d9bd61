import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compile, type Scorer } from "../../src/model/scoring/compile.js";
import { createHandler } from "../../src/serving/handler.js";
import { listenGrpc, type GrpcServer } from "../../src/serving/hosts/grpc/grpc-server.js";
import { listen, type NodeServer } from "../../src/serving/hosts/node/node-server.js";
import { prometheusMetrics } from "../../src/serving/metrics.js";
import { budget } from "../helpers/budget.js";
import { sampleArtifact, sampleRecords } from "../helpers/artifact.js";
import { newFolder } from "../helpers/folder.js";
import { pythonVenv } from "../helpers/venv.js";

const venv = pythonVenv("protocols-venv", "2", ["tritonclient[http,grpc]==2.73.0", "schemathesis==4.32.5"]);
const available = await venv.ready("clients of the Open Inference Protocol and of OpenAPI");

/** Scores customers with NVIDIA's client over HTTP or gRPC, and gives what it understood as JSON. */
const triton = `
import importlib, json, sys
import numpy as np
from tritonclient.utils import InferenceServerException

kind, url, records = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
client_of = importlib.import_module("tritonclient." + kind)
client = client_of.InferenceServerClient(url)
binary = sys.argv[4] == "binary"
json_only = {"binary_data": False} if kind == "http" and not binary else {}
def tensor(name, datatype, dtype):
    values = np.array([record[name] for record in records], dtype=dtype)
    given = client_of.InferInput(name, [len(records)], datatype)
    given.set_data_from_numpy(values, **json_only)
    return given
def texts(array):
    return [label.decode() if isinstance(label, bytes) else str(label) for label in array]
inputs = [tensor("tenure", "INT64", np.int64), tensor("charges", "FP64", np.float64), tensor("paperless", "BOOL", bool),
          tensor("since", "BYTES", object), tensor("plan", "BYTES", object)]
metadata = client.get_model_metadata("churn", **({} if kind == "http" else {"as_json": True}))
in_json = None if binary or kind == "grpc" else [client_of.InferRequestedOutput(name, **json_only) for name in ["probability", "label"]]
answer = client.infer("churn", inputs, request_id="r1", outputs=in_json)
version = client.infer("churn", inputs, model_version="7", outputs=[client_of.InferRequestedOutput("label", **json_only)])
try:
    client.infer("nobody", inputs)
    error = None
except InferenceServerException as caught:
    error = [caught.status(), caught.message()]
print(json.dumps({
    "live": client.is_server_live(), "ready": client.is_server_ready(), "model": client.is_model_ready("churn", "7"),
    "platform": metadata["platform"], "inputs": [given["name"] for given in metadata["inputs"]],
    "id": answer.get_response()["id"] if kind == "http" else answer.get_response().id, "probability": answer.as_numpy("probability").tolist(),
    "label": texts(answer.as_numpy("label")), "version": texts(version.as_numpy("label")), "error": error,
}))
`;

/** What the document cannot say: a text is read as a number, and the tensors of a request depend on one another. */
const settings = `
[checks]
negative_data_rejection.enabled = false
[[operations]]
include-path-regex = "/infer$"
checks.positive_data_acceptance.enabled = false
`;

describe.skipIf(!available)("foreign clients", () => {
  let scorer: Scorer;
  let server: NodeServer;
  let grpc: GrpcServer;
  const errors: unknown[] = [];
  beforeAll(async () => {
    const artifact = await sampleArtifact({ networks: 0 });
    scorer = await compile(artifact);
    const model = { scorer, artifact, name: "churn", version: "7", source: "local" };
    const onError = (error: unknown): void => void errors.push(error);
    const handler = createHandler(model, { metrics: prometheusMetrics("7"), maxBatch: 50, onError });
    server = await listen(handler, { port: 0 });
    grpc = await listenGrpc(handler, { port: 0 });
  });
  afterAll(() => Promise.all([server.close(), grpc.close()]));

  it.each([
    ["http", "JSON", "404"],
    ["http", "binary", "404"],
    ["grpc", "binary", "StatusCode.NOT_FOUND"],
  ] as const)("tritonclient reads metadata, scores and errors over %s in %s data", async (kind, form, notFound) => {
    // Numpy has no null but NaN, which JSON has not.
    const records = sampleRecords(30)
      .filter(({ charges }) => form === "binary" || charges !== null)
      .map(({ plan, ...record }) => ({ ...record, plan: plan ?? "" }));
    const { port } = kind === "grpc" ? grpc : server;
    const { stdout } = await promisify(execFile)(venv.python, [
      "-c",
      triton,
      kind,
      `127.0.0.1:${port}`,
      JSON.stringify(records),
      form,
    ]);
    const scored = scorer.scoreRecords(records);
    const labels = scored.map(({ label }) => label);
    expect(JSON.parse(stdout)).toEqual({
      live: true,
      ready: true,
      model: true,
      platform: "churnkit",
      inputs: ["tenure", "charges", "paperless", "since", "plan"],
      id: "r1",
      probability: scored.map(({ probability }) => probability),
      label: labels,
      version: labels,
      error: [notFound, expect.stringContaining("There is no model nobody")],
    });
  });

  it(
    "schemathesis finds no answer that the OpenAPI document does not allow",
    async () => {
      const folder = newFolder();
      const document = (await (await fetch(`${server.url}/openapi.json`)).json()) as {
        paths: Record<string, Record<string, { requestBody?: { content: Record<string, unknown> } }>>;
      };
      // It writes JSON bodies alone.
      for (const path of Object.values(document.paths))
        for (const { requestBody } of Object.values(path))
          if (requestBody !== undefined)
            requestBody.content = { "application/json": requestBody.content["application/json"] };
      writeFileSync(join(folder, "openapi.json"), JSON.stringify(document));
      writeFileSync(join(folder, "schemathesis.toml"), settings);
      // The routes of a named model and version answer as the short ones do.
      const skipped = "--exclude-path-regex ^/models/|/versions/";
      const phases = `--phases ${budget(1) > 1 ? "examples,coverage,fuzzing" : "examples,fuzzing"}`;
      const args = `--config-file schemathesis.toml run openapi.json -u ${server.url} ${skipped} ${phases} -n ${budget(5)} --seed 1 --no-color`;
      const report = await promisify(execFile)(join(venv.folder, "bin", "schemathesis"), args.split(" "), {
        cwd: folder,
      }).then(
        () => "",
        ({ stdout }: { stdout: string }) => stdout,
      );
      expect(report.slice(report.indexOf("= FAILURES"))).toBe("");
      expect(errors).toEqual([]);
    },
    budget(60_000),
  );
});
