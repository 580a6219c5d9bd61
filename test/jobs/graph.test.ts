import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ChurnkitError } from "../../src/base/errors.js";
import { parsePipeline, type PipelineGraph } from "../../src/jobs/graph.js";
import { pipelineMermaid } from "../../src/jobs/mermaid.js";

const graph: PipelineGraph = {
  inputs: { customers: "file" },
  steps: [
    {
      id: "register",
      job: "register",
      inputs: { model: "train.model" },
      when: { step: "evaluate.report", path: "auc", atLeast: 0.7 },
    },
    { id: "evaluate", job: "evaluate", inputs: { model: "train.model", rows: "parts.test" } },
    { id: "train", job: "train", params: { learner: "logistic" }, inputs: { rows: "parts.train" } },
    { id: "parts", job: "split", inputs: { rows: "ingest.rows" } },
    { id: "ingest", job: "ingest", inputs: { file: "input.customers" } },
  ],
};
const [, , train, ,] = graph.steps;

/** What a pipeline that cannot run is refused with. */
function refusal(steps: readonly object[], inputs: object = { customers: "file" }): string {
  try {
    parsePipeline({ inputs, steps });
  } catch (error) {
    if (ChurnkitError.isInstance(error) && error.code === "PIPELINE_INVALID") return error.message;
    throw error;
  }
  return "";
}

describe("parsePipeline", () => {
  it("puts steps in the order in which they run, and reads its own output", () => {
    const parsed = parsePipeline(graph);
    expect(parsed.steps.map(({ id }) => id)).toEqual(["ingest", "parts", "train", "evaluate", "register"]);
    expect(parsePipeline(JSON.parse(JSON.stringify(parsed)))).toEqual(parsed);
  });

  const ingest = { id: "ingest", job: "ingest", inputs: { file: "input.customers" } };
  it.each<[string, object[], RegExp]>([
    ["an unknown job", [{ id: "a", job: "bake" }], /step "a" has an unknown job "bake".*ingest, split/],
    ["a step twice", [ingest, ingest], /step "ingest" occurs twice/],
    ["a missing input", [{ id: "a", job: "split" }], /step "a" lacks the input rows/],
    ["an unknown input", [{ ...ingest, inputs: { ...ingest.inputs, salt: "input.customers" } }], /an input "salt"/],
    ["a reference to nothing", [{ id: "a", job: "split", inputs: { rows: "b.rows" } }], /from b\.rows, which no step/],
    [
      "another kind",
      [ingest, { id: "a", job: "split", inputs: { rows: "ingest.quality" } }],
      /"a".*kind json, not table/,
    ],
    ["a condition on a table", [{ ...ingest, when: { step: "input.customers", path: "a", atMost: 1 } }], /not json/],
    [
      "a bound in a table",
      [{ ...ingest, when: { step: "ingest.quality", path: "a", atMost: { step: "input.customers", path: "a" } } }],
      /"ingest" takes its condition from input\.customers.*not json/,
    ],
    [
      "a wait for itself by a bound",
      [{ ...ingest, when: [{ step: "ingest.quality", path: "a", atMost: { step: "ingest.quality", path: "b" } }] }],
      /"ingest" waits for itself/,
    ],
    ["a condition without a bound", [{ ...ingest, when: { step: "a.b", path: "a" } }], /"ingest".*atLeast or atMost/],
    ["params of another type", [{ ...ingest, params: { target: 3 } }], /"ingest" is malformed: params\.target must/],
    ["a misspelled param", [{ ...ingest, params: { targt: "x" } }], /"ingest".*unknown member "targt"/],
    [
      "a policy that cannot be used",
      [{ id: "a", job: "retrain-decision", params: { policy: { psi: 3 } } }],
      /"a" lacks the input report/,
    ],
    ["the id input", [{ ...ingest, id: "input" }], /steps\[0\]\.id must be a name/],
    ["too many retries", [{ ...ingest, retries: 11 }], /"ingest".*retries must be/],
    [
      "a circle",
      [
        { ...train, inputs: { rows: "a.train" } },
        { id: "a", job: "split", inputs: { rows: "a.test" } },
      ],
      /step "a" waits for itself: a needs a/,
    ],
  ])("refuses %s, naming the step", (_, steps, message) => expect(refusal(steps)).toMatch(message));

  it("names params that the job's own room refuses", () => {
    const decision = {
      id: "decide",
      job: "retrain-decision",
      params: { policy: { psi: 3 } },
      inputs: { report: "input.report" },
    };
    expect(refusal([decision], { report: "json" })).toMatch(/"decide" has params that cannot be used: .*psi/);
  });

  it("names a circle by way of other steps", () => {
    const part = (id: string, from: string) => ({ id, job: "split", inputs: { rows: `${from}.train` } });
    expect(refusal([part("d", "a"), part("a", "b"), part("b", "c"), part("c", "a")])).toMatch(
      /waits for itself: a needs b needs c needs a/,
    );
  });

  it("gives a graph or a typed error for any JSON", () => {
    const word = fc.constantFrom("ingest", "split", "train", "input", "rows", "file", "a", "__proto__", "constructor");
    const reference = fc.oneof(
      fc.tuple(word, word).map((parts) => parts.join(".")),
      fc.jsonValue(),
    );
    const step = fc.record(
      {
        id: fc.oneof(word, fc.jsonValue()),
        job: fc.oneof(word, fc.jsonValue()),
        params: fc.jsonValue(),
        inputs: fc.oneof(fc.dictionary(word, reference), fc.jsonValue()),
        when: fc.oneof(fc.record({ step: reference, path: word, atLeast: fc.jsonValue() }), fc.jsonValue()),
        retries: fc.jsonValue(),
      },
      { requiredKeys: ["id", "job"] },
    );
    const any = fc.oneof(
      fc.jsonValue(),
      fc.record({ inputs: fc.jsonValue(), steps: fc.array(fc.oneof(step, fc.jsonValue())) }),
    );
    fc.assert(
      fc.property(any, (json) => {
        try {
          parsePipeline(json);
        } catch (error) {
          expect(error).toMatchObject({ code: "PIPELINE_INVALID" });
        }
      }),
      { numRuns: 300 },
    );
  });
});

it("prints a pipeline as Mermaid", () => {
  expect(pipelineMermaid(parsePipeline(graph))).toBe(`flowchart TD
  input_customers[/"customers: file"/]
  step_ingest["ingest"]
  step_parts["parts: split"]
  step_train["train"]
  step_evaluate["evaluate"]
  step_register["register"]
  input_customers -->|customers| step_ingest
  step_ingest -->|rows| step_parts
  step_parts -->|train| step_train
  step_train -->|model| step_evaluate
  step_parts -->|test| step_evaluate
  step_train -->|model| step_register
  step_evaluate -.->|"auc at least 0.7"| step_register
`);
});
