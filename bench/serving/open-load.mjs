// Sends requests at a rate, whether or not those before were answered, and prints what came of them as JSON.
// A process of its own. A request that finds no connection free is not sent, and counted: k6 calls it a dropped iteration.
//   node open-load.mjs PORT PATH BODIES RATE SECONDS CONNECTIONS      (BODIES: a file with a JSON body a line, sent in turn)
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { setImmediate, setTimeout } from "node:timers";

const [port, path, file, ...numbers] = process.argv.slice(2);
const [rate, seconds, connections] = numbers.map(Number);
const messages = readFileSync(file, "utf8")
  .trimEnd()
  .split("\n")
  .map((body) => {
    const head = `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n`;
    return Buffer.from(`${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  });

const accepted = [];
const refused = [];
const statuses = {};
let broken = 0;
let unsent = 0;
let arrivals = 0;
const free = [];

function take(status, milliseconds) {
  statuses[status] = (statuses[status] ?? 0) + 1;
  (status === "200" ? accepted : refused).push(milliseconds);
}

/** A connection that gives itself back when it has its answer, and is made anew when it breaks. */
function open() {
  const state = { begun: 0, busy: false, socket: undefined };
  let head = "";
  let left = 0;
  let status = "";
  const onread = (size, part) => {
    if (left === 0) {
      head += part.latin1Slice(0, size);
      const end = head.indexOf("\r\n\r\n");
      if (end < 0) return true;
      status = head.slice(9, 12);
      left = end + 4 + Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1]) - head.length;
      head = "";
    } else left -= size;
    if (left > 0) return true;
    left = 0;
    // What comes without a request is a server's word before it closes an idle connection.
    if (!state.busy) return true;
    take(status, performance.now() - state.begun);
    state.busy = false;
    free.push(state);
    return true;
  };
  return new Promise((done) => {
    const socket = connect({
      port: Number(port),
      host: "127.0.0.1",
      noDelay: true,
      onread: { buffer: Buffer.alloc(16_384), callback: onread },
    });
    state.socket = socket;
    socket.once("connect", () => {
      free.push(state);
      done();
    });
    socket.on("error", () => undefined);
    socket.once("close", () => {
      if (over) return;
      if (state.busy) broken++;
      const place = free.indexOf(state);
      if (place >= 0) free.splice(place, 1);
      open();
      done();
    });
  });
}

let over = false;
for (let i = 0; i < connections; i++) await open();
const begin = performance.now();
await new Promise((done) => {
  const turn = () => {
    const elapsed = (performance.now() - begin) / 1000;
    if (elapsed >= seconds) return done();
    for (const due = Math.floor(rate * elapsed); arrivals < due; arrivals++) {
      // The one that has been idle longest: a server closes those that are idle for long.
      const one = free.shift();
      if (one === undefined) {
        unsent++;
        continue;
      }
      one.busy = true;
      one.begun = performance.now();
      one.socket.write(messages[arrivals % messages.length]);
    }
    // At a low rate it sleeps in between, so that a long run leaves the processor to others.
    if (rate < 1000) setTimeout(turn, 1);
    else setImmediate(turn);
  };
  turn();
});
const took = (performance.now() - begin) / 1000;
const answeredInTime = accepted.length;
// What is still under way is waited for: a late answer counts in the percentiles, not in the goodput.
for (const limit = performance.now() + 10_000; free.length < connections && performance.now() < limit;)
  await new Promise((done) => setTimeout(done, 20));
over = true;
const percentile = (list, share) =>
  list.sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(share * list.length))] ?? 0;
console.log(
  JSON.stringify({
    offered: arrivals / took,
    goodput: answeredInTime / took,
    p50: percentile(accepted, 0.5),
    p99: percentile(accepted, 0.99),
    refusedP99: percentile(refused, 0.99),
    statuses,
    unsent,
    broken,
  }),
);
process.exit();
