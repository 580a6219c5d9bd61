import { Option } from "commander";
import { anyMetrics } from "../model/evaluate/index.js";

/** `--metric`: a metric of the positive class, or over all classes. */
export const metricOption = (meaning: string): Option =>
  new Option(
    "--metric <name>",
    `${meaning}; profitPerCustomer needs --costs; default: logLoss, or classes.logLoss if there are more than two classes`,
  ).choices(Object.keys(anyMetrics));
