// The story of a model's life on AWS: `npm run example:aws-pipeline`, and with `-- --aws` in your own account after `cdk deploy`.
import { readFile } from "node:fs/promises";
import { defineFeatures, syntheticContract as contract, syntheticCustomers, tableFromRecords } from "churnkit/data";
import { awsSession, decideVersion, releaseStatus, releaseStep, sageMakerClient } from "churnkit/deploy/sagemaker";
import { logistic, saveBundle, train } from "churnkit/model";
import { rehearsedAccount } from "./rehearsal.js";
import { production, registryOf } from "./releases.js";
import { target } from "./target.js";

const world = { market: "base" as "base" | "shifted", bad: "none" };
const onAws = () => ({ session: awsSession(target), run: (story: Promise<void>) => story, close: async () => {} });
const account = process.argv.includes("--aws") ? onAws() : await rehearsedAccount((model) => model.includes(world.bad));
const { session } = account;
const store = await session.store();
const registry = await registryOf(session);
const stateMachineArn = `arn:aws:states:${target.region}:${target.account}:stateMachine:churn-dev-retraining`;
const client = sageMakerClient("churn-dev", { clientConfig: session.clientConfig, retries: 0, batchSize: 24 });
/** A rehearsal's time stands still during work. */
const { during: work = <T>(act: () => Promise<T>) => act() } = session.clock;
const customers = (rows: number, seed: number) => syntheticCustomers({ rows, seed, scenario: world.market }).records;
const say = (text: string) => console.log(`${new Date(session.clock.now()).toISOString().slice(0, 16)}  ${text}`);

async function story(): Promise<void> {
  await work(() => store.put("contract.json", Buffer.from(JSON.stringify(contract))));
  // Until a version is on duty, the model to beat is what a laptop makes of 500 customers.
  const few = tableFromRecords(contract, customers(500, 0));
  const laptop = await work(() => train(defineFeatures(contract), few, { learner: logistic() }));
  await work(() => saveBundle(laptop, "out/laptop.tar.gz"));
  await work(async () => store.put("champion/churn-dev/model.tar.gz", await readFile("out/laptop.tar.gz")));
  await deliver(1, 8000);
  await work(() => session.call("sfn", "StartExecution", { stateMachineArn, name: "january", input: "{}" }));
  await approveNext();
  await until(onDuty(1));
  say("version 1 went by staging and smoke test into production");
  const drift = () => session.call("cloudwatch", "DescribeAlarms", { AlarmNames: ["churn-dev-drift"] });
  await until(async () => (await drift()).MetricAlarms?.[0]?.StateValue === "OK");
  say("a quiet hour: the monitor finds no drift");

  world.market = "shifted";
  say("prices rise, and a rival courts the customers");
  await deliver(2, 6000);
  await approveNext();
  await until(onDuty(2));
  say("the drift alarm led to version 2, which knows the new market and went by a canary into production");

  world.bad = "-v3-";
  await deliver(3, 3000);
  await work(() => session.call("sfn", "StartExecution", { stateMachineArn, name: "march", input: "{}" }));
  await approveNext();
  await until(async () => (await registry.list({ status: "quarantined" })).length > 0);
  await until(onDuty(2));
  const { statusNote } = await work(() => registry.get(3));
  say(`version 2 has all traffic again, and version 3 is quarantined: ${statusNote.reason}`);
  const { outcome } = await work(() => releaseStep(session, { ...production, registry, version: 2 }));
  say(`release of version 2: ${outcome}`);
}

/** A month's customers and what became of them, as a file in the bucket; its last row is broken. */
async function deliver(month: number, rows: number): Promise<void> {
  const records = [...customers(rows, month), { age: -1 }];
  const lines = records.map((record, i) => JSON.stringify({ ...record, customerId: `${month}-${i}` }));
  say(`${lines.length} customers of 2026-0${month} arrive in the bucket`);
  await work(() => store.put(`raw/2026-0${month}.jsonl`, Buffer.from(lines.join("\n"))));
  await until(async () => (await store.list("ingested/manifests/")).length === month);
  say("they are ingested, and the broken row is quarantined");
}

/** Waits for the next version in SageMaker's registry, and approves it. */
async function approveNext(): Promise<void> {
  const pending = { ModelPackageGroupName: "churn-dev", ModelApprovalStatus: "PendingManualApproval" } as const;
  await until(async () => {
    const { ModelPackageSummaryList: [next] = [] } = await session.call("sagemaker", "ListModelPackages", pending);
    if (next?.ModelPackageArn === undefined) return false;
    say(`churn-dev/${next.ModelPackageVersion} passed the gate, and Ada approves it`);
    return decideVersion(session, next.ModelPackageArn, {
      decision: "Approved",
      by: "ada",
      reason: "the gate's numbers",
    });
  });
}

const onDuty = (version: number) => async () => {
  const { alias, disagreements } = await releaseStatus(session, { registry });
  return alias === version && disagreements.length === 0;
};

/** Customers of today's market ask every ten minutes, until something has happened. */
async function until(hasHappened: () => Promise<boolean>): Promise<void> {
  for (let minute = 0; !(await work(hasHappened)); minute += 10) {
    if (minute > 1440) throw new Error("It did not happen within a day: see the timeline.");
    const asking = customers(240, 1000 + minute);
    await work(() => client.predictMany(asking).catch(() => []));
    await session.clock.sleep(600_000);
  }
}

try {
  await account.run(story());
} finally {
  client.close();
  session.close();
  await account.close();
}
