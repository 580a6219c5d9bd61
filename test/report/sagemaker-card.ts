import { z } from "zod";

// The model card JSON schema of SageMaker's developer guide, member by member with its limits: what is unknown is refused.
const text = (most: number) => z.string().max(most).optional();
const name = (most: number) => z.string().min(1).max(most).regex(/./);
const axis = z.array(z.string().max(63)).optional();

const figure = { name: name(255), notes: text(1024), value: z.number() };
const metric = z.union([
  z.strictObject({ ...figure, type: z.literal("number") }),
  z.strictObject({
    name: name(255),
    notes: text(1024),
    type: z.literal("matrix"),
    value: z.array(z.array(z.number()).min(1).max(20)).min(1).max(20),
    x_axis_name: axis,
    y_axis_name: axis,
  }),
]);

export const sageMakerCard = z.strictObject({
  model_overview: z.strictObject({
    model_description: text(1024),
    model_name: text(1024),
    model_owner: text(1024),
    model_creator: text(1024),
    problem_type: text(1024),
    algorithm_type: text(1024),
  }),
  intended_uses: z.strictObject({
    purpose_of_model: text(2048),
    intended_uses: text(2048),
    factors_affecting_model_efficiency: text(2048),
    risk_rating: z.enum(["High", "Medium", "Low", "Unknown"]),
    explanations_for_risk_rating: text(2048),
  }),
  business_details: z.strictObject({
    business_problem: text(2048),
    business_stakeholders: text(2048),
    line_of_business: text(2048),
  }),
  training_details: z.strictObject({
    training_observations: text(1024),
    training_job_details: z.strictObject({
      training_datasets: z.array(z.string().max(1024)).max(15),
      user_provided_training_metrics: z.array(z.strictObject(figure)).max(50),
      user_provided_hyper_parameters: z.array(z.strictObject({ name: name(255), value: name(255) })).max(100),
    }),
  }),
  evaluation_details: z.array(
    z.strictObject({
      name: name(63),
      evaluation_observation: text(2096),
      metric_groups: z.array(z.strictObject({ name: name(63), metric_data: z.array(metric) })),
    }),
  ),
  additional_information: z.strictObject({
    ethical_considerations: text(2048),
    caveats_and_recommendations: text(2048),
    custom_details: z.record(z.string(), z.string().max(1024)),
  }),
});
