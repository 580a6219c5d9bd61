import { execFileSync } from "node:child_process";
import { Client, credentials } from "@grpc/grpc-js";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { json } from "../../src/serving/http.js";
import { listen, listenGrpc } from "../../src/serving/index.js";
import { rawConnection } from "./raw.js";

const folder = mkdtempSync(join(tmpdir(), "churnkit-tls-"));
const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
const [otherKey, otherCert] = [join(folder, "other-key.pem"), join(folder, "other.pem")];
const made = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost -addext";

describe("a server with a certificate", () => {
  beforeAll(() => {
    for (const files of [
      ["-keyout", key, "-out", cert],
      ["-keyout", otherKey, "-out", otherCert],
    ])
      execFileSync("openssl", [...made.split(" "), "subjectAltName=DNS:localhost,IP:127.0.0.1", ...files], {
        stdio: "ignore",
      });
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  const serve = () =>
    listen(() => Promise.resolve(json(200, { ok: true })), {
      port: 0,
      tls: { cert: readFileSync(cert), key: readFileSync(key) },
    });
  const ask = (url: string, own: object = {}): Promise<string> =>
    new Promise((resolve, reject) => {
      request(url, { ca: readFileSync(cert), ...own }, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (part: string) => (text += part));
        response.once("end", () => resolve(text));
      })
        .once("error", reject)
        .end();
    });

  it("speaks HTTPS and nothing else", async () => {
    const server = await serve();
    expect(server.url).toMatch(/^https:/);
    expect(await ask(`${server.url}/`)).toBe('{"ok":true}');
    const plain = await rawConnection(server.port, "GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    expect(await plain.ended).not.toContain("ok");
    await server.close();
  });

  it("closes while a client is silent in its handshake", async () => {
    const server = await serve();
    const silent = await rawConnection(server.port);
    const begin = performance.now();
    await server.close();
    await silent.ended;
    expect(performance.now() - begin).toBeLessThan(2000);
  });

  it("refuses a certificate that cannot be used, and tells nothing of the key", async () => {
    const secret = readFileSync(key, "utf8").replaceAll("A", "B");
    const refused = listen(() => Promise.resolve(json(200, {})), {
      port: 0,
      tls: { cert: "no certificate", key: secret },
    });
    await expect(refused).rejects.toMatchObject({ code: "OPTION_INVALID" });
    await expect(refused).rejects.not.toThrowError(secret.slice(60, 90));
  });

  const mutual = () => ({ cert: readFileSync(cert), key: readFileSync(key), clientCa: readFileSync(cert) });

  it("asks clients for certificates of an authority", async () => {
    const server = await listen(() => Promise.resolve(json(200, { ok: true })), { port: 0, tls: mutual() });
    const shown = (from: string, own: string) => ({ cert: readFileSync(from), key: readFileSync(own) });
    expect(await ask(server.url, shown(cert, key))).toBe('{"ok":true}');
    await expect(ask(server.url)).rejects.toThrow();
    await expect(ask(server.url, shown(otherCert, otherKey))).rejects.toThrow();
    await server.close();
  });

  it("takes gRPC calls over TLS, also with certificates of clients", async () => {
    const live = (port: number, own?: { readonly key: Buffer; readonly cert: Buffer }): Promise<unknown> =>
      new Promise((resolve) => {
        const made = credentials.createSsl(readFileSync(cert), own?.key, own?.cert);
        const client = new Client(`127.0.0.1:${port}`, made, { "grpc.ssl_target_name_override": "localhost" });
        const bytes = (value: Buffer): Buffer => value;
        const [path, deadline] = ["/inference.GRPCInferenceService/ServerLive", Date.now() + 3000];
        client.makeUnaryRequest(path, bytes, bytes, Buffer.alloc(0), { deadline }, (error, value) => {
          client.close();
          // Field 1, true.
          resolve(error === null ? value?.toString("hex") : error.code);
        });
      });
    const handler = () => Promise.resolve(json(200, { live: true }));
    const one = await listenGrpc(handler, { port: 0, tls: { cert: readFileSync(cert), key: readFileSync(key) } });
    expect(await live(one.port)).toBe("0801");
    const both = await listenGrpc(handler, { port: 0, tls: mutual() });
    expect(await live(both.port, mutual())).toBe("0801");
    expect(await live(both.port)).toBeTypeOf("number");
    await Promise.all([one.close(), both.close()]);
    const broken = listenGrpc(handler, { port: 0, tls: { cert: "no certificate", key: readFileSync(key) } });
    await expect(broken).rejects.toMatchObject({ code: "OPTION_INVALID" });
  });
});
