import { describe, expect, it } from "vitest";
import { pipeline, type PipelineEvent } from "../../src/pipeline/pipeline.js";

describe("pipeline", () => {
  const job = pipeline<{ rows: number }>()
    .step("double", ({ rows }) => Promise.resolve({ doubled: 2 * rows }))
    .step("say", ({ doubled, rows }, { note }) => {
      note(`${rows} became ${doubled}`);
      return Promise.resolve({ said: true });
    });

  it("hands the state from step to step", async () => {
    expect(await job.run({ rows: 21 })).toEqual({ rows: 21, doubled: 42, said: true });
    expect(job.steps).toEqual(["double", "say"]);
  });

  it("tells what happens, in order", async () => {
    const events: PipelineEvent[] = [];
    await job.run({ rows: 1 }, (event) => events.push(event));
    expect(events.map((event) => (event.type === "note" ? event.text : `${event.type} ${event.step}`))).toEqual([
      "start double",
      "end double",
      "start say",
      "1 became 2",
      "end say",
    ]);
  });

  it("ends at the first step that throws", async () => {
    let reached = false;
    const broken = job
      .step("fail", () => Promise.reject(new Error("no")))
      .step("after", () => {
        reached = true;
        return Promise.resolve({});
      });
    await expect(broken.run({ rows: 1 })).rejects.toThrow("no");
    expect(reached).toBe(false);
  });

  it("can branch from a common beginning", async () => {
    const other = job.step("halve", ({ doubled }) => Promise.resolve({ halved: doubled / 2 }));
    expect((await other.run({ rows: 3 })).halved).toBe(3);
    expect(job.steps).toHaveLength(2);
  });
});
