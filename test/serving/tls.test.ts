import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { json } from "../../src/serving/http.js";
import { listen } from "../../src/serving/index.js";
import { rawConnection } from "./raw.js";

const folder = mkdtempSync(join(tmpdir(), "churnkit-tls-"));
const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
const made = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost -addext";

describe("a server with a certificate", () => {
  beforeAll(() => {
    const names = ["subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", cert];
    execFileSync("openssl", [...made.split(" "), ...names], { stdio: "ignore" });
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  const serve = () =>
    listen(() => Promise.resolve(json(200, { ok: true })), {
      port: 0,
      tls: { cert: readFileSync(cert), key: readFileSync(key) },
    });
  const ask = (url: string): Promise<string> =>
    new Promise((resolve, reject) => {
      request(url, { ca: readFileSync(cert) }, (response) => {
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
});
