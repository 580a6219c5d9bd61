export { counterfactuals, type Counterfactuals } from "./changed/counterfactuals.js";
export { partialDependence, type PartialDependence } from "./changed/partial-dependence.js";
export { permutationImportance, type PermutationImportance } from "./changed/permutation-importance.js";
export { backgroundFromProfile } from "./background.js";
export { explainerOf } from "./explainer.js";
export type { Explainer, Explanation } from "./explanation.js";
export { type ColumnImportance, importance, importanceByColumn } from "./importance.js";
export { type ReasonedScore, reasons } from "./reasons.js";
