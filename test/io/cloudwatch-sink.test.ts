import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import { CloudWatchClient, GetMetricStatisticsCommand, ListMetricsCommand } from "@aws-sdk/client-cloudwatch";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { batches, cloudWatchLimits, datumBytes, dimensionValue, gather } from "../../src/io/metrics/cloudwatch-data.js";
import { cloudWatchSink } from "../../src/io/metrics/cloudwatch-sink.js";
import { pointCheck, undeliveredPoints } from "../../src/io/metrics/metric-points.js";
import type { MetricPoint } from "../../src/io/metrics/metric-sink.js";
import { metricTable } from "../../src/io/metrics/metric-table.js";
import { at, metricSinkConformance, type HeldSeries } from "../conformance/metric-sink.js";
import { recordRequests, type RequestRecord } from "../helpers/botocore.js";
import { awsPython, motoClient, sharedMoto, type Moto } from "../helpers/moto.js";

const ready = await awsPython("CloudWatch sink against moto");
const nameOf = new Map(Object.entries(metricTable).map(([name, { cloudwatch }]) => [cloudwatch as string, name]));
const decoded = (value: string): string => (value.includes("~") ? value : decodeURIComponent(value));

let moto: Moto | undefined;
let client: CloudWatchClient;
const records: RequestRecord[] = [];
let namespaces = 0;

beforeAll(async () => {
  if (!ready) return;
  moto = await sharedMoto();
  client = new CloudWatchClient(motoClient(moto.url));
}, 120_000);
afterAll(() => client?.destroy());

type Dimensions = readonly { Name?: string | undefined; Value?: string | undefined }[];
interface Sent {
  readonly Namespace: string;
  readonly MetricData: readonly {
    MetricName: string;
    Dimensions: Dimensions;
    Timestamp: Date;
    Values: number[];
    Counts: number[];
  }[];
}

const labelsOf = (dimensions: Dimensions): Record<string, string> =>
  Object.fromEntries(dimensions.map(({ Name = "", Value = "" }) => [Name, decoded(Value)]));
const seriesName = (metric: string): string => nameOf.get(metric) ?? "";
const keyOf = (metric: string, dimensions: Dimensions): string =>
  JSON.stringify([metric, Object.entries(labelsOf(dimensions)).sort()]);

async function statistics(
  namespace: string,
  metric: string,
  dimensions: Dimensions,
): Promise<{ sum: number; count: number }> {
  const { Datapoints = [] } = await client.send(
    new GetMetricStatisticsCommand({
      ...{ Namespace: namespace, MetricName: metric, Dimensions: [...dimensions] as { Name: string; Value: string }[] },
      ...{ StartTime: at(-86_400), EndTime: at(86_400), Period: 86_400 * 2, Statistics: ["Sum", "SampleCount"] },
    }),
  );
  return { sum: Datapoints[0]?.Sum ?? 0, count: Datapoints[0]?.SampleCount ?? 0 };
}

/** Everything in a namespace as CloudWatch tells it. */
async function told(namespace: string): Promise<HeldSeries[]> {
  const found = new Map<string, { metric: string; dimensions: Dimensions }>();
  for (let next: string | undefined, first = true; first || next !== undefined; first = false) {
    const page = await client.send(new ListMetricsCommand({ Namespace: namespace, NextToken: next }));
    next = page.NextToken;
    for (const { MetricName = "", Dimensions = [] } of page.Metrics ?? [])
      found.set(keyOf(MetricName, Dimensions), { metric: MetricName, dimensions: Dimensions });
  }
  const series: (HeldSeries & { sum: number; count: number })[] = [];
  // moto counts a series with more dimensions to those with fewer; so these come last and are relieved of it.
  for (const { metric, dimensions } of [...found.values()].sort((a, b) => b.dimensions.length - a.dimensions.length)) {
    const labels = labelsOf(dimensions);
    const wider = series.filter(
      (other) =>
        other.name === seriesName(metric) &&
        Object.entries(labels).every(([name, value]) => other.labels[name] === value),
    );
    const { sum, count } = await statistics(namespace, metric, dimensions);
    const minus = (key: "sum" | "count"): number => wider.reduce((total, other) => total + other[key], 0);
    series.push({ name: seriesName(metric), labels, sum: sum - minus("sum"), count: count - minus("count") });
  }
  return series;
}

