// node:http alone: takes the body and answers a constant.
import { createServer } from "node:http";
import { ready } from "./ready.mjs";

const body = JSON.stringify({ prediction: "No", probability: 0.25, threshold: 0.5, model_version: "1" });
const server = createServer((request, response) => {
  request.resume().on("end", () => {
    response.writeHead(200, { "content-type": "application/json; charset=utf-8", "content-length": body.length });
    response.end(body);
  });
});
server.listen(0, "127.0.0.1", () => ready(server.address().port));
