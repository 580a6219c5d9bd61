/**
 * A typed client of a prediction service.
 *
 * @module churnkit/client
 */
export {
  createClient,
  type AnsweringModel,
  type CallOptions,
  type Client,
  type ClientOptions,
  type Prediction,
  type PredictionIssue,
  type RefusedRecord,
} from "./client.js";
export type { ClientAnswer, ClientRequest, Transport } from "./transport.js";