/** What requests say; moto has no quick way to tell thousands of series, so there it only has to agree on the totals. */
async function sentAndCounted(namespace: string, sent: readonly Sent[]): Promise<HeldSeries[]> {
  const series = new Map<string, HeldSeries & { sum: number; count: number }>();
  for (const { MetricName, Dimensions, Values, Counts } of sent.flatMap(({ MetricData }) => MetricData)) {
    const key = keyOf(MetricName, Dimensions);
    const { sum, count } = series.get(key) ?? { sum: 0, count: 0 };
    const added = Values.reduce((total, value, i) => total + value * (Counts[i] ?? 0), 0);
    series.set(key, {
      name: seriesName(MetricName),
      labels: labelsOf(Dimensions),
      sum: sum + added,
      count: count + Counts.reduce((a, b) => a + b, 0),
    });
  }
  for (const metric of new Set(sent.flatMap(({ MetricData }) => MetricData.map(({ MetricName }) => MetricName)))) {
    const all = [...series.values()].filter(({ name }) => name === seriesName(metric));
    expect(await statistics(namespace, metric, [])).toEqual({
      sum: all.reduce((total, { sum }) => total + sum, 0),
      count: all.reduce((total, { count }) => total + count, 0),
    });
  }
  return [...series.values()];
}

metricSinkConformance(
  "CloudWatch (moto)",
  async () => {
    const namespace = `Churn/${++namespaces}`;
    const own = new CloudWatchClient(motoClient(moto?.url ?? ""));
    const record = recordRequests(own);
    records.push(record);
    const sink = await cloudWatchSink({ namespace, client: own, now: () => at(3600) });
    const read = (): Promise<HeldSeries[]> => {
      const sent = record.requests.map(({ input }) => input as Sent);
      return sent.flatMap(({ MetricData }) => MetricData).length > 100
        ? sentAndCounted(namespace, sent)
        : told(namespace);
    };
    return { sink, read };
  },
  !ready,
);

describe.skipIf(!ready)("CloudWatch sink on moto", () => {
  it("has sent nothing so far that AWS would refuse", () => {
    expect(records.flatMap(({ requests }) => requests).length).toBeGreaterThan(30);
    expect(records.flatMap((record) => record.problems())).toEqual([]);
    for (const { input } of records.flatMap(({ requests }) => requests)) {
      const { MetricData } = input as Sent;
      expect(MetricData.length).toBeLessThanOrEqual(1000);
      expect(MetricData.every(({ Values, Counts }) => Values.length <= 150 && Values.length === Counts.length)).toBe(
        true,
      );
    }
  });

  it("makes its own client", async () => {
    const url = moto?.url;
    const sink = await withCredentials(() =>
      cloudWatchSink({ namespace: "Own", region: "us-east-1", endpoint: url, now: () => at(0) }),
    );
    await sink.write([{ name: "model_accuracy", value: 0.5, at: at(0) }]);
    await sink.close?.();
    expect(await statistics("Own", "ModelAccuracy", [])).toEqual({ sum: 0.5, count: 1 });
  });
});

async function withCredentials<T>(work: () => Promise<T>): Promise<T> {
  vi.stubEnv("AWS_ACCESS_KEY_ID", "testing");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "testing");
  return work();
}
afterEach(() => vi.unstubAllEnvs());

const check = pointCheck();
const points = (count: number, of: (i: number) => Partial<MetricPoint> = () => ({})): MetricPoint[] =>
  Array.from({ length: count }, (_, i) => ({ name: "model_accuracy", value: i, at: at(0), ...of(i) }));

