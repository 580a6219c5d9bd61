import { createRequire } from "node:module";

/** A template of CloudFormation, as far as tests read it. */
export interface Template {
  readonly Resources: Readonly<Record<string, Resource>>;
}
export interface Resource {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>>;
  readonly DeletionPolicy?: string;
}

interface Validator {
  readonly CompositeEngine: new () => {
    validateTemplate(content: object): { readonly diagnostics: readonly Diagnostic[] };
  };
  readonly TemplateContent: new (text: string, name: string) => object;
}
interface Diagnostic {
  readonly severity: "FATAL" | "ERROR" | "WARN" | "INFO";
  readonly ruleId: string;
  readonly propertyPath?: string;
  readonly message: string;
}

/** What AWS's own validator of templates says; it is inside aws-cdk-lib. Its engine takes five seconds once. */
export function templateValidator(): (template: object) => string[] {
  const near = createRequire(createRequire(import.meta.url).resolve("aws-cdk-lib/package.json"));
  const { CompositeEngine, TemplateContent } = near("@aws/cloudformation-validate") as Validator;
  const engine = new CompositeEngine();
  return (template) =>
    engine
      .validateTemplate(new TemplateContent(JSON.stringify(template), "template.json"))
      .diagnostics.filter(({ severity }) => severity !== "INFO")
      .map(({ severity, ruleId, propertyPath = "", message }) => `${severity} ${ruleId} ${propertyPath} ${message}`);
}

/** The statements of all policies of a role, its own and those beside it, by the role's logical id. */
export function statementsOf({ Resources }: Template): Map<string, Statement[]> {
  const found = new Map<string, Statement[]>();
  const add = (role: string, statements: readonly Statement[]): void =>
    void found.set(role, [...(found.get(role) ?? []), ...statements]);
  for (const [id, { Type, Properties }] of Object.entries(Resources)) {
    if (Type === "AWS::IAM::Role")
      for (const { PolicyDocument } of (Properties["Policies"] ?? []) as { PolicyDocument: Policy }[])
        add(id, PolicyDocument.Statement);
    if (Type === "AWS::IAM::Policy")
      for (const { Ref } of Properties["Roles"] as { Ref: string }[])
        add(Ref, (Properties["PolicyDocument"] as Policy).Statement);
  }
  return found;
}
export interface Statement {
  readonly Sid?: string;
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
}
interface Policy {
  readonly Statement: readonly Statement[];
}
