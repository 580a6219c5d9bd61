import { Validations } from "aws-cdk-lib";
import type { IConstruct } from "constructs";

/** Acknowledges findings of checkers such as cdk-nag, each with its reason; `*` in a policy counts one by one. */
export function argued(construct: IConstruct, reasons: Readonly<Record<string, string>>): void {
  Validations.of(construct).acknowledge(...Object.entries(reasons).map(([id, reason]) => ({ id, reason })));
}
