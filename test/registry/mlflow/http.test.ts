import { describe, expect, it } from "vitest";
import { ChurnkitError } from "../../../src/base/errors.js";
import type { MlflowRegistryOptions } from "../../../src/registry/backends/mlflow/mlflow-registry.js";
import { mlflowRegistry } from "../../../src/registry/backends/mlflow/index.js";
import type { ModelRegistry } from "../../../src/registry/registry.js";

const token = "sesame-9f3b";

const over = (
  answer: (url: URL, init: RequestInit) => Response | Promise<Response>,
  options: Partial<MlflowRegistryOptions> = {},
): ModelRegistry =>
  mlflowRegistry({
    name: "churn",
    trackingUri: "https://mlflow.example/base/",
    token,
    retries: 0,
    fetch: async (input, init = {}) => answer(new URL(input instanceof Request ? input.url : input), init),
    ...options,
  });

async function errorOf(work: Promise<unknown>): Promise<ChurnkitError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!ChurnkitError.isInstance(error)) throw new Error("no ChurnkitError was thrown", { cause: error });
  return error;
}

const refusal = (code: string, message: string, status: number, headers: Record<string, string> = {}): Response =>
  Response.json({ error_code: code, message }, { status, headers });

const noModel = (): Response => refusal("RESOURCE_DOES_NOT_EXIST", "", 404);

describe("answers of an MLflow server that are no good", () => {
  it.each([
    [401, "", /requires authentication .*401.*Give a token/],
    [403, "Permission denied", /does not allow this .*403 PERMISSION: Permission denied.*EDIT on the registered model/],
    [413, "", /does not accept a file of this size/],
    [429, "", /still refuses requests after the retries/],
    [500, "boom\nTraceback", /still failed after the retries \(GET [^)]*: 500 PERMISSION: boom\)/],
    [400, "bad filter", /refused \(GET mlflow\/[^)]*: 400 PERMISSION: bad filter\)/],
  ])("%s: %j", async (status, message, words) => {
    const error = await errorOf(over(() => refusal("PERMISSION", message, status)).list());
    expect(error.code).toBe("STORE_FAILED");
    expect(error.message).toMatch(words);
    expect(error.message).toMatch(/^MLflow at https:\/\/mlflow\.example\/base \(model churn\) /);
  });

  it("says where a redirect leads, and does not follow it", async () => {
    const asked: string[] = [];
    const answer = (url: URL): Response => {
      asked.push(url.host);
      return new Response(null, { status: 302, headers: { location: "https://elsewhere.example/login" } });
    };
    expect((await errorOf(over(answer).list())).message).toMatch(/redirects .*to https:\/\/elsewhere\.example\/login/);
    expect(new Set(asked)).toEqual(new Set(["mlflow.example"]));
  });

  it.each([
    ["a page", "<html>Sign in</html>", /is not valid JSON/],
    ["__proto__", '{"model_versions":[{"__proto__":{"x":1}}]}', /__proto__, which is not allowed/],
    ["a list where an object belongs", "[1]", /must be an object, not a list of 1 item/],
    ["a version without a number", '{"model_versions":[{"version":"x"}]}', /must be the number of a version, not "x"/],
    ["versions out of order", '{"model_versions":[{"version":"2"},{"version":"1"}]}', /is not in order of number/],
    [
      "the same page for ever",
      '{"model_versions":[{"version":"2"}],"next_page_token":"x"}',
      /is not in order of number/,
    ],
    ["bytes that are no text", new Uint8Array([0xff, 0xfe]), /is not valid JSON/],
  ])("names what is wrong: %s", async (_, body, words) => {
    const answer = (url: URL): Response => (url.pathname.endsWith("/search") ? new Response(body) : noModel());
    const error = await errorOf(over(answer).list());
    expect(error.code).toBe("STORE_FAILED");
    expect(error.message).toMatch(words);
    expect(error.message).toContain("Check that trackingUri is the address of an MLflow server");
    expect(({} as { x?: number }).x).toBeUndefined();
  });

  it("takes a 404 without MLflow's own words for another server", async () => {
    expect((await errorOf(over(() => new Response("<h1>Not Found</h1>", { status: 404 })).list())).message).toMatch(
      /was not found \(GET .*404\)\. Check that trackingUri is the address of an MLflow server/,
    );
  });

  it("stops reading where an answer has no end", async () => {
    let sent = 0;
    const endless = (): Response =>
      new Response(
        new ReadableStream({
          pull(controller) {
            sent += 2 ** 20;
            controller.enqueue(new Uint8Array(2 ** 20).fill(32));
          },
        }),
      );
    expect((await errorOf(over(endless).list())).message).toMatch(/is longer than 33554432 bytes/);
    expect(sent).toBeLessThan(2 ** 27);
  });
});

