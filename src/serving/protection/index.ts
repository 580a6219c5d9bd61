export { apiKeys, keysOf, type KeySource } from "./api-keys.js";
export { cors } from "./cors.js";
export { keysText, newKey, parseKeys, scopes, type ApiKey, type Scope } from "./key-document.js";
export { loadLimit } from "./load-limit.js";
export { rateLimit } from "./rate-limit.js";
export { requestIds } from "./request-ids.js";
export { requestLog } from "./request-log.js";
export { securityHeaders } from "./security-headers.js";
export { timeLimit } from "./time-limit.js";
