// A model beside the customer record in a service of your own: load once, score each request, typed by the schema.
// Run it: npx tsx examples/score-in-service.ts
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { z } from "zod";
import { defineDataset, defineFeatures, syntheticCustomers, tableFromRecords, type RequestType } from "churnkit/data";
import { loadBundle, logistic, saveBundle, train } from "churnkit/model";

const customers = defineDataset({
  name: "customers",
  schema: z.object({
    contract: z.enum(["Month-to-month", "One year", "Two year"]),
    tenureMonths: z.int().min(0),
    monthlyCharges: z.number().min(0),
    churn: z.enum(["No", "Yes"]),
  }),
  target: "churn",
  positive: "Yes",
});
type Customer = RequestType<typeof customers>;

// Elsewhere, and once: train and save.
const table = tableFromRecords(customers.contract, syntheticCustomers({ rows: 1000 }).records);
await saveBundle(await train(defineFeatures(customers), table, { learner: logistic() }), "out/in-service");

const { scorer } = await loadBundle("out/in-service");

/** The churn risk of a customer that the service already knows to be well-formed. */
function risk(customer: Customer): number | null {
  return scorer.scoreRecord(customer).probability;
}

const server = createServer((request, response) => {
  const answer = (status: number, body: object): void => {
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  };
  json(request)
    .then(
      (body) => {
        const { probability, label, issues } = scorer.scoreRecord(body);
        answer(probability === null ? 422 : 200, { probability, label, issues });
      },
      () => answer(400, { error: "The body is not JSON." }),
    )
    .catch((error: unknown) => response.destroy(error as Error));
});
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

const known: Customer = { contract: "Month-to-month", tenureMonths: 2, monthlyCharges: 95 };
const answer = await fetch(url, { method: "POST", body: JSON.stringify(known) });
console.log("in the process:", risk(known), "over HTTP:", await answer.json());
const wrong = await fetch(url, { method: "POST", body: JSON.stringify({ ...known, contract: "Weekly" }) });
console.log(wrong.status, await wrong.json());
server.close();
