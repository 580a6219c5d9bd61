// Speed of the file registry, on a folder: resolving an alias and listing with 10,000 versions, registering a bundle of
// about 1 MB, beside what the same files take to be written and synced without a registry. Medians.
// node bench/registry.mjs [--versions 10000] [--runs 15]
import { createHash } from "node:crypto";
import { mkdtempSync, openSync, writeSync, fsyncSync, closeSync, mkdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: { versions: { type: "string", default: "10000" }, runs: { type: "string", default: "15" } },
});
const [count, runs] = [Number(values.versions), Number(values.runs)];
const entry = (name) => new URL(`../dist/${name}.js`, import.meta.url).href;
const { defineFeatures, syntheticContract, syntheticCustomers, tableFromRecords } = await import(entry("data"));
const { churnNetwork, logistic, toBundleFiles, train } = await import(entry("model"));
const { filesStore } = await import(entry("io"));
const { storeRegistry } = await import(entry("registry"));

const scratch = mkdtempSync(join(tmpdir(), "churnkit-bench-"));
const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
async function timed(name, task) {
  const times = [];
  for (let run = -2; run < runs; run++) {
    const started = performance.now();
    await task(run + 2);
    if (run >= 0) times.push(performance.now() - started);
  }
  const middle = median(times);
  console.log(
    `${name.padEnd(60)} ${middle.toFixed(1).padStart(7)} ms  (${Math.min(...times).toFixed(1)} to ${Math.max(...times).toFixed(1)})`,
  );
  return middle;
}

try {
  const table = tableFromRecords(syntheticContract, syntheticCustomers({ rows: 2000 }).records);
  const features = defineFeatures(syntheticContract);
  const { artifact: network } = await train(features, table, { learner: churnNetwork({ epochs: 1 }) });
  const { artifact: small } = await train(features, table, { learner: logistic() });
  const variant = (artifact, i) => ({ ...artifact, decision: { threshold: i / 1e6, rule: "given" } });
  const size = (files) => [...files.values()].reduce((sum, bytes) => sum + bytes.length, 0);
  console.log(
    `Node ${process.version}, bundle of ${(size(await toBundleFiles(network)) / 1024).toFixed(0)} KB, medians of ${runs} runs`,
  );

  const bundles = await Promise.all(Array.from({ length: runs + 2 }, (_, i) => toBundleFiles(variant(network, i))));
  const alone = await timed("the bundle's files written and synced, no registry", (i) => {
    for (const [path, bytes] of bundles[i]) {
      const file = join(scratch, "plain", String(i), path);
      mkdirSync(dirname(file), { recursive: true });
      const handle = openSync(file, "w");
      writeSync(handle, bytes);
      fsyncSync(handle);
      closeSync(handle);
    }
  });
  const fresh = storeRegistry(filesStore(join(scratch, "fresh")), { name: "churn" });
  const registered = await timed("register it", (i) => fresh.register(bundles[i]));
  console.log(`${"  times the files alone".padEnd(60)} ${(registered / alone).toFixed(1).padStart(7)}`);

  const large = storeRegistry(filesStore(join(scratch, "large")), { name: "churn" });
  // The first few are registered; the others are copies of them in the index, since only its length matters here.
  await Promise.all(Array.from({ length: 3 }, (_, i) => large.register(variant(small, i))));
  await fillIndex(join(scratch, "large", "churn", "index.json"), count);
  await large.promote(3, "champion");
  await timed(`${count} versions: resolve an alias`, () => large.get("champion"));
  await timed(`${count} versions: list the newest 100`, () => large.list());
  await timed(`${count} versions: promote`, (i) => large.promote((i % 3) + 1, "champion"));
  await timed(`${count} versions: register the bundle`, (i) => large.register(bundles[i]));
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

async function fillIndex(file, length) {
  const { readFile, writeFile } = await import("node:fs/promises");
  const index = JSON.parse(await readFile(file, "utf8"));
  const [, , third] = index.versions;
  const record = await readFile(join(dirname(file), "versions", `000003-${third.record}.json`), "utf8");
  while (index.versions.length < length) {
    const number = index.versions.length + 1;
    const hash = createHash("sha256").update(record).digest("hex");
    if (number > length - 200)
      await writeFile(join(dirname(file), "versions", `${String(number).padStart(6, "0")}-${hash}.json`), record);
    index.versions.push({ ...third, number, record: hash });
  }
  index.next = length + 1;
  await writeFile(file, JSON.stringify(index));
}
