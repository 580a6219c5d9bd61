// What the Lambda functions do. On AWS they take everything from their environment; a rehearsal gives each its role, address and clock.
import { syntheticContract as contract } from "churnkit/data";
import * as lambda from "churnkit/deploy/functions";
import { awsSession } from "churnkit/deploy/sagemaker";
import type { Rehearsal } from "churnkit/rehearsal";
import { releaseOn } from "./releases.js";
import { home, rows, target } from "./target.js";

const policy = { leaseMinutes: 240, cooldownHours: 6 };

/** @param as in a rehearsal, the role, address and clock of the function of a name. */
export const handlers = (as: (name: string) => Partial<ReturnType<Rehearsal["as"]>> = () => ({})) => ({
  ingestion: lambda.ingestionFunction({ ...as("ingestion"), target, contract, labeled: true }),
  validation: lambda.validationFunction({ ...as("validation"), target, contract, minRows: 2000 }),
  evaluation: lambda.evaluationFunction({ ...as("evaluation"), target, rows: `${home}/held-out.jsonl` }),
  retrain: lambda.retrainingFunction({ ...as("retrain"), target, input: { CustomersUri: rows }, policy }),
  monitor: lambda.monitorFunction({ ...as("monitor"), target, plan: { windows: [1, 2] } }), // hours, in so short a story
  approved: lambda.releaseFunction({ ...as("approved"), target }),
  "release-step": releaseOn(awsSession(target, as("release-step"))),
});

// The exports of the functions' bundle.
const all = handlers();
export const { ingestion, validation, evaluation, retrain, monitor, approved } = all;
export const releaseStep = all["release-step"];
