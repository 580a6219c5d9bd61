// What the Lambda functions do. On AWS they take everything from their environment; a rehearsal gives each its role, address and clock.
import { syntheticContract as contract } from "churnkit/data";
import {
  evaluationFunction,
  ingestionFunction,
  monitorFunction,
  releaseFunction,
  retrainingFunction,
  validationFunction,
} from "churnkit/deploy/functions";
import { awsSession } from "churnkit/deploy/sagemaker";
import type { Rehearsal } from "churnkit/rehearsal";
import { releaseOn } from "./releases.js";
import { home, rows, target } from "./target.js";

const policy = { leaseMinutes: 240, cooldownHours: 6 };

/** @param as in a rehearsal, the role, address and clock of the function of a name. */
export const handlers = (as: (name: string) => Partial<ReturnType<Rehearsal["as"]>> = () => ({})) => ({
  ingestion: ingestionFunction({ ...as("ingestion"), target, contract, labeled: true }),
  validation: validationFunction({ ...as("validation"), target, contract, minRows: 2000 }),
  evaluation: evaluationFunction({ ...as("evaluation"), target, rows: `${home}/held-out.jsonl` }),
  retrain: retrainingFunction({ ...as("retrain"), target, input: { CustomersUri: rows }, policy }),
  monitor: monitorFunction({ ...as("monitor"), target }),
  approved: releaseFunction({ ...as("approved"), target }),
  "release-step": releaseOn(awsSession(target, as("release-step"))),
});

// The exports of the functions' bundle.
export const {
  ingestion,
  validation,
  evaluation,
  retrain,
  monitor,
  approved,
  "release-step": releaseStep,
} = handlers();
