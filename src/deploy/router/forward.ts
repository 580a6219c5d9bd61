import { Agent, type IncomingHttpHeaders, request, type RequestOptions } from "node:http";

/** A request with its whole body. */
export interface Buffered {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** An answer with its whole body. */
export interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Sends requests on to servers, over connections that stay open. */
export interface Forwarder {
  /** @throws Error when the server cannot be reached or ends the connection. */
  send(url: string, sent: Buffered): Promise<Answered>;
  close(): void;
}

const longest = 60_000;

/** Headers about one connection, which belong to it alone. */
const ofConnection = new Set([
  "connection",
  "keep-alive",
  "transfer-encoding",
  "upgrade",
  "host",
  "content-length",
  "expect",
]);

/** The headers that go on to the next connection. */
export const passedOn = (headers: IncomingHttpHeaders): Record<string, string | string[]> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined || ofConnection.has(name) ? [] : [[name, value] as const],
    ),
  );

export function forwarder(): Forwarder {
  const agent = new Agent({ keepAlive: true });
  const once = (url: string, { method, path, headers, body }: Buffered, fresh: boolean): Promise<Answered> =>
    new Promise((resolve, reject) => {
      const options: RequestOptions = {
        method,
        headers: { ...passedOn(headers), "content-length": body.length },
        agent: fresh ? false : agent,
      };
      const sent = request(new URL(path, url), options, (response) => {
        const parts: Buffer[] = [];
        response
          .on("data", (part: Buffer) => parts.push(part))
          .on("end", () =>
            resolve({ status: response.statusCode ?? 502, headers: response.headers, body: Buffer.concat(parts) }),
          )
          .on("error", reject);
      });
      sent.setTimeout(longest, () => sent.destroy(new Error(`${url} did not answer within ${longest} ms`)));
      sent.on("error", (error) => {
        // The server may have ended an idle connection at this very moment.
        if (sent.reusedSocket && !fresh) resolve(once(url, { method, path, headers, body }, true));
        else reject(error);
      });
      sent.end(body);
    });
  return { send: (url, sent) => once(url, sent, false), close: () => agent.destroy() };
}
