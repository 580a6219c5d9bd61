// What it costs to refuse a batch of 10,000 broken records, as a multiple of parsing it (decoding, JSON.parse, one pass over
// the keys), in processor time; and what a good request beside a flood of such batches waits, as a multiple of waiting alone.
import { defineFeatures, syntheticContract, syntheticCustomers, tableFromRecords } from "../dist/data.js";
import { churnNetwork, train } from "../dist/model.js";
import { createHandler } from "../dist/serving.js";

const records = 10_000;
const { records: customers } = syntheticCustomers({ rows: 600, seed: 1 });
const { scorer } = await train(defineFeatures(syntheticContract), tableFromRecords(syntheticContract, customers), {
  learner: churnNetwork({ members: 2, epochs: 2 }),
  baseline: false,
  seed: 1,
});
const handler = createHandler({ scorer, name: "churn", version: "1", source: "bench" });
const encode = (value) => Buffer.from(JSON.stringify(value));
const good = encode(Object.fromEntries(Object.entries(customers[0]).filter(([name]) => name !== "churn")));
const list = (make) => encode(Array.from({ length: records }, (_, i) => make(i)));
const bodies = {
  "numbers (20 KB)": list(() => 0),
  "empty objects (30 KB)": list(() => ({})),
  "an unknown key": list((i) => ({ [`k${i % 7}`]: i })),
  "a label that is none": list((i) => ({ ...customers[i % 600], region: `Nowhere ${i}` })),
  "a number that is none": list((i) => ({ ...customers[i % 600], age: `old${i}` })),
};

function parseAndPass(body) {
  let keys = 0;
  for (const record of JSON.parse(body.toString("utf8"))) {
    if (typeof record === "object" && record !== null)
      for (const key of Object.keys(record)) if (record[key] !== null) keys++;
  }
  return keys;
}
const post = (path, body) => handler({ method: "POST", path, query: "", headers: {}, body: () => body });

async function milliseconds(work, runs) {
  const { user } = process.cpuUsage();
  for (let run = 0; run < runs; run++) await work();
  return (process.cpuUsage().user - user) / 1000 / runs;
}
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

for (const [name, body] of Object.entries(bodies)) {
  const ratios = [];
  let size = 0;
  for (let round = 0; round < 9; round++) {
    const parsed = await milliseconds(() => parseAndPass(body), 20);
    const refused = await milliseconds(async () => (size = (await post("/batch-predict", body)).body.length), 20);
    if (round > 1) ratios.push(refused / parsed);
  }
  console.log(`${name}: refused at ${median(ratios).toFixed(2)} times parsing; answer of ${size} characters`);
}

/** The median of the milliseconds that good requests took, beside so many callers who send one broken batch after the other. */
async function latency(count, callers) {
  let over = false;
  const flood = Array.from({ length: callers }, async () => {
    while (!over) await post("/batch-predict", bodies["empty objects (30 KB)"]);
  });
  const taken = [];
  for (let i = 0; i < count; i++) {
    const due = performance.now() + 5;
    await new Promise((resolve) => setTimeout(resolve, 5));
    await post("/predict", good);
    taken.push(performance.now() - due);
  }
  over = true;
  await Promise.all(flood);
  return median(taken);
}
await latency(50, 0);
const alone = await latency(200, 0);
console.log(
  `a good request: ${alone.toFixed(2)} ms alone, ${(await latency(200, 4)).toFixed(2)} ms beside four callers who flood`,
);
