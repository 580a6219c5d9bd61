// node:http with the scorer and nothing else: what a hand-written entry costs.
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { openBundle } from "churnkit/score";
import { ready } from "./ready.mjs";

const { scorer } = await openBundle((path) => readFile(`${process.argv[2]}/${path}`));
const server = createServer((request, response) => {
  let body;
  request.on("data", (chunk) => (body = body === undefined ? chunk : Buffer.concat([body, chunk])));
  request.on("end", () => {
    const { probability, label, issues } = scorer.scoreRecord(JSON.parse(body.toString()));
    const answer = JSON.stringify({ prediction: label, probability, issues });
    response.writeHead(probability === null ? 422 : 200, {
      "content-type": "application/json; charset=utf-8",
      "content-length": Buffer.byteLength(answer),
    });
    response.end(answer);
  });
});
server.listen(0, "127.0.0.1", () => ready(server.address().port));
