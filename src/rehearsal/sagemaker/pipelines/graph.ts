import type { PipelineDefinition } from "../../../deploy/aws/index.js";

/** A step of a definition. */
export type Step = PipelineDefinition["Steps"][number];

/** A step, and when it runs. */
export interface Node {
  readonly step: Step;
  /** Steps that must succeed first: those it names, and those it refers to. */
  readonly needs: readonly string[];
  /** The condition whose branch it stands in. */
  readonly under?: { readonly condition: string; readonly outcome: boolean };
}

/** All steps of a list, those in branches too, in the order in which they stand. */
export const nodesOf = (steps: readonly Step[], under?: Node["under"]): Node[] =>
  steps.flatMap((step) => {
    const inside = (outcome: boolean): Node[] => nodesOf(branchOf(step, outcome), { condition: step.Name, outcome });
    const referred = referencesIn(argumentsOf(step)).flatMap((path) => /^Steps\.([\w-]+)/.exec(path)?.[1] ?? []);
    const node = { step, needs: [...(step.DependsOn ?? []), ...referred], ...(under && { under }) };
    return [node, ...inside(true), ...inside(false)];
  });

/** A step's arguments without the steps inside it. */
export function argumentsOf({ Type, Arguments }: Step): Readonly<Record<string, unknown>> {
  if (Type !== "Condition") return Arguments;
  return { Conditions: Arguments["Conditions"] };
}

/** The steps that a condition leads to; none of another step. */
export const branchOf = ({ Type, Arguments }: Step, outcome: boolean): readonly Step[] =>
  Type === "Condition" ? ((Arguments[outcome ? "IfSteps" : "ElseSteps"] ?? []) as Step[]) : [];

/** The paths of all references inside a value. */
export function referencesIn(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  if ("Get" in value && typeof value.Get === "string") return [value.Get];
  return Object.values(value).flatMap(referencesIn);
}

/** Steps that wait for each other, directly or not; none if all can run. */
export function circleIn(nodes: readonly Node[]): string[] {
  const waiting = new Map(
    nodes.map(({ step, needs, under }) => [step.Name, [...needs, ...(under ? [under.condition] : [])]]),
  );
  for (let before = -1; before !== waiting.size;) {
    before = waiting.size;
    for (const [name, needs] of waiting) if (!needs.some((need) => waiting.has(need))) waiting.delete(name);
  }
  return [...waiting.keys()];
}
