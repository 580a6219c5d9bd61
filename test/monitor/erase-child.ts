import { captureToFile } from "../../src/serving/hosts/node/capture-file.js";
import { eraseCustomers } from "../../src/monitor/index.js";

/** `append file times` captures customers c0, c1, ..., of whom every third is c0; `erase folder id` erases. */
const [what = "", path = "", argument = ""] = process.argv.slice(2);
if (what === "erase") {
  const { left } = await eraseCustomers({ ids: [argument], files: [path] });
  process.exitCode = left.length;
} else {
  const writer = captureToFile(path, { bytes: 3_000, keep: 100 });
  for (let i = 0; i < Number(argument); i++) {
    const id = i % 3 === 0 ? "c0" : `c${i}`;
    await writer.write([
      {
        id,
        predictionId: `p${i}`,
        at: new Date().toISOString(),
        record: { customer: id, tenure: i },
        probability: 0.5,
        label: "No",
        version: "1",
      },
    ]);
    if (i === 0) console.log("at work");
  }
}
