import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compile, type Scorer } from "../../src/model/scoring/compile.js";
import { createHandler } from "../../src/serving/handler.js";
import { listen, type NodeServer } from "../../src/serving/hosts/node/node-server.js";
import { prometheusMetrics } from "../../src/serving/metrics.js";
import { budget } from "../helpers/budget.js";
import { sampleArtifact, sampleRecords } from "../helpers/artifact.js";
import { newFolder } from "../helpers/folder.js";
import { pythonVenv } from "../helpers/venv.js";

const venv = pythonVenv("protocols-venv", "1", ["tritonclient[http]==2.73.0", "schemathesis==4.32.5"]);
const available = await venv.ready("clients of the Open Inference Protocol and of OpenAPI");

/** Scores two tensors' worth of customers with NVIDIA's client, and gives what it understood as JSON. */
const triton = `
import json, sys
import numpy as np
import tritonclient.http as http
from tritonclient.utils import InferenceServerException

url, records = sys.argv[1], json.loads(sys.argv[2])
client = http.InferenceServerClient(url)
def tensor(name, datatype, dtype):
    values = np.array([record[name] for record in records], dtype=dtype)
    given = http.InferInput(name, [len(records)], datatype)
    given.set_data_from_numpy(values, binary_data=False)
    return given
inputs = [tensor("tenure", "INT64", np.int64), tensor("charges", "FP64", np.float64), tensor("paperless", "BOOL", bool),
          tensor("since", "BYTES", object), tensor("plan", "BYTES", object)]
metadata = client.get_model_metadata("churn")
answer = client.infer("churn", inputs, request_id="r1")
version = client.infer("churn", inputs, model_version="7", outputs=[http.InferRequestedOutput("label", binary_data=False)])
try:
    client.infer("nobody", inputs)
    error = None
except InferenceServerException as caught:
    error = [caught.status(), caught.message()]
print(json.dumps({
    "live": client.is_server_live(), "ready": client.is_server_ready(), "model": client.is_model_ready("churn", "7"),
    "platform": metadata["platform"], "inputs": [given["name"] for given in metadata["inputs"]],
    "id": answer.get_response()["id"], "probability": answer.as_numpy("probability").tolist(),
    "label": [str(label) for label in answer.as_numpy("label")],
    "version": [str(label) for label in version.as_numpy("label")], "error": error,
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
  const errors: unknown[] = [];
  beforeAll(async () => {
    const artifact = await sampleArtifact({ networks: 0 });
    scorer = await compile(artifact);
    const model = { scorer, artifact, name: "churn", version: "7", source: "local" };
    server = await listen(
      createHandler(model, { metrics: prometheusMetrics("7"), maxBatch: 50, onError: (error) => errors.push(error) }),
      { port: 0 },
    );
  });
  afterAll(() => server.close());

  it("tritonclient reads metadata, scores and errors", async () => {
    const records = sampleRecords(30).filter(({ charges, plan }) => charges !== null && plan !== null);
    const { stdout } = await promisify(execFile)(venv.python, [
      "-c",
      triton,
      new URL(server.url).host,
      JSON.stringify(records),
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
      error: ["404", expect.stringContaining("There is no model nobody")],
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
