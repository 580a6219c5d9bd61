/**
 * A graph from a file of customers to a registration, if the model is good enough in both of its reports.
 *
 * @param train id of the step that trains.
 */
export const judgedGraph = (train: string, atLeast: number) => ({
  inputs: { customers: "file" },
  steps: [
    {
      id: "ingest",
      job: "ingest",
      params: { target: "churn", positive: "Yes", id: ["customerId"] },
      inputs: { file: "input.customers" },
    },
    { id: "parts", job: "split", params: { test: 0.3 }, inputs: { rows: "ingest.rows" } },
    {
      id: train,
      job: "train",
      params: { learner: "logistic", options: { l2: 1 }, seed: 3 },
      inputs: { rows: "parts.train" },
    },
    { id: "evaluate", job: "evaluate", inputs: { model: `${train}.model`, rows: "parts.test" } },
    {
      id: "register",
      job: "register",
      inputs: { model: `${train}.model` },
      when: [
        { step: "evaluate.report", path: "auc", atLeast },
        { step: `${train}.report`, path: "auc", atLeast: 0.5 },
      ],
    },
  ],
});
