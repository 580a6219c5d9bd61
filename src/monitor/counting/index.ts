export { unjoinedCauses } from "./joins.js";
export { monitorPeriods } from "./settings.js";
