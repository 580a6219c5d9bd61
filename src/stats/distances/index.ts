export {
  hellinger,
  jensenShannon,
  jensenShannonNullMean,
  psi,
  psiNullMean,
  quantileEdges,
  totalVariation,
} from "./divergence.js";
export { wassersteinOfSorted } from "./wasserstein.js";
