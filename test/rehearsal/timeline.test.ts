import { expect, it } from "vitest";
import type { RehearsalEntry } from "../../src/rehearsal/rehearse.js";
import { timelineHtml, timelineText } from "../../src/rehearsal/timeline.js";

const timeline: readonly RehearsalEntry[] = [
  { time: "2026-01-01T00:00:00.000Z", kind: "job", text: `<script>alert(1)</script> "Completed" & more` },
  { time: "2026-01-01T01:00:00.000Z", kind: "alarm", text: "drift OK -> ALARM" },
  { time: "2026-01-02T00:00:00.000Z", kind: "denied", text: "User: x is not authorized" },
];

it("is a line an entry as text", () =>
  expect(timelineText(timeline.slice(1))).toBe(
    "2026-01-01 01:00:00  alarm        drift OK -> ALARM\n2026-01-02 00:00:00  denied       User: x is not authorized\n",
  ));

it("is grouped by lanes as a page, without anything that runs", async () => {
  const page = await timelineHtml(timeline);
  expect([...page.matchAll(/<h2>(.*?)<\/h2>/g)].map(([, title]) => title)).toEqual(["Alarms", "Jobs", "Failures"]);
  expect(page).toContain("&lt;script&gt;alert(1)&lt;/script&gt; &quot;Completed&quot; &amp; more");
  expect(page).not.toMatch(/<script/i);
  expect(page).toContain("default-src 'none'");
  expect(page).toContain("2026-01-01 00:00:00 to 2026-01-02 00:00:00, UTC, virtual time");
});

it("says that nothing happened", async () => expect(await timelineHtml([])).toContain("Nothing happened."));
