export type { AutoChoice } from "./auto/choose-members.js";
export { type AutoSettings, learnerNamed, type LearnerName, learnerNameOf, learnerNames } from "./learners.js";
export { epochLine, modelLine, trainingMetrics, type TrainingMetric } from "./metric-lines.js";
export type { TrainingBegin, TrainingObserver, TrainingWatch } from "./observe.js";
export { costThreshold, thresholdByRecall, type ThresholdRule } from "./threshold.js";
export { train, type TrainedModel } from "./train.js";
export type { Trial } from "./trial.js";
export {
  parseTrainingFacts,
  seenEach,
  seenRows,
  type SeenRows,
  type TrainingFacts,
  trainingFactsOf,
  trainingFactsPath,
} from "./training-facts.js";
