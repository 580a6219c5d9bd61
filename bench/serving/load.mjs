// Sends requests over keep-alive connections, each the next when the last was answered, and prints what came of it as JSON.
// A process of its own, so that its work is no part of the server's; it never sleeps, so that to wake it is not either.
//   node load.mjs PORT PATH BODIES REQUESTS CONNECTIONS      (BODIES: a file with a JSON body a line, sent in turn)
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { setImmediate } from "node:timers";

const [port, path, file, requests, connections] = process.argv.slice(2);
const messages = readFileSync(file, "utf8")
  .trimEnd()
  .split("\n")
  .map((body) => {
    const head = `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n`;
    return Buffer.from(`${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  });

const total = Number(requests);
const milliseconds = new Float64Array(total);
let sent = 0;
let answered = 0;
let failed = 0;

/** Length of the answer that begins a buffer, or Infinity where its head is not whole yet. */
function lengthOf(bytes) {
  const end = bytes.indexOf("\r\n\r\n");
  if (end < 0) return Infinity;
  const [, length] = /\r\ncontent-length: *(\d+)/i.exec(bytes.latin1Slice(0, end)) ?? [];
  if (length === undefined) throw new Error("The answer has no content-length.");
  return end + 4 + Number(length);
}

const run = () =>
  new Promise((done, fail) => {
    let room = Buffer.alloc(64 * 1024);
    let filled = 0;
    let begun = 0;
    const next = () => {
      if (sent === total) return void socket.end(done);
      begun = performance.now();
      socket.write(messages[sent++ % messages.length]);
    };
    const read = (size, part) => {
      if (filled + size > room.length) room = Buffer.concat([room], 2 * (filled + size));
      part.copy(room, filled, 0, size);
      filled += size;
      const bytes = room.subarray(0, filled);
      if (filled < lengthOf(bytes)) return true;
      milliseconds[answered++] = performance.now() - begun;
      if (bytes.latin1Slice(9, 12) !== "200") failed++;
      filled = 0;
      next();
      return true;
    };
    const socket = connect({
      port: Number(port),
      host: "127.0.0.1",
      noDelay: true,
      onread: { buffer: Buffer.alloc(64 * 1024), callback: read },
    });
    socket.on("error", fail);
    socket.on("connect", next);
  });

let over = false;
const stayAwake = () => void (over || setImmediate(stayAwake));
stayAwake();
await Promise.all(Array.from({ length: Number(connections) }, run));
over = true;
milliseconds.sort();
const quantile = (share) => milliseconds[Math.min(total - 1, Math.floor(share * total))];
console.log(JSON.stringify({ failed, p50: quantile(0.5), p99: quantile(0.99) }));
