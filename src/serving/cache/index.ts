export { memoryCache, type AnswerCache } from "./answer-cache.js";
export { cachedScore, type ScoreOne } from "./cached-score.js";
export { redisCache } from "./redis-cache.js";
