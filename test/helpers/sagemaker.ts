import { createServer, request as send, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

/** Stands before moto's SageMaker. */
export interface SagemakerStub {
  readonly url: string;
  /** Forgets which packages were made and deleted. */
  reset(): void;
  stop(): Promise<void>;
}

/**
 * moto has no DeleteModelPackage, and makes a second package where AWS knows the ClientToken: this passes every call on to
 * it, but answers those itself and leaves deleted packages out of the lists that moto gives.
 *
 * @param tokens Does the service know a ClientToken again? Default true.
 */
export async function startSagemakerStub(
  moto: string,
  { tokens = true }: { readonly tokens?: boolean } = {},
): Promise<SagemakerStub> {
  const deleted = new Set<string>();
  const made = new Map<string, Promise<Answer>>();
  /** The first request with a token makes the package; the same answer is given to all. */
  const once = (token: string, make: () => Promise<Answer>): Promise<Answer> => {
    const answer = made.get(token) ?? make();
    made.set(token, answer);
    return answer;
  };
  const server = createServer((request, response) => {
    void (async () => {
      const body = await bytesOf(request);
      const target = String(request.headers["x-amz-target"] ?? "");
      const input =
        target === ""
          ? {}
          : (JSON.parse(body.toString() || "{}") as { ModelPackageName?: string; ClientToken?: string });
      const json = { "content-type": "application/x-amz-json-1.1" };
      if (input.ModelPackageName !== undefined && deleted.has(input.ModelPackageName)) {
        response.writeHead(400, json).end(
          JSON.stringify({
            __type: "ValidationException",
            message: `ModelPackage ${input.ModelPackageName} does not exist.`,
          }),
        );
        return;
      }
      if (target === "SageMaker.DeleteModelPackage") {
        deleted.add(input.ModelPackageName ?? "");
        response.writeHead(200, json).end("{}");
        return;
      }
      const pass = (): Promise<Answer> => passOn(moto, request, body);
      const { ClientToken: token } = input;
      const answer = await (tokens && token !== undefined ? once(token, pass) : pass());
      let { content } = answer;
      if (target === "SageMaker.ListModelPackages") {
        const list = JSON.parse(content.toString()) as { ModelPackageSummaryList?: { ModelPackageArn: string }[] };
        const kept = (list.ModelPackageSummaryList ?? []).filter(({ ModelPackageArn: arn }) => !deleted.has(arn));
        if (list.ModelPackageSummaryList !== undefined)
          content = Buffer.from(JSON.stringify({ ...list, ModelPackageSummaryList: kept }));
      }
      response.writeHead(answer.status, { ...answer.headers, "content-length": content.length }).end(content);
    })().catch(() => response.destroy());
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    reset() {
      deleted.clear();
      made.clear();
    },
    stop: () => new Promise((done) => server.close(() => done()).closeAllConnections()),
  };
}

async function bytesOf(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly content: Buffer;
}

function passOn(to: string, { method, url, headers }: IncomingMessage, body: Buffer): Promise<Answer> {
  return new Promise((done, fail) => {
    const passed = send(new URL(url ?? "/", to), { method, headers }, (answer) => {
      bytesOf(answer).then(
        (content) => done({ status: answer.statusCode ?? 500, headers: answer.headers, content }),
        fail,
      );
    });
    passed.on("error", fail).end(body);
  });
}