describe("a server that is slow, down or shaky", () => {
  it("names why it cannot be reached", async () => {
    const down = (): never => {
      throw new TypeError("fetch failed", { cause: Object.assign(new Error("connect"), { code: "ECONNREFUSED" }) });
    };
    expect((await errorOf(over(down).list())).message).toMatch(/could not be reached.*ECONNREFUSED.*Check trackingUri/);
  });

  it("waits no longer than it was told, for the answer and for each part of it", async () => {
    const never = (): Promise<Response> => new Promise(() => undefined);
    const stalled = (): Response =>
      new Response(new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array([123])) }));
    for (const answer of [never, stalled]) {
      const began = performance.now();
      expect((await errorOf(over(answer, { timeoutMs: 60 }).list())).message).toMatch(
        /did not answer GET .* within 60 ms/,
      );
      expect(performance.now() - began).toBeLessThan(2_000);
    }
  });

  it("tries again what may pass, as often as it was told, and nothing else", async () => {
    const tried = async (status: number, retries: number): Promise<number> => {
      let calls = 0;
      const answer = (url: URL): Response => {
        if (!url.pathname.endsWith("/search")) return noModel();
        calls++;
        return refusal("X", "", status);
      };
      await errorOf(over(answer, { retries }).list());
      return calls;
    };
    expect(await Promise.all([tried(503, 0), tried(503, 2), tried(429, 1), tried(400, 3), tried(401, 3)])).toEqual([
      1, 3, 2, 1, 1,
    ]);
  });

  it("waits as long as the server asks", async () => {
    let calls = 0;
    const answer = (url: URL): Response => {
      if (!url.pathname.endsWith("/search")) return noModel();
      return calls++ === 0 ? refusal("X", "", 429, { "retry-after": "0.4" }) : Response.json({});
    };
    const began = performance.now();
    expect(await over(answer, { retries: 1 }).list()).toEqual([]);
    expect(performance.now() - began).toBeGreaterThan(390);
  });
});

describe("secrets", () => {
  const secrets = { username: "ada", password: "correct-horse", headers: { "x-gateway-key": "gw-77aa" } };

  it("are sent, and never told, even when the server tells them back", async () => {
    const basic = btoa("ada:correct-horse");
    let sent = new Headers();
    const echo = (_: URL, init: RequestInit): Response => {
      sent = new Headers(init.headers);
      return refusal(
        "X",
        `no: ${sent.get("authorization") ?? ""} ${sent.get("x-gateway-key") ?? ""} correct-horse`,
        403,
      );
    };
    const error = await errorOf(over(echo, { token: undefined, ...secrets }).list());
    expect(sent.get("authorization")).toBe(`Basic ${basic}`);
    expect(sent.get("x-gateway-key")).toBe("gw-77aa");
    const shown = `${error.message} ${JSON.stringify(error)} ${String(error.cause)} ${error.stack ?? ""}`;
    for (const secret of [basic, "correct-horse", "gw-77aa"]) expect(shown).not.toContain(secret);
    expect(error.message).toContain("***");
    const bearer = await errorOf(
      over((_, init) => refusal("X", new Headers(init.headers).get("authorization") ?? "", 400)).list(),
    );
    expect(bearer.message).toMatch(/X: Bearer \*\*\*/);
  });

  it.each<Partial<MlflowRegistryOptions>>([
    { token: "a\nb" },
    { trackingUri: "https://ada:a\nb@mlflow.example" },
    { headers: { "bad name": "a\nb" } },
    { token: "a\nb", username: "ada", password: "a\nb" },
  ])("are not told by the error for an option: %#", (options) => {
    const make = (): ModelRegistry => over(() => Response.json({}), options);
    expect(make).toThrow(expect.objectContaining({ code: "OPTION_INVALID" }) as Error);
    expect(make).not.toThrow(/a\nb|a\\nb/);
  });
});

describe("options of mlflowRegistry", () => {
  it.each<Partial<MlflowRegistryOptions>>([
    { trackingUri: "mlflow.example" },
    { trackingUri: "databricks" },
    { trackingUri: "file:///tmp" },
    { trackingUri: "https://mlflow.example/?a=1" },
    { trackingUri: "https://ada@mlflow.example" },
    { token: undefined, username: "ada" },
    { name: "a/b" },
    { name: "it's" },
    { name: "../x" },
    { prefix: "team/" },
    { timeoutMs: 0 },
    { timeoutMs: NaN },
    { retries: -1 },
    { retries: 1.5 },
  ])("are refused: %j", (options) => {
    expect(() => over(() => Response.json({}), options)).toThrow(
      expect.objectContaining({ code: "OPTION_INVALID" }) as Error,
    );
  });

  it("put the prefix before the name there, and not here", async () => {
    const filters: (string | null)[] = [];
    const registry = over(
      (url) => {
        filters.push(url.searchParams.get("filter") ?? url.searchParams.get("name"));
        return Response.json(url.pathname.endsWith("/get") ? { registered_model: {} } : {});
      },
      { prefix: "team-a." },
    );
    expect(registry.name).toBe("churn");
    expect(await registry.list()).toEqual([]);
    expect(filters).toEqual(["name='team-a.churn' AND version_number > 0", "team-a.churn"]);
  });
});
