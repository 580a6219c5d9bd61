// Fastify as it comes: parses the body and answers a constant.
import Fastify from "fastify";
import { ready } from "./ready.mjs";

const answer = { prediction: "No", probability: 0.25, threshold: 0.5, model_version: "1" };
const server = Fastify();
server.post("/predict", () => answer);
await server.listen({ port: 0, host: "127.0.0.1" });
ready(server.server.address().port);
