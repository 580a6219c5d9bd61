import {
  allClassMetric,
  allClassMetricNames,
  type ClassEvaluation,
  classMetricNames,
  metrics as metricTable,
  metricNames,
} from "../../../model/evaluate/index.js";
import type { VersionRecord } from "../../versions/version.js";

const text = (value: string, most = 1024): string => value.slice(0, most);

/**
 * Returns a version's model card in the JSON of a model package's card. Its overview has only creator and artifact,
 * so the rest of a standalone card's overview is in the details.
 */
export function modelCard(model: string, version: VersionRecord, artifact: string): string {
  const { provenance, lineage, metrics, semver, by, description } = version;
  return JSON.stringify({
    model_overview: {
      model_creator: text(lineage.trainedBy ?? by),
      model_artifact: [text(artifact)],
    },
    training_details: {
      training_observations: text(`${provenance.rows.train} rows, data ${lineage.dataHash}`),
      training_job_details: {
        hyper_parameters: Object.entries(provenance.parameters)
          .slice(0, 100)
          .map(([name, value]) => ({ name: text(name, 255), value: text(JSON.stringify(value) ?? "", 255) })),
      },
    },
    evaluation_details: [
      {
        name: "held-out rows",
        evaluation_observation: `${metrics.rows} rows, ${metrics.positives} of them positive`,
        metric_groups: [
          {
            name: "held out",
            metric_data: metricNames.flatMap((name) => {
              const { value } = metrics.values[name];
              return value === null ? [] : [{ name: metricTable[name].label, type: "number", value }];
            }),
          },
          ...(metrics.classes ? [classGroup(metrics.classes)] : []),
        ],
      },
    ],
    additional_information: {
      custom_details: {
        description: text(description || `Version ${semver} of ${model}, a classifier made with churnkit`),
        algorithm: text(provenance.learner),
        contract: lineage.contractHash,
        recipe: lineage.recipeHash,
        signature: lineage.signatureHash,
        content: version.contentHash,
      },
    },
  });
}

function classGroup(evaluation: ClassEvaluation) {
  const figures: (readonly [name: string, value: number | null])[] = [
    ...allClassMetricNames.map((name) => [name, allClassMetric(evaluation, name).value] as const),
    ...evaluation.classes.flatMap((one) =>
      classMetricNames.map((name) => [`${name}, ${one.label}`, one[name]] as const),
    ),
  ];
  return {
    name: "all classes",
    metric_data: figures.flatMap(([name, value]) =>
      value === null ? [] : [{ name: text(name, 255), type: "number", value }],
    ),
  };
}