describe("what is sent to CloudWatch", () => {
  it("gathers points of a series and minute into values and counts", () => {
    const data = gather(
      check([
        ...points(4, (i) => ({ value: i % 2 })),
        ...points(1, () => ({ at: at(60) })),
        ...points(1, () => ({ labels: { model: "a" } })),
      ]),
      60,
    ).map(({ datum }) => datum);
    expect(data).toEqual([
      {
        MetricName: "ModelAccuracy",
        Dimensions: [],
        Timestamp: at(0),
        Values: [0, 1],
        Counts: [2, 2],
        Unit: "None",
        StorageResolution: 60,
      },
      {
        MetricName: "ModelAccuracy",
        Dimensions: [],
        Timestamp: at(60),
        Values: [0],
        Counts: [1],
        Unit: "None",
        StorageResolution: 60,
      },
      {
        MetricName: "ModelAccuracy",
        Dimensions: [{ Name: "model", Value: "a" }],
        Timestamp: at(0),
        Values: [0],
        Counts: [1],
        Unit: "None",
        StorageResolution: 60,
      },
    ]);
    expect(gather(check(points(2, (i) => ({ at: at(i) }))), 1)).toHaveLength(2);
    expect(gather(check(points(2, (i) => ({ at: at(i) }))), 60)).toHaveLength(1);
    const many = gather(check(points(301)), 60);
    expect(many.map(({ datum }) => datum.Values.length)).toEqual([150, 150, 1]);
    expect(many.flatMap((entry) => entry.points)).toHaveLength(301);
  });

  it("writes dimension values in ASCII, each in its own way", () => {
    expect(dimensionValue("plain text/1.0")).toBe("plain text/1.0");
    expect(dimensionValue("Größe 5%\n")).toBe("Gr%C3%B6%C3%9Fe 5%25%0A");
    const [one, other] = ["1", "2"].map((end) => dimensionValue("客".repeat(249) + end));
    expect(one).toMatch(/^[\x20-\x7e]{1,1024}$/);
    expect(one).not.toBe(other);
  });

  it("cuts requests at 1,000 metrics and at 1 MB", () => {
    const light = batches(gather(check(points(2500, (i) => ({ at: at(60 * i) }))), 60));
    expect(light.map(({ data }) => data.length)).toEqual([1000, 1000, 500]);
    const labels = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`label_${i}`, "客".repeat(250)]));
    const heavy = batches(gather(check(points(400, (i) => ({ at: at(60 * i), labels }))), 60));
    expect(heavy.length).toBeGreaterThan(10);
    expect(heavy.flatMap(({ data }) => data)).toHaveLength(400);
    const queryForm = (data: object[]): number =>
      data.reduce<number>(
        (sum, datum) =>
          sum +
          leaves(datum).reduce(
            (size, [path, text]) => size + `&MetricData.member.1000.${path}=`.length + encodeURIComponent(text).length,
            0,
          ),
        0,
      );
    for (const { data } of [
      ...light,
      ...heavy,
      ...batches(gather(check(points(3000, (i) => ({ value: -Math.SQRT2 * 1e-100 * i }))), 60)),
    ]) {
      expect(queryForm(data)).toBeLessThanOrEqual(data.reduce((sum, datum) => sum + datumBytes(datum), 0));
      expect(data.reduce((sum, datum) => sum + datumBytes(datum), 0)).toBeLessThanOrEqual(
        cloudWatchLimits.requestBytes,
      );
    }
  });
});

/** The values of a nested object with their paths in the query protocol. */
function leaves(value: unknown, path = ""): [string, string][] {
  if (value instanceof Date) return [[path, value.toISOString()]];
  if (typeof value !== "object" || value === null) return [[path, String(value)]];
  const join = (name: string): string => (path === "" ? name : `${path}.${name}`);
  if (Array.isArray(value)) return value.flatMap((item: unknown, i) => leaves(item, join(`member.${i + 1}`)));
  return Object.entries(value).flatMap(([name, item]) => leaves(item, join(name)));
}

