// AWS on this machine: an address, a clock that jumps, and the functions and roles that `cdk deploy` would make there.
import { writeFile } from "node:fs/promises";
import { policyFor } from "churnkit/deploy/aws";
import { awsSession } from "churnkit/deploy/sagemaker";
import { memorySink } from "churnkit/io";
import { applyTemplate, rehearse, startMoto, timelineHtml, timelineText } from "churnkit/rehearsal";
import { handlers } from "./functions.js";
import { target } from "./target.js";

const everything = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }] } as const;
const names = ["ingestion", "validation", "evaluation", "retrain", "approved", "monitor", "release-step"] as const;

/** @param isBad says which model in production answers errors. */
export async function rehearsedAccount(isBad: (model: string) => boolean) {
  const moto = await startMoto({ venv: process.env["CHURNKIT_MOTO"] ?? ".cache/moto" });
  let made: ReturnType<typeof handlers> | undefined;
  const call = (name: (typeof names)[number]) => (event: unknown) => (made ??= handlers(as))[name](event);
  const rehearsal = await rehearse({
    ...{ account: target.account, region: target.region, emulator: moto.url, botocore: moto.botocore },
    functions: Object.fromEntries(names.map((name) => [`churn-dev-${name}`, call(name)])),
    // The stack brings the roles of its functions; these are of people and of CloudFormation.
    permissions: {
      cloudformation: everything,
      "churn-dev-team": [policyFor("release", target), policyFor("approved", target), policyFor("reader", target)],
    },
    misbehave: ({ endpoint, model }) => ({
      latency: 15,
      ...(endpoint === "churn-dev" && isBad(model) && { errors: 0.1 }),
    }),
  });
  /** A client acts as the role that its access key names. */
  const as = (name: string) => ({
    clientConfig: {
      endpoint: rehearsal.url,
      credentials: { accessKeyId: `churn-dev-${name}`, secretAccessKey: "any" },
    },
    clock: rehearsal.clock,
    // Lambda would take metrics from what the function prints.
    sink: memorySink(),
  });
  const { app } = await import("./app.js");
  await applyTemplate(rehearsal, app.synth().getStackByName("churn-dev").template, { name: "churn-dev" });
  return {
    session: awsSession(target, as("team")),
    run: <T>(story: Promise<T>) => rehearsal.clock.until(story),
    async close() {
      await writeFile("aws-pipeline.html", await timelineHtml(rehearsal.timeline));
      console.log(`\n${timelineText(rehearsal.timeline)}\nThe report is aws-pipeline.html.`);
      await rehearsal.close();
      await moto.close();
    },
  };
}
