import type { IncomingMessage } from "node:http";
import { pipeline } from "node:stream";
import { promisify } from "node:util";
import { constants, createGzip, gzip } from "node:zlib";
import type { ServeResponse } from "../../http.js";

/** Shorter answers are sent as they are: they fit in a packet or two anyway. */
const leastBytes = 1024;
/** The fastest level: JSON of scores becomes hardly smaller at the others. */
const level = constants.Z_BEST_SPEED;
const gzipped = promisify(gzip);

/** An answer as it is sent: compressed where the client takes gzip and it is long enough to be worth it. */
export function compressed(request: IncomingMessage, result: ServeResponse): ServeResponse | Promise<ServeResponse> {
  const { body, headers } = result;
  if (typeof body === "string" || body instanceof Uint8Array) {
    if (body.length <= leastBytes || !isWanted(request, result)) return result;
    return gzipped(body, { level }).then((bytes) => ({ ...result, headers: encodedHeaders(headers), body: bytes }));
  }
  if (!isWanted(request, result)) return result;
  // Scored records are sent at once.
  const stream = createGzip({ level, flush: constants.Z_SYNC_FLUSH });
  // An error of either comes out of the stream, and cuts the connection there.
  pipeline(body, stream, () => undefined);
  return { ...result, headers: encodedHeaders(headers), body: stream as AsyncIterable<Uint8Array> };
}

const isWanted = ({ headers, method }: IncomingMessage, { headers: given }: ServeResponse): boolean => {
  const accepted = headers["accept-encoding"];
  return (
    typeof accepted === "string" &&
    /(?:^|[\s,])gzip(?!\s*;\s*q=0(?:\.0*)?(?:$|[\s,]))/i.test(accepted) &&
    method !== "HEAD" &&
    given["content-encoding"] === undefined
  );
};

const encodedHeaders = (headers: ServeResponse["headers"]): ServeResponse["headers"] => ({
  ...headers,
  "content-encoding": "gzip",
  vary: headers["vary"] === undefined ? "accept-encoding" : `${headers["vary"]}, accept-encoding`,
});
