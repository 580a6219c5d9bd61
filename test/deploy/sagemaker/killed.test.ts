import type { ChildProcess } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { release, releaseStatus, removeEndpoint } from "../../../src/deploy/sagemaker/index.js";
import type { AwsSession } from "../../../src/deploy/sagemaker/session.js";
import type { ObjectStore } from "../../../src/io/store/index.js";
import { type ModelRegistry, storeRegistry } from "../../../src/registry/index.js";
import { AwsError } from "../../../src/rehearsal/front/aws-error.js";
import { rehearse, type Rehearsal } from "../../../src/rehearsal/rehearse.js";
import { sampleArtifact } from "../../helpers/artifact.js";
import { budget } from "../../helpers/budget.js";
import { bundleScript, start } from "../../helpers/child.js";
import { inventoryOf, quickContainer } from "../../helpers/endpoint-session.js";
import { awsPython, type Moto, sharedMoto } from "../../helpers/moto.js";
import { clientOf, sessionOf } from "../../helpers/rehearsed.js";
import { below, held, served } from "../../helpers/release-parts.js";

const hasMoto = await awsPython("processes that are killed while they release to SageMaker");
const artifacts = Promise.all([1, 2].map((seed) => sampleArtifact({ networks: 0, seed })));
let moto: Moto;
let child: Awaited<ReturnType<typeof bundleScript>>;
beforeAll(async () => {
  if (!hasMoto) return;
  child = await bundleScript(join(import.meta.dirname, "killed-child.ts"));
  moto = await sharedMoto();
}, 60_000);
afterAll(() => child?.remove());

/** A rehearsal in which a child acts. */
interface World {
  readonly rehearsal: Rehearsal;
  readonly session: AwsSession;
  readonly run: <T>(work: Promise<T>) => Promise<T>;
  /** Runs a child and kills it once this many of its calls have been answered, before the next has any effect. */
  readonly act: (what: string, calls: number) => Promise<{ readonly calls: number; readonly wasKilled: boolean }>;
}

const opened: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0)) await close();
});

async function world(): Promise<World> {
  let victim: ChildProcess | undefined;
  let calls = 0;
  let most = Infinity;
  await moto.reset();
  const rehearsal = await rehearse({
    emulator: moto.url,
    container: quickContainer,
    onCall: () => {
      if (victim === undefined || ++calls <= most) return;
      victim.kill("SIGKILL");
      throw new AwsError("InternalFailure", "Nobody hears this.", 500);
    },
  });
  const { clock } = rehearsal;
  const session = sessionOf(rehearsal);
  const follower = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const answer = (): unknown => response.end();
      clock.advanceTo(Number(Buffer.concat(parts))).then(answer, answer);
    });
  });
  await new Promise<void>((resolve) => follower.listen(0, "127.0.0.1", resolve));
  const at = `http://127.0.0.1:${(follower.address() as AddressInfo).port}`;
  const s3 = new S3Client({ ...clientOf(rehearsal), forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket: session.target.bucket }));
  s3.destroy();
  opened.push(async () => {
    session.close();
    follower.close();
    follower.closeAllConnections();
    await rehearsal.close();
  });
  return {
    rehearsal,
    session,
    run: (work) => clock.until(work),
    async act(what, killedAfter) {
      [calls, most] = [0, killedAfter];
      const { child: process, ended } = start(child.script, [what, rehearsal.url, String(clock.now()), at]);
      victim = process;
      const { code, err } = await ended;
      victim = undefined;
      // Two calls may be under way at a time, and what has arrived still has its effect.
      await clock.advanceTo(clock.now());
      if (code !== 0 && code !== null) throw new Error(err);
      return { calls: Math.min(calls, killedAfter), wasKilled: code === null };
    },
  };
}

/**
 * Numbers of calls behind which a child is killed: all of them in test:deep, otherwise some from the first to the last. The same
 * kills within one process, in release-recovery.test.ts, are more.
 */
