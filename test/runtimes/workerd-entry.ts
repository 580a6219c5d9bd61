import kernel from "./kernel.wasm";
import { openBundle } from "../../src/model/score.js";

/** What the test worker runs: takes a bundle's archive and records, answers their scores. */
export default {
  async fetch(request: Request): Promise<Response> {
    try {
      const form = await request.formData();
      const archive = form.get("archive") as File;
      const { scorer } = await openBundle(await archive.arrayBuffer(), { kernel });
      const records = JSON.parse(form.get("records") as string) as unknown[];
      return Response.json(scorer.scoreRecords(records).map(({ probability }) => probability));
    } catch (error) {
      return new Response(error instanceof Error ? `${error.stack ?? error.message}` : String(error), { status: 500 });
    }
  },
};
