import {
  chmodSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { textHash } from "../../src/base/hash.js";
import { memoryStore } from "../../src/io/store/memory-store.js";
import type { ObjectStore } from "../../src/io/store/object-store.js";
import {
  createMonitor,
  eraseCustomers,
  parseMonitorState,
  type Monitor,
  type MonitorOptions,
} from "../../src/monitor/index.js";
import { editOf } from "../../src/monitor/erasure/edit.js";
import { filePlace } from "../../src/monitor/erasure/file-place.js";
import { givenMatcher } from "../../src/monitor/erasure/matcher.js";
import { ownerReader } from "../../src/monitor/erasure/owners.js";
import { hours } from "../../src/monitor/performance/labeled/join.js";
import { sampleContract } from "../helpers/artifact.js";
import { budget } from "../helpers/budget.js";
import { bundleScript, start as startChild } from "../helpers/child.js";
import { newFolder } from "../helpers/folder.js";
import { customers, labelRules, predictionsOf, start, watchedModel, type Watched } from "./watched.js";

const monitorOf = ({ baseline, explainer }: Watched, options: MonitorOptions = {}): Monitor =>
  createMonitor(baseline, { explainer, labels: labelRules, ...options });
const at = "2026-02-01T13:05:00.000Z";
const captured = (id: string | number | null, i: number, record: object = { customer: id, tenure: i }): string =>
  `${JSON.stringify({ id, predictionId: `p${i}`, at, record, probability: 0.4, label: "No", version: "1" })}\n`;
const label = (more: object): string => `${JSON.stringify({ ...more, outcome: 1 })}\n`;
const contract = sampleContract;

/** Writes files, erases, and gives what is in them afterward. */
async function erase(
  files: Record<string, string | Uint8Array>,
  ids: readonly (string | number | bigint)[],
  more: Partial<Parameters<typeof eraseCustomers>[0]> = {},
) {
  const folder = newFolder();
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const report = await eraseCustomers({ ids, files: [folder], contract, ...more });
  const text = (name: string): string => readFileSync(join(folder, name), "utf8");
  /** Lines that are not blank. */
  const lines = (name: string): string =>
    text(name)
      .split("\n")
      .filter((line) => line.trim() !== "")
      .map((line) => `${line}\n`)
      .join("");
  const found = Object.fromEntries(report.found.map(({ object, counts }) => [object.slice(folder.length + 1), counts]));
  return { folder, report, found, text, lines };
}

describe("erasing a customer", () => {
  const others = captured("c2", 2) + captured("c3", 3);

  it("takes predictions, and what is known by their ids alone, from lines of JSON", async () => {
    const exposure = (i: number, key: string, by = "customer"): string =>
      `${JSON.stringify({ at, predictionId: `p${i}`, model: "m", variant: "a", version: "1", by, key, probability: 0.4, label: "No" })}\n`;
    const { report, found, lines } = await erase(
      {
        "captured.jsonl": captured("c1", 1) + others,
        "captured.jsonl.1": captured("c1", 11) + captured("c4", 4),
        "more.ndjson": captured(null, 12, { customer: "c1" }) + captured(null, 5, { customer: "c5" }),
        // By the customer, by a prediction of theirs, by both, and of others.
        "labels.jsonl":
          label({ id: "c1" }) +
          label({ prediction_id: "p11" }) +
          label({ id: "p1" }) +
          label({ id: "c2", prediction_id: "p2" }),
        "exposures.jsonl": exposure(1, "c1") + exposure(99, "c1") + exposure(98, "c1", "plan") + exposure(2, "c2"),
      },
      ["c1"],
    );
    expect(report.left).toEqual([]);
    expect(found).toEqual({
      "captured.jsonl": { predictions: 1 },
      "captured.jsonl.1": { predictions: 1 },
      "more.ndjson": { predictions: 1 },
      "labels.jsonl": { labels: 3 },
      "exposures.jsonl": { exposures: 2 },
    });
    expect(lines("captured.jsonl")).toBe(others);
    expect(lines("captured.jsonl.1")).toBe(captured("c4", 4));
    expect(lines("more.ndjson")).toBe(captured(null, 5, { customer: "c5" }));
    expect(lines("labels.jsonl")).toBe(label({ id: "c2", prediction_id: "p2" }));
    expect(lines("exposures.jsonl")).toBe(exposure(98, "c1", "plan") + exposure(2, "c2"));
  });

  it("takes a prediction by its own id, and leaves others' of an id that was used twice", async () => {
    const shared = captured("c1", 7) + captured("c2", 7);
    const { lines } = await erase({ "a.jsonl": shared }, ["c1"]);
    expect(lines("a.jsonl")).toBe(captured("c2", 7));
    const own = await erase({ "a.jsonl": captured("c1", 1) + captured("c1", 2) }, ["p1"]);
    expect(own.lines("a.jsonl")).toBe(captured("c1", 2));
  });

  it("compares ids exactly: numbers above 2^53, numbers and texts, and texts that look alike", async () => {
    const raw = (id: string, i: number): string =>
      `{"id":${id},"at":"${at}","record":{"customer":${id},"tenure":${i}}}\n`;
    // As a server writes it: the id exactly, the record rounded.
    const served = (id: string): string =>
      `{"id":"${id}","predictionId":"p-${id}","at":"${at}","record":{"customer":9007199254740992}}\n`;
    const labels = `{"customer":9007199254740993,"outcome":1}\n{"customer":9007199254740992,"outcome":1}\n`;
    const files = {
      "a.jsonl":
        raw("9007199254740993", 1) +
        raw("9007199254740992", 2) +
        raw("17", 3) +
        raw('"17"', 4) +
        raw('"017"', 5) +
        raw('"17.0"', 6),
      "b.jsonl": served("9007199254740993") + served("9007199254740992"),
      "c.jsonl": labels,
    };
    for (const big of ["9007199254740993", 9007199254740993n]) {
      const { lines } = await erase(files, [big, 17]);
      expect(lines("a.jsonl")).toBe(raw("9007199254740992", 2) + raw('"017"', 5) + raw('"17.0"', 6));
      expect(lines("b.jsonl")).toBe(served("9007199254740992"));
      expect(lines("c.jsonl")).toBe(labels.slice(labels.indexOf("\n") + 1));
    }
  });

  it("keeps the size of lines of JSON, and changes nothing the second time or in a dry run", async () => {
    const content = captured("c1", 1) + others + captured("c1", 4).trimEnd();
    const dry = await erase({ "a.jsonl": content, "l.csv": "id,outcome\nc1,1\n" }, ["c1"], { dryRun: true });
    expect(dry.found).toEqual({ "a.jsonl": { predictions: 2 }, "l.csv": { rows: 1 } });
    expect(dry.text("a.jsonl")).toBe(content);
    const { folder, text } = await erase({ "a.jsonl": content }, ["c1"]);
    const after = text("a.jsonl");
    expect([after.length, after.includes("c1")]).toEqual([content.length, false]);
    const again = await eraseCustomers({ ids: ["c1"], files: [folder], contract });
    expect([again.found, again.left, text("a.jsonl")]).toEqual([[], [], after]);
  });

  it.each(["C-17", "a/b", "x.*+?^${}()|[]\\y", 'say "hi"', "Zoë 1", "🙂", "c1#2"])(
    "takes %s, in whole lines and broken ones",
    async (id) => {
      const broken = `{"id":"x","note":"${id}`;
      const { lines, report } = await erase({ "a.jsonl": `${captured(id, 1)}${broken}\n${others}` }, [id]);
      expect([lines("a.jsonl"), report.left]).toEqual([others, []]);
    },
  );

  it("looks for many ids at once in what it cannot read", async () => {
    const ids = Array.from({ length: 20_000 }, (_, i) => textHash(String(i)).slice(0, 20));
    const others = `${textHash("nobody").slice(0, 20)} met x${ids[7] ?? ""} `.repeat(10);
    const lines = Array.from({ length: 3_000 }, (_, i) => `${i},${others}\n`);
    const files = {
      "a.csv": `tenure,note\n${lines.join("")}`,
      "b.csv": `tenure,note\n${lines.join("")}1,"${ids[7]}"\n`,
    };
    const { report, folder } = await erase(files, ids);
    expect(report.left.map(({ object }) => object)).toEqual([join(folder, "b.csv")]);
  });

  it("finishes lines that a kill left half blank or cut short, and leaves others' broken lines", async () => {
    const torn = captured("c1", 1);
    const { lines, found } = await erase(
      { "a.jsonl": `${" ".repeat(50)}${torn.slice(50)}${captured("c2", 2)}${torn.slice(0, 40)}\n{"id":"c7","at` },
      ["c1"],
    );
    expect(found).toEqual({ "a.jsonl": { broken: 2 } });
    expect(lines("a.jsonl")).toBe(`${captured("c2", 2)}{"id":"c7","at\n`);
  });

  it("takes rows from CSV, by columns of ids, with quoted line ends and other delimiters", async () => {
    const { text, found } = await erase(
      {
        "labels.csv": 'id,outcome,note\nc1,1,a\nc2,0,"two\nlines, of c1"\n"c1",0,"more\nlines"\np1,1,x\n',
        "german.csv": "customer;prediction_id;outcome\nc1;p8;1\nc2;p9;0",
        "none.csv": "tenure,plan\n1,basic\n",
        "captured.jsonl": captured("c1", 1),
      },
      ["c1"],
    );
    expect(found).toMatchObject({ "labels.csv": { rows: 3 }, "german.csv": { rows: 1 } });
    expect(text("labels.csv")).toBe('id,outcome,note\nc2,0,"two\nlines, of c1"\n');
    expect(text("german.csv")).toBe("customer;prediction_id;outcome\nc2;p9;0");
    expect(text("none.csv")).toBe("tenure,plan\n1,basic\n");
  });

  it("reads and writes gzip", async () => {
    const { folder, found } = await erase({ "a.jsonl.gz": gzipSync(captured("c1", 1) + others) }, ["c1"]);
    expect(found).toEqual({ "a.jsonl.gz": { predictions: 1 } });
    expect(gunzipSync(readFileSync(join(folder, "a.jsonl.gz"))).toString()).toBe(others);
  });

  it("says what it cannot erase, and erases the rest", async () => {
    const { report, folder } = await erase(
      {
        "report.json": '{\n  "unjoined": { "label": "c1" }\n}\n',
        "damaged.jsonl.gz": gzipSync(captured("c1", 1)).subarray(0, 60),
        "utf16.csv": Buffer.from("\uFEFFid,outcome\nc1,1\n", "utf16le"),
        "other.json": '{\n  "unjoined": { "label": "c12" }\n}\n',
        "a.jsonl": captured("c1", 2),
      },
      ["c1"],
    );
    expect(report.left.map(({ object }) => object.slice(folder.length + 1))).toEqual([
      "damaged.jsonl.gz",
      "report.json",
      "utf16.csv",
    ]);
    expect(report.found).toHaveLength(1);
  });

  it("keeps what says whose predictions are whose, until what is known by their ids alone is gone", async () => {
    const store = memoryStore();
    const put = (key: string, text: string) => store.put(key, new TextEncoder().encode(text));
    await put("a.jsonl", captured("c1", 1));
    await put("labels.jsonl", label({ prediction_id: "p1" }));
    let down = true;
    const failing: ObjectStore = {
      ...store,
      put: (key, ...rest) =>
        down && key === "labels.jsonl" ? Promise.reject(new Error("down")) : store.put(key, ...rest),
    };
    const run = () => eraseCustomers({ ids: ["c1"], stores: [{ store: failing, prefix: "" }] });
    expect((await run()).left).toMatchObject([{ object: "labels.jsonl" }, { object: "all other objects" }]);
    down = false;
    expect(await run()).toMatchObject({ left: [], found: [{ object: "labels.jsonl" }, { object: "a.jsonl" }] });
  });

  it.skipIf(process.getuid?.() === 0)("needs no right to write where there is nothing to change", async () => {
    const { folder } = await erase({ "a.jsonl": others, "b.jsonl": others }, ["c1"]);
    chmodSync(join(folder, "a.jsonl"), 0o400);
    writeFileSync(join(folder, "b.jsonl"), captured("c1", 1));
    expect(await eraseCustomers({ ids: ["c1"], files: [folder], contract })).toMatchObject({ left: [], found: [{}] });
  });

  it("refuses what is no id, and a place that is not there", async () => {
    for (const ids of [[], [""], [2 ** 53], ["x".repeat(513)]])
      await expect(eraseCustomers({ ids })).rejects.toMatchObject({ code: "OPTION_INVALID" });
    await expect(eraseCustomers({ ids: ["a"], files: ["/none/here"] })).rejects.toMatchObject({
      code: "INPUT_NOT_FOUND",
    });
  });
});

describe("erasing a customer from SageMaker's captures", () => {
  const event = (eventId: string, input: object, inferenceId?: string): string =>
    `${JSON.stringify({
      captureData: { endpointInput: { mode: "INPUT", ...input }, endpointOutput: { data: "0.2", encoding: "CSV" } },
      eventMetadata: { eventId, ...(inferenceId === undefined ? {} : { inferenceId }), inferenceTime: at },
      eventVersion: "0",
    })}\n`;
  const csv = (data: string, encoding = "CSV"): object => ({ observedContentType: "text/csv", data, encoding });
  const json = (value: unknown): object => ({
    observedContentType: "application/json",
    data: JSON.stringify(value),
    encoding: "JSON",
  });
  const truth = (eventId: string, data: string): string =>
    `${JSON.stringify({ groundTruthData: { data, encoding: "CSV" }, eventMetadata: { eventId }, eventVersion: "0" })}\n`;
  const header = "customer,tenure,plan\n";

  it("by the contract's column in every form of a request, by event and by inference id", async () => {
    const kept =
      event("k1", csv(`${header}c2,1,basic\n`)) +
      event("k2", json({ records: [{ customer: "c2" }] })) +
      event("k3", csv("unreadable,c10"));
    const { report, found, lines } = await erase(
      {
        "a.jsonl":
          event("e1", csv(`${header}c1,1,basic\n`)) +
          event("e2", csv(Buffer.from(`${header}c2,1,basic\nc1,2,plus\n`).toString("base64"), "BASE64")) +
          event(
            "e3",
            json({
              dataframe_split: {
                columns: ["customer", "tenure"],
                data: [
                  ["c3", 1],
                  ["c4", 1],
                  ["c1", 2],
                ],
              },
            }),
          ) +
          event("e4", json({ customer: ["c1"], tenure: [4] })) +
          event("e5", csv("5,basic"), "c1") +
          event("e6", csv("unreadable,c1")) +
          kept,
        "truth.jsonl":
          truth("e1", "1") + truth("e3", "0,0,1") + truth("k1", "1") + label({ id: "e2#1" }) + label({ id: "e2" }),
      },
      ["c1"],
    );
    expect(report.left).toEqual([]);
    expect(report.found.find(({ object }) => object.endsWith("a.jsonl"))?.others).toBe(3);
    expect(found).toEqual({ "a.jsonl": { predictions: 6 }, "truth.jsonl": { labels: 3 } });
    expect(lines("a.jsonl")).toBe(kept);
    expect(lines("truth.jsonl")).toBe(truth("k1", "1") + label({ id: "e2" }));
  });

  it("by a number that JSON rounds, inside a request", async () => {
    const of = (id: string, eventId: string): string =>
      event(eventId, {
        observedContentType: "application/json",
        data: `{"customer":${id},"tenure":1}`,
        encoding: "JSON",
      });
    const { lines } = await erase({ "a.jsonl": of("9007199254740993", "a") + of("9007199254740992", "b") }, [
      "9007199254740993",
    ]);
    expect(lines("a.jsonl")).toBe(of("9007199254740992", "b"));
  });

  it("says that requests were not searched without a contract", async () => {
    const content = event("e1", csv(`${header}c1,1,basic\n`)) + event("e2", csv("1"), "c1");
    const { report, lines } = await erase({ "a.jsonl": content }, ["c1"], { contract: undefined });
    expect(lines("a.jsonl")).toBe(event("e1", csv(`${header}c1,1,basic\n`)));
    expect(report.left).toMatchObject([{ why: expect.stringContaining("give the model's contract") as string }]);
  });
});

describe("erasing a customer from a monitor's state", () => {
  it("takes the samples, keeps the counts, and gives a state that goes on", async () => {
    const watched = await watchedModel();
    const monitor = monitorOf(watched);
    const some = predictionsOf(watched, customers(60));
    for (const { record, probability, id, at: time } of some) monitor.add(record, probability, { at: time, id });
    monitor.addLabels(some.map(({ id }, i) => ({ id, outcome: i % 2 === 0 ? 1 : 0 })));
    // One period is closed, so that its rows are in the history.
    monitor.advance(start + hours(2));
    const before = monitor.snapshot();
    const { text, found, report } = await erase(
      { "state.json": JSON.stringify(before), "pretty.json": JSON.stringify(before, null, 2) },
      ["p7", "p50"],
    );
    expect(report.left).toEqual([]);
    // Each in the predictions, the labels and the explained rows of one period or two windows of the history.
    expect(found["state.json"]?.state).toBeGreaterThanOrEqual(6);
    expect(found["pretty.json"]).toEqual(found["state.json"]);
    expect(JSON.stringify(before)).toMatch(/ p7"/);
    for (const name of ["state.json", "pretty.json"]) expect(text(name)).not.toMatch(/\bp(7|50)"/);
    const state = parseMonitorState(JSON.parse(text("state.json")));
    expect(state.predictions).toHaveLength(58);
    expect(state.labels).toHaveLength(58);
    expect(state.periods.map(({ tally }) => tally.rows)).toEqual(before.periods.map(({ tally }) => tally.rows));
    const goesOn = monitorOf(watched, { state });
    expect(goesOn.advance(start + hours(5)).rows).toEqual(monitor.advance(start + hours(5)).rows);
  });

  it("says that it cannot read a state that holds the customer", async () => {
    const broken = { format: 9, settings: {}, periods: [], predictions: [{ id: "c1" }], labels: [] };
    const { report } = await erase({ "state.json": JSON.stringify(broken) }, ["c1"]);
    expect(report.left).toHaveLength(1);
  });
});

describe("erasing from stores", () => {
  const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
  const textIn = async (store: ObjectStore, key: string): Promise<string> =>
    new TextDecoder().decode((await store.get(key))?.bytes);

  it("repeats an erasure that another writer came before, and loses nothing of either", async () => {
    const store = memoryStore();
    await store.put("labels/a.jsonl", bytesOf(label({ id: "c1" }) + label({ id: "c2" })));
    let rivals = 3;
    const contested: ObjectStore = {
      ...store,
      async get(key) {
        const found = await store.get(key);
        if (rivals-- > 0)
          await store.put(
            key,
            bytesOf((await textIn(store, key)) + label({ id: rivals === 1 ? "c1" : `c${rivals + 10}` })),
          );
        return found;
      },
    };
    const { left } = await eraseCustomers({ ids: ["c1"], stores: [{ store: contested, prefix: "labels/" }] });
    expect(left).toEqual([]);
    expect(await textIn(store, "labels/a.jsonl")).toBe(
      label({ id: "c2" }) + label({ id: "c12" }) + label({ id: "c10" }),
    );
  });

  it("visits what comes meanwhile, and asks for everything twice at the most where nothing is found", async () => {
    const store = memoryStore();
    await store.put("a.jsonl", bytesOf(label({ id: "c2" })));
    let lists = 0;
    const moving: ObjectStore = {
      ...store,
      list: (prefix) => (lists++, store.list(prefix)),
      async get(key) {
        if (key === "a.jsonl") await store.put("a.jsonl.1", bytesOf(label({ id: "c1" })));
        return store.get(key);
      },
    };
    const none = { ids: ["c9"], stores: [{ store: moving, prefix: "a" }] };
    expect(await eraseCustomers(none)).toMatchObject({ objects: 2, found: [] });
    expect(lists).toBe(3);
    const { found } = await eraseCustomers({ ...none, ids: ["c1"], dryRun: true });
    expect(found).toMatchObject([{ object: "a.jsonl.1" }]);
  });

  it("takes what a prefix and a name say, whatever a named object is called", async () => {
    const store = memoryStore();
    for (const key of ["a/x.jsonl", "a/x.bin", "b/one.log", "b/two.log"])
      await store.put(key, bytesOf(captured("c1", 1)));
    const { found } = await eraseCustomers({ ids: ["c1"], stores: [{ store, prefix: ["a/", "b/one.log"] }] });
    expect(found.map(({ object }) => object)).toEqual(["a/x.jsonl", "b/one.log"]);
    expect(await textIn(store, "a/x.jsonl")).toBe("");
  });
});

describe("a file that changes while it is erased from", () => {
  const rules = { matcher: givenMatcher(["c1"]), ownersIn: ownerReader(undefined), customerColumns: [] };
  const own = captured("c1", 1);
  const others = captured("c2", 2) + captured("c3", 3);

  it.each([
    ["emptied and begun again", (path: string) => writeFileSync(path, others + own + others)],
    ["shortened", (path: string) => writeFileSync(path, "")],
    [
      "moved aside",
      (path: string) => {
        renameSync(path, `${path}.1`);
        writeFileSync(path, others + own + others);
      },
    ],
  ])("is read again where it was %s, and no line of another is lost", async (_, change) => {
    const folder = newFolder();
    const path = join(folder, "captured.jsonl");
    writeFileSync(path, own + own + own);
    let changed = false;
    await filePlace(folder).visit(
      path,
      (bytes) => {
        if (!changed) change(path);
        changed = true;
        return editOf(bytes, rules);
      },
      true,
    );
    const text = readFileSync(path, "utf8");
    expect(text.replace(/^ +\n/m, "")).toBe(text === "" ? "" : others + others);
  });

  it("is found whatever name it is moved to: files come in the order in which they are moved aside", async () => {
    const folder = newFolder();
    const elsewhere = join(newFolder(), "linked.jsonl");
    for (const name of ["c.jsonl", "c.jsonl.10", "c.jsonl.9", "c.jsonl.1"]) writeFileSync(join(folder, name), own);
    writeFileSync(elsewhere, own + others);
    symlinkSync(elsewhere, join(folder, "d.jsonl"));
    symlinkSync("nowhere", join(folder, "e.jsonl"));
    const names = (await filePlace(folder).list()).map((path) => basename(path));
    expect(names).toEqual(["c.jsonl", "c.jsonl.1", "c.jsonl.9", "c.jsonl.10", "d.jsonl", "e.jsonl"]);
    expect(await eraseCustomers({ ids: ["c1"], files: [folder] })).toMatchObject({ objects: 5, left: [] });
    expect(readFileSync(elsewhere, "utf8").trimStart()).toBe(others);
  });
});

describe("erasing beside others", () => {
  let child: Awaited<ReturnType<typeof bundleScript>>;
  beforeAll(async () => {
    child = await bundleScript(join(import.meta.dirname, "erase-child.ts"));
  });
  afterAll(() => child.remove());
  const linesOf = (folder: string): string[] =>
    readdirSync(folder)
      .flatMap((name) => readFileSync(join(folder, name), "utf8").split("\n"))
      .filter((line) => line.trim() !== "");

  it("costs a server that captures and rotates no line of another customer", async () => {
    const folder = newFolder();
    const { child: server, ended } = startChild(child.script, ["append", join(folder, "captured.jsonl"), "900"]);
    await new Promise((resolve) => server.stdout?.once("data", resolve));
    let erased = 0;
    while (server.exitCode === null) {
      const { found } = await eraseCustomers({ ids: ["c0"], files: [folder] });
      for (const { counts } of found) erased += counts.predictions ?? 0;
    }
    expect((await ended).code).toBe(0);
    const { left } = await eraseCustomers({ ids: ["c0"], files: [folder] });
    expect(left).toEqual([]);
    const ids = linesOf(folder).map((line) => (JSON.parse(line) as { id: string }).id);
    const expected = Array.from({ length: 900 }, (_, i) => i).filter((i) => i % 3 !== 0);
    expect(ids.sort()).toEqual(expected.map((i) => `c${i}`).sort());
    expect(erased).toBeGreaterThan(10);
    expect(readdirSync(folder).length).toBeGreaterThan(20);
  }, 30_000);

  it("leaves what can be read after a kill at any moment, and a second run finishes", async () => {
    let killedAmid = 0;
    for (let round = 0; round < budget(4); round++) {
      const folder = newFolder();
      const others = Array.from({ length: 1500 }, (_, i) => captured(`c${i + 1}`, i + 1));
      for (const name of ["a.jsonl", "b.jsonl.1"])
        writeFileSync(
          join(folder, name),
          others.map((line, i) => line + captured("c0", (name === "a.jsonl" ? 10_000 : 30_000) + i)).join(""),
        );
      writeFileSync(
        join(folder, "labels.csv"),
        `id,outcome\n${others.map((_, i) => `c${i + 1},1\np${10_000 + i},0\n`).join("")}`,
      );
      mkdirSync(join(folder, "gz"));
      writeFileSync(
        join(folder, "gz/c.jsonl.gz"),
        gzipSync(others.map((line, i) => line + captured("c0", 20_000 + i)).join("")),
      );
      const { child: eraser, ended } = startChild(child.script, ["erase", folder, "c0"]);
      // Killed a little after it has begun to write: the labels by predictions' ids first, then the captures.
      const watched = join(folder, round % 2 === 0 ? "a.jsonl" : "labels.csv");
      const { mtimeMs } = statSync(watched);
      while (eraser.exitCode === null && statSync(watched).mtimeMs === mtimeMs)
        await new Promise((resolve) => setTimeout(resolve, 1));
      await new Promise((resolve) => setTimeout(resolve, round));
      eraser.kill("SIGKILL");
      await ended;
      const holds = (name: string): boolean => readFileSync(join(folder, name), "utf8").includes('"c0"');
      killedAmid += holds("b.jsonl.1") ? 1 : 0;
      for (const name of ["a.jsonl", "b.jsonl.1"])
        for (const line of readFileSync(join(folder, name), "utf8").split("\n"))
          if (line.trim() !== "" && !line.startsWith(" ")) JSON.parse(line);
      expect(gunzipSync(readFileSync(join(folder, "gz/c.jsonl.gz"))).length).toBeGreaterThan(0);
      expect((await eraseCustomers({ ids: ["c0"], files: [folder] })).left).toEqual([]);
      expect(readFileSync(join(folder, "labels.csv"), "utf8")).toBe(
        `id,outcome\n${others.map((_, i) => `c${i + 1},1\n`).join("")}`,
      );
      expect(gunzipSync(readFileSync(join(folder, "gz/c.jsonl.gz"))).toString()).toBe(others.join(""));
      for (const name of ["a.jsonl", "b.jsonl.1"]) {
        const text = readFileSync(join(folder, name), "utf8")
          .split("\n")
          .filter((line) => line.trim() !== "")
          .join("\n");
        expect(`${text}\n`).toBe(others.join(""));
      }
    }
    expect(killedAmid).toBeGreaterThan(0);
  }, 60_000);
});
