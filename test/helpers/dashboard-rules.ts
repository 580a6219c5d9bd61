import { metricTable } from "../../src/io/metrics/index.js";

/** A widget of a dashboard. */
export interface Widget {
  readonly type: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly properties: { readonly alarms?: readonly string[]; readonly metrics?: readonly (readonly unknown[])[] };
}

const monitors: readonly string[] = Object.values(metricTable).map(({ cloudwatch }) => `Churnkit ${cloudwatch} model`);
const written = [
  ...monitors,
  ...["Invocations", "Invocation4XXErrors", "Invocation5XXErrors", "ModelLatency"].map(
    (name) => `AWS/SageMaker ${name} EndpointName VariantName`,
  ),
  ...["CPUUtilization", "MemoryUtilization"].map((name) => `/aws/sagemaker/Endpoints ${name} EndpointName VariantName`),
];

/** What CloudWatch would draw as nothing, or over something else; no model of the service knows a dashboard's body. */
export function dashboardProblems(widgets: readonly Widget[], alarmNames: readonly string[]): string[] {
  const cells = widgets.flatMap(({ x, y, width, height }) =>
    Array.from({ length: width * height }, (_, i) => `${x + (i % width)},${y + Math.floor(i / width)}`),
  );
  return [
    ...(new Set(cells).size < cells.length ? ["widgets lie over each other"] : []),
    ...(widgets.some(({ x, width }) => x + width > 24) ? ["a widget leaves the 24 columns"] : []),
    ...widgets.flatMap(({ properties: { alarms = [], metrics = [] } }) => [
      ...alarms
        .filter((arn) => !alarmNames.includes(arn.split(":").at(-1) ?? ""))
        .map((arn) => `there is no alarm ${arn}`),
      ...lineProblems(metrics),
    ]),
  ];
}

function lineProblems(lines: readonly (readonly unknown[])[]): string[] {
  const shown = lines.map((line) => line.at(-1) as { id?: string; expression?: string; visible?: boolean });
  const ids = shown.flatMap(({ id }) => id ?? []);
  const named = shown.flatMap(({ expression = "" }) => expression.match(/\b[a-z]\w*/g) ?? []);
  const metrics = lines
    .filter(([first]) => typeof first === "string")
    .map(([namespace, name, ...rest]) =>
      [namespace, name, ...rest.slice(0, -1).filter((_, i) => i % 2 === 0)].join(" "),
    );
  return [
    ...metrics.filter((metric) => !written.includes(metric)).map((metric) => `nobody writes ${metric}`),
    ...named.filter((id) => !ids.includes(id)).map((id) => `an expression names ${id}, which is no id`),
    ...(shown.length > 0 && shown.every(({ visible }) => visible === false) ? ["a widget shows nothing"] : []),
  ];
}
