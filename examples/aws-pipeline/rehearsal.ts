// AWS on this machine: an address, a clock that jumps, and the stack that `cdk deploy` would make there.
import { writeFile } from "node:fs/promises";
import { policyFor } from "churnkit/deploy/aws";
import { awsSession } from "churnkit/deploy/sagemaker";
import { applyTemplate, rehearse, startMoto, timelineHtml, timelineText } from "churnkit/rehearsal";
import { app } from "./app.js";
import { handlers } from "./functions.js";
import { target } from "./target.js";

const names = ["ingestion", "validation", "evaluation", "retrain", "monitor", "approved", "release-step"] as const;

/** @param isBad says which model's scores are off in production. */
export async function rehearsedAccount(isBad: (model: string) => boolean) {
  const moto = await startMoto({ venv: process.env["CHURNKIT_MOTO"] ?? ".cache/moto" });
  const rehearsal = await rehearse({
    ...{ account: target.account, region: target.region, emulator: moto.url, botocore: moto.botocore },
    functions: Object.fromEntries(names.map((name) => [`churn-dev-${name}`, (event) => functions[name](event)])),
    // The stack brings the roles of its functions; these are of people and of CloudFormation.
    permissions: {
      cloudformation: { Statement: { Effect: "Allow", Action: "*", Resource: "*" } },
      "churn-dev-team": [policyFor("release", target), policyFor("approved", target), policyFor("reader", target)],
    },
    misbehave: ({ endpoint, model }) => ({ latency: 15, shift: endpoint === "churn-dev" && isBad(model) ? 4 : 0 }),
  });
  const functions = handlers((name) => rehearsal.as(`churn-dev-${name}`));
  await applyTemplate(rehearsal, app.synth().getStackByName("churn-dev").template, { name: "churn-dev" });
  return {
    session: awsSession(target, rehearsal.as("churn-dev-team")),
    run: <T>(story: Promise<T>) => rehearsal.clock.until(story),
    async close() {
      await writeFile("aws-pipeline.html", await timelineHtml(rehearsal.timeline));
      console.log(`\n${timelineText(rehearsal.timeline)}\nThe report is aws-pipeline.html. Actions used:`);
      for (const { role, used } of rehearsal.roles) console.log(`${role}: ${used.join(", ")}`);
      await rehearsal.close();
      await moto.close();
    },
  };
}
