export { unjoinedCauses } from "./joins.js";
export { openPeriodLimit } from "./open-periods.js";
export { monitorPeriods } from "./settings.js";
