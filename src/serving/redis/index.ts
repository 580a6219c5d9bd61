export { connectRedis } from "./connect-redis.js";
export { guardedRedis, type AskRedis, type RedisCommand } from "./guarded-redis.js";
