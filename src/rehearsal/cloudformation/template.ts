import { ChurnkitError } from "../../base/errors.js";

/** A resource of a template, as far as it is applied. */
export interface TemplateResource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
  readonly DependsOn?: string | readonly string[];
  readonly DeletionPolicy?: string;
}

export interface Template {
  readonly Resources: Readonly<Record<string, TemplateResource>>;
  readonly Parameters: Readonly<Record<string, { readonly Default?: unknown }>>;
  readonly Outputs: Readonly<Record<string, { readonly Value: unknown }>>;
}

const known = {
  template: ["AWSTemplateFormatVersion", "Description", "Metadata", "Outputs", "Parameters", "Resources", "Rules"],
  resource: ["DeletionPolicy", "DependsOn", "Metadata", "Properties", "Type", "UpdateReplacePolicy"],
};

/**
 * Reads a template of CloudFormation, such as `Template.fromStack(stack).toJSON()` of the CDK.
 *
 * @throws ChurnkitError OPTION_INVALID for a part that is not applied.
 */
export function readTemplate(json: unknown): Template {
  const { Resources, Parameters = {}, Outputs = {}, Rules = {} } = members(json, known.template, "The template");
  // The one rule of the CDK: that the account is bootstrapped.
  members(Rules, ["CheckBootstrapVersion"], "The member Rules of the template");
  for (const [id, resource] of Object.entries(asObject(Resources, "The member Resources of the template")))
    members(resource, known.resource, `The resource ${id}`);
  return { Resources, Parameters, Outputs } as unknown as Template;
}

function members(json: unknown, names: readonly string[], what: string): Record<string, unknown> {
  const object = asObject(json, what);
  const other = Object.keys(object).find((name) => !names.includes(name));
  if (other !== undefined) throw unapplied(`${what} has ${other}, which the rehearsal does not apply.`, other);
  return object;
}

function asObject(json: unknown, what: string): Record<string, unknown> {
  if (typeof json === "object" && json !== null && !Array.isArray(json)) return json as Record<string, unknown>;
  throw unapplied(`${what} is no JSON object.`, typeof json);
}

/** The error for what the rehearsal cannot apply. */
export const unapplied = (message: string, value: string): ChurnkitError =>
  new ChurnkitError("OPTION_INVALID", `${message} See docs/rehearsal.md.`, { where: { value } });

/** The functions of templates that refer to a resource, and what they name. */
function referredIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(referredIn);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, member]: [string, unknown]) => {
    if (name === "Ref") return [String(member)];
    if (name === "Fn::GetAtt") return [String(Array.isArray(member) ? member[0] : member).split(".")[0] ?? ""];
    if (name === "Fn::Sub") {
      const [text = "", more = {}] = [member].flat() as [string?, unknown?];
      const names = [...text.matchAll(/\$\{([^!}.]+)/g)].map(([, each = ""]) => each);
      return [...names, ...referredIn(more)];
    }
    return referredIn(member);
  });
}

/**
 * The resources in an order in which each comes after those that it refers to.
 *
 * @throws ChurnkitError OPTION_INVALID for resources that need each other, and for one that is not there.
 */
export function inOrder({ Resources, Parameters }: Template): string[] {
  const ordered: string[] = [];
  const visit = (id: string, path: readonly string[]): void => {
    if (ordered.includes(id)) return;
    if (path.includes(id)) throw unapplied(`The resources ${[...path, id].join(" -> ")} need each other.`, id);
    const resource = Resources[id];
    if (resource === undefined)
      throw unapplied(`The resource ${path.at(-1) ?? ""} refers to ${id}, which is not there.`, id);
    const named = [...referredIn(resource.Properties), ...[resource.DependsOn ?? []].flat()];
    for (const other of new Set(named))
      if (!other.startsWith("AWS::") && !Object.hasOwn(Parameters, other)) visit(other, [...path, id]);
    ordered.push(id);
  };
  for (const id of Object.keys(Resources)) visit(id, []);
  return ordered;
}
