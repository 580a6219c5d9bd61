import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as entry from "../../../src/deploy/aws/index.js";
import { wireTo } from "../../../src/rehearsal/cloudformation/wire.js";
import { awsTarget } from "../../helpers/aws-target.js";
import { endpointWorld, type EndpointWorld } from "../../helpers/endpoint-world.js";
import { awsPython } from "../../helpers/moto.js";
import type { Definition } from "./definition.js";
import { configOf, endpoints, standing } from "./endpoints.js";
import { jobs } from "./jobs.js";
import { workflows } from "./workflows.js";

const ready = await awsPython("planted faults in definitions against botocore's models");

const cases: Readonly<Record<string, Definition>> = { ...jobs, ...endpoints, ...workflows };

/** A copy with another value at a path, or with none. */
function planted(definition: unknown, path: string, value: unknown): never {
  const copy = JSON.parse(JSON.stringify(definition)) as Record<string, unknown>;
  const keys = path.split(".");
  const last = keys.pop() ?? "";
  const parent = keys.reduce((inner, key) => inner[key] as Record<string, unknown>, copy);
  if (value === undefined) Reflect.deleteProperty(parent, last);
  else parent[last] = value;
  return copy as never;
}

/** The functions of the entry whose definitions are tested elsewhere, and those that make none. */
const elsewhere: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ["alarms", "dashboard", "eventRules", "scaling", "logRetention", "budget"].map((name) => [name, "watch.test.ts"]),
  ),
  policyFor: "access.test.ts",
  retrainingMachine: "states/definition.test.ts",
  releaseMachine: "states/release-machine.test.ts",
};
const others = ["checkStateMachine", "listPrices", "monthlyCost", "parseAwsTarget", "refs", "steps"];

describe("definitions", () => {
  let world: EndpointWorld;
  beforeAll(async () => {
    world = await endpointWorld();
    const wire = wireTo(world.rehearsal.url, world.rehearsal.region);
    for (const version of ["v1", "v2"]) {
      const data = `s3://churn-data/models/${version}/model.tar.gz`;
      await wire.json("sagemaker", "CreateModel", entry.modelRequest(awsTarget, { name: version, data }));
    }
    for (const config of [configOf("c1"), configOf("c2", { instances: 4 })])
      await wire.json("sagemaker", "CreateEndpointConfig", config);
    const { EndpointName = "", EndpointConfigName = "" } = standing;
    await world.endpoint(EndpointName, EndpointConfigName);
    await wire.json("monitoring", "PutMetricAlarm", {
      AlarmName: "5xx",
      Namespace: "AWS/SageMaker",
      MetricName: "Invocation5XXErrors",
      Statistic: "Sum",
      Period: 60,
      EvaluationPeriods: 1,
      Threshold: 1,
      ComparisonOperator: "GreaterThanThreshold",
    });
  }, 60_000);
  afterAll(() => world.close());

  it("are all in this table, or tested in another file", () => {
    const here = Object.values(cases).flatMap(({ by }) => by);
    expect([...new Set([...here, ...Object.keys(elsewhere), ...others])].sort()).toEqual(Object.keys(entry).sort());
    for (const file of Object.values(elsewhere))
      expect(existsSync(resolve(import.meta.dirname, "..", file)), file).toBe(true);
  });

  describe.each(Object.entries(cases))("%s", (name, { made, checkers, faults }) => {
    const isLeftOut = (checker: string): boolean => checker === "model" && !ready;

    it.each(faults)("with %s is found out", async (_, path, value, checker, found) => {
      if (isLeftOut(checker)) return;
      expect((await checkers[checker]?.(planted(made, path, value), world))?.join()).toMatch(found);
    });

    it("is what it was, and clean under its checkers", async () => {
      await expect(`${JSON.stringify(made, null, 1)}\n`).toMatchFileSnapshot(`../golden/${name}.json`);
      for (const [checker, check] of Object.entries(checkers))
        if (!isLeftOut(checker)) expect(await check(made as never, world), checker).toEqual([]);
    });
  });
});