describe("cloudWatchSink", () => {
  let server: Server;
  let url: string;
  let requests: { bytes: number; body: string }[];
  let answer: (request: number) => { status: number; type?: string };
  beforeAll(async () => {
    server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => {
        const raw = Buffer.concat(parts);
        const body = request.headers["content-encoding"] === "gzip" ? gunzipSync(raw) : raw;
        const { status, type } = answer(requests.length);
        requests.push({ bytes: body.length, body: body.toString() });
        response.writeHead(status, { "content-type": "application/x-amz-json-1.0" });
        response.end(JSON.stringify(type === undefined ? {} : { __type: type, message: `answered ${status}` }));
      });
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => void server.close());

  const make = async (answers: typeof answer, options: { maxAttempts?: number } = {}) => {
    requests = [];
    answer = answers;
    return withCredentials(() =>
      cloudWatchSink({ namespace: "Churn", region: "us-east-1", endpoint: url, now: () => at(0), ...options }),
    );
  };

  it("retries what is throttled or the server's fault", async () => {
    const sink = await make((request) =>
      request === 0 ? { status: 400, type: "ThrottlingException" } : { status: request === 1 ? 503 : 200 },
    );
    await sink.write(points(1));
    expect(requests).toHaveLength(3);
    await sink.close?.();
  });

  it("goes on after a request that failed, and says which points are left", async () => {
    const sink = await make((request) =>
      request === 1 ? { status: 400, type: "InvalidParameterValueException" } : { status: 200 },
    );
    const error: unknown = await sink
      .write(points(2500, (i) => ({ at: at(-60 * i) })))
      .catch((reason: unknown) => reason);
    expect(requests).toHaveLength(3);
    expect(requests.every(({ bytes }) => bytes <= 1_000_000)).toBe(true);
    expect(error).toMatchObject({
      code: "SINK_FAILED",
      message: expect.stringMatching(
        /^1000 of 2500 points .* CloudWatch namespace Churn.*InvalidParameterValue/,
      ) as string,
    });
    const left = undeliveredPoints(error);
    expect(left.map(({ value }) => value)).toEqual(Array.from({ length: 1000 }, (_, i) => 1000 + i));
    await sink.write(left);
    expect(requests).toHaveLength(4);
    await sink.close?.();
  });

  it("gives up after its tries", async () => {
    const sink = await make(() => ({ status: 500 }), { maxAttempts: 2 });
    await expect(sink.write(points(1))).rejects.toMatchObject({
      code: "SINK_FAILED",
      cause: { $metadata: { httpStatusCode: 500 } },
    });
    expect(requests).toHaveLength(2);
  });

  it("refuses what CloudWatch would drop, after sending the rest", async () => {
    const sink = await make(() => ({ status: 200 }));
    const error: unknown = await sink
      .write([...points(1, () => ({ at: at(-14 * 86_400) })), ...points(1, () => ({ at: at(7200) })), ...points(2)])
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "SINK_FAILED", message: expect.stringContaining("2 of 4 points") as string });
    expect(undeliveredPoints(error)).toHaveLength(2);
    expect(JSON.parse(requests[0]?.body ?? "")).toMatchObject({ MetricData: [{ Values: [0, 1] }] });
  });

  it("waits for what is under way before it closes", async () => {
    const sink = await make(() => ({ status: 200 }));
    const writing = sink.write(points(2500, (i) => ({ at: at(-60 * i) })));
    await sink.close?.();
    expect(requests).toHaveLength(3);
    await writing;
  });

  it("refuses a bad namespace", async () => {
    await expect(cloudWatchSink({ namespace: "AWS/Lambda" })).rejects.toMatchObject({ code: "OPTION_INVALID" });
  });

  it("says what to install", async () => {
    vi.resetModules();
    vi.doMock("@aws-sdk/client-cloudwatch", () => {
      throw new Error("Cannot find package");
    });
    try {
      const fresh = await import("../../src/io/metrics/cloudwatch-sink.js");
      await expect(fresh.cloudWatchSink({ namespace: "Churn" })).rejects.toMatchObject({
        code: "PEER_MISSING",
        message: expect.stringContaining("npm install @aws-sdk/client-cloudwatch") as string,
      });
    } finally {
      vi.doUnmock("@aws-sdk/client-cloudwatch");
    }
  });
});