function killsOf(calls: number, some: number): number[] {
  if (budget(1) > 1) return Array.from({ length: calls - 1 }, (_, i) => i + 1);
  const spread = Array.from({ length: some }, (_, i) => 1 + Math.round((i * (calls - 2)) / (some - 1)));
  return [...new Set(spread)];
}

describe.skipIf(!hasMoto)("a process that is killed by SIGKILL behind a call of AWS", () => {
  /** An account in which version 1 serves. */
  async function released(): Promise<World & { readonly store: ObjectStore; readonly registry: ModelRegistry }> {
    const made = await world();
    const { session, run, rehearsal } = made;
    const store = held(await session.store(), rehearsal.clock);
    const registry = storeRegistry(below(store, "registry/"), { name: "sample" });
    for (const artifact of await artifacts) await registry.register(artifact);
    const rollout = { strategy: { kind: "allAtOnce", bake: 0 } } as const;
    await run(release(session, { registry, store, version: 1, serve: served, rollout }, { owner: "test" }));
    return { ...made, store, registry };
  }

  async function seen({ session, store, registry, run }: Awaited<ReturnType<typeof released>>): Promise<unknown> {
    return {
      inventory: await inventoryOf(session),
      // A registry's keys end at random, so that two writers never share one.
      objects: (await store.list("")).map(({ key }) => key.replace(/[0-9a-f]{8,}/g, "*")).sort(),
      status: await run(releaseStatus(session, { registry, store })),
    };
  }

  it(
    "leaves a release that the next one continues, and a teardown leaves nothing",
    async () => {
      const whole = await released();
      const { calls, wasKilled } = await whole.act("release", Infinity);
      expect(wasKilled).toBe(false);
      const expected = await seen(whole);
      expect(expected).toMatchObject({ status: { alias: 2, serving: { v2: 1 }, baseline: 2, disagreements: [] } });
      expect(calls).toBeGreaterThan(60);
      for (const kill of killsOf(calls, 2)) {
        const made = await released();
        expect(await made.act("release", kill)).toEqual({ calls: kill, wasKilled: true });
        expect(await made.act("release", Infinity)).toMatchObject({ wasKilled: false });
        expect(await seen(made), `after call ${kill} of ${calls}`).toEqual(expected);
        await made.run(removeEndpoint(made.session));
        expect(await inventoryOf(made.session)).toEqual({
          endpoints: [],
          configs: [],
          models: [],
          scaled: [],
          policies: [],
        });
        await opened.pop()?.();
      }
    },
    budget(400_000),
  );

  it(
    "leaves a start of a pipeline that the next one finds",
    async () => {
      const executions = async ({ session, run, rehearsal }: World): Promise<unknown> => {
        await run(rehearsal.clock.sleep(3_600_000));
        const { PipelineSummaries = [] } = await session.call("sagemaker", "ListPipelines", {});
        const PipelineName = PipelineSummaries[0]?.PipelineName;
        const { PipelineExecutionSummaries: all = [] } = await session.call("sagemaker", "ListPipelineExecutions", {
          PipelineName,
        });
        const { ProcessingJobSummaries: jobs = [] } = await session.call("sagemaker", "ListProcessingJobs", {});
        return {
          pipelines: PipelineSummaries.length,
          executions: all.map((each) => [each.PipelineExecutionDisplayName, each.PipelineExecutionStatus]),
          jobs: jobs.map(({ ProcessingJobStatus }) => ProcessingJobStatus),
        };
      };
      const whole = await world();
      const { calls } = await whole.act("pipeline", Infinity);
      const expected = await executions(whole);
      expect(expected).toMatchObject({
        pipelines: 1,
        executions: [["monday", expect.anything()]],
        jobs: { length: 1 },
      });
      for (const kill of killsOf(calls, 2)) {
        const made = await world();
        expect(await made.act("pipeline", kill)).toEqual({ calls: kill, wasKilled: true });
        expect(await made.act("pipeline", Infinity)).toMatchObject({ wasKilled: false });
        expect(await executions(made), `after call ${kill} of ${calls}`).toEqual(expected);
        await opened.pop()?.();
      }
    },
    budget(120_000),
  );
});
