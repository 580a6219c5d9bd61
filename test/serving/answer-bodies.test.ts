import { afterEach, describe, expect, it } from "vitest";
import { fetchHandler } from "../../src/serving/hosts/fetch/fetch-handler.js";
import { listen, type NodeServer } from "../../src/serving/hosts/node/node-server.js";
import type { Handler, ServeResponse } from "../../src/serving/http.js";
import { pause } from "./raw.js";

const open: NodeServer[] = [];
afterEach(() => Promise.all(open.splice(0).map((server) => server.close())));

type Ask = (path: string, init?: RequestInit) => Promise<Response>;
const hosts: Record<string, (handler: Handler) => Promise<Ask>> = {
  async node(handler) {
    const server = await listen(handler, { port: 0 });
    open.push(server);
    return (path, init) => fetch(server.url + path, init);
  },
  fetch: (handler) => {
    const answer = fetchHandler(handler);
    return Promise.resolve((path, init) => answer(new Request(`https://example.com${path}`, init)));
  },
};

describe.each(Object.keys(hosts))("a body that %s sends", (name) => {
  const serve = (body: () => ServeResponse["body"]): Promise<Ask> | undefined =>
    hosts[name]?.(() => Promise.resolve({ status: 200, headers: { "content-type": "text/plain" }, body: body() }));
  async function* pieces(...parts: (string | Uint8Array | Error)[]) {
    for (const part of parts) {
      await pause(1);
      if (part instanceof Error) throw part;
      yield part;
    }
  }

  it("may be text, bytes, or pieces of both", async () => {
    const bytes = new TextEncoder().encode("é2");
    for (const [body, text] of [
      [() => "é1", "é1"],
      [() => bytes, "é2"],
      [() => pieces("é1", bytes, "3"), "é1é23"],
      [() => pieces(), ""],
    ] as const) {
      const ask = await serve(body);
      expect(await (await ask?.("/"))?.text()).toBe(text);
    }
  });

  it("has none for HEAD", async () => {
    const ask = await serve(() => pieces("a", "b"));
    const response = await ask?.("/", { method: "HEAD" });
    expect([response?.status, await response?.text()]).toEqual([200, ""]);
  });

  it("breaks off where its pieces fail, so that no part is taken for all", async () => {
    const ask = await serve(() => pieces("a", "b", new Error("away")));
    await expect(ask?.("/").then((response) => response.text())).rejects.toThrow();
  });

  it("ends its pieces when the caller hangs up", async () => {
    let ended: () => void = () => undefined;
    const end = new Promise<void>((resolve) => (ended = resolve));
    async function* endless() {
      try {
        for (;;) {
          await pause(1);
          yield "x".repeat(1000);
        }
      } finally {
        ended();
      }
    }
    const ask = await serve(endless);
    const reader = (await ask?.("/"))?.body?.getReader();
    expect((await reader?.read())?.done).toBe(false);
    await reader?.cancel();
    await end;
  });
});
