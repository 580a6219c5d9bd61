export { type AttributionMethod, attributionMethods } from "./attributor.js";
export type { BudgetOptions } from "./budget.js";
export type { EpochRecord, LearnerContext, TrainingProgress } from "./learner.js";
export { logistic } from "./linear/learner.js";
export type { ChurnNetworkOptions } from "./network/learner.js";
