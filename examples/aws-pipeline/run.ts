// The story of a model's life on AWS: `npm run example:aws-pipeline`, and with `-- --aws` in your own account after `cdk deploy`.
import { defineFeatures, syntheticContract as contract, syntheticCustomers, tableFromRecords } from "churnkit/data";
import { awsSession, decideVersion, release, releaseStatus, sageMakerClient } from "churnkit/deploy/sagemaker";
import { logistic, train } from "churnkit/model";
import { rehearsedAccount } from "./rehearsal.js";
import { opened, production } from "./releases.js";
import { target } from "./target.js";

let bad = "none";
const onAws = () => ({
  session: awsSession(target),
  run: <T>(story: Promise<T>) => story,
  close: () => Promise.resolve(),
});
const account = process.argv.includes("--aws") ? onAws() : await rehearsedAccount((model) => model.includes(bad));
const { session, run } = account;
const { clock } = session;
/** A rehearsal's time stands still while requests are under way. */
const real = <T>(work: () => Promise<T>): Promise<T> => (clock.during === undefined ? work() : clock.during(work));
const say = (text: string) =>
  console.log(`${new Date(clock.now()).toISOString().slice(0, 16).replace("T", " ")}  ${text}`);

let market: "base" | "shifted" = "base";
let minutes = 0;
const client = sageMakerClient("churn-dev", { clientConfig: session.clientConfig, retries: 0 });

/** Customers of today's market ask each minute, until something has happened. */
async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (const end = clock.now() + 86_400_000; clock.now() < end;) {
    const seen = await real(look);
    if (seen !== undefined) return seen;
    const { records } = syntheticCustomers({ rows: 30, seed: 1000 + minutes++, scenario: market });
    await real(async () => {
      for (let i = 0; i < 30; i += 6) await client.predictMany(records.slice(i, i + 6) as never).catch(() => undefined);
    });
    await clock.sleep(120_000);
  }
  throw new Error("It did not happen within a day: see the timeline.");
}

async function story(): Promise<string> {
  const { store, registry } = await real(() => opened(session));

  /** A month's customers and what became of them, as a file in the bucket; some rows are broken. */
  async function deliver(month: string, count: number): Promise<void> {
    const { records } = syntheticCustomers({ rows: count, seed: Number(month.slice(5)), scenario: market });
    const lines = [...records, { ...records[0], age: -1 }].map(
      (record) => `${JSON.stringify({ ...record, customerId: `${month}-${record?.["customerId"] ?? ""}` })}\n`,
    );
    await real(() => store.put(`raw/${month}.jsonl`, new TextEncoder().encode(lines.join(""))));
    say(`${count + 1} customers of ${month} arrive in the bucket`);
    const manifests = () => store.list("ingested/manifests/");
    const before = (await real(manifests)).length;
    await until(async () => ((await manifests()).length > before ? true : undefined));
    say("they are ingested, and the broken row is quarantined");
  }

  /** Waits for the next version in SageMaker's registry, and approves it. */
  async function approveNext(): Promise<void> {
    const arn = await until(async () => {
      const pending = { ModelPackageGroupName: "churn-dev", ModelApprovalStatus: "PendingManualApproval" } as const;
      const { ModelPackageSummaryList: list = [] } = await session.call("sagemaker", "ListModelPackages", pending);
      return list[0]?.ModelPackageArn;
    });
    await real(() => decideVersion(session, arn, { decision: "Approved", by: "ada", reason: "the gate's numbers" }));
    say(`${arn.split("/").slice(-2).join("/")} passed the gate, and Ada approves it`);
  }
  async function startByHand(name: string): Promise<void> {
    const stateMachineArn = `arn:aws:states:${target.region}:${target.account}:stateMachine:churn-dev-retraining`;
    await session.call("sfn", "StartExecution", { stateMachineArn, name, input: "{}" });
    say("Ada starts a retraining by hand");
  }
  const onDuty = (version: number) => async () => {
    const { alias, disagreements } = await releaseStatus(session, { registry });
    return alias === version && disagreements.length === 0 ? true : undefined;
  };

  await real(() => store.put("contract.json", new TextEncoder().encode(JSON.stringify(contract))));
  await deliver("2026-01", 8000);
  await real(async () => {
    const table = tableFromRecords(contract, syntheticCustomers({ rows: 1500, seed: 7 }).records);
    await registry.register((await train(defineFeatures(contract), table, { learner: logistic() })).artifact, {
      by: "ada",
    });
  });
  await release(session, production(registry, 1));
  say("version 1, which Ada trained by hand, is in production");

  await startByHand("january");
  await approveNext();
  await until(onDuty(2));
  say("version 2 went by staging, smoke test and canary into production");

  market = "shifted";
  say("prices rise, and a rival courts the customers");
  await deliver("2026-02", 8000);
  await until(async () => {
    const { MetricAlarms: [alarm] = [] } = await session.call("cloudwatch", "DescribeAlarms", {
      AlarmNames: ["churn-dev-drift"],
    });
    return alarm?.StateValue === "ALARM" ? true : undefined;
  });
  say("the drift alarm is on, and starts a retraining");
  await approveNext();
  await until(onDuty(3));
  say("version 3, which knows the new market, is in production");

  await deliver("2026-03", 2000);
  bad = "-v4-";
  await startByHand("march");
  await approveNext();
  await until(async () => ((await registry.list({ status: "quarantined" })).length > 0 ? true : undefined));
  await until(onDuty(3));
  say("version 4 failed in its canary: version 3 has all traffic again, and version 4 is quarantined");

  const { outcome } = await release(session, production(registry, 3));
  return outcome;
}

const outcome = await run(story()).finally(async () => {
  client.close();
  session.close();
  await account.close();
});
say(`release of version 3: ${outcome}`);
process.exitCode = outcome === "unchanged" ? 0 : 1;
