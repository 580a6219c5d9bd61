export { rankAuc } from "./auc.js";
export { cellGuide, placeCells } from "./cell-guide.js";
export { descendingOrder } from "./descending-order.js";
export { lowerBound } from "./lower-bound.js";
export { type Order, orderOf, orderOfSorted } from "./order.js";
export { quantileOf, quantileOfSorted } from "./quantiles.js";
export { sortedValues } from "./sort.js";
