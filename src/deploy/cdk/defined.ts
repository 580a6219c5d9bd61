import { CfnResource } from "aws-cdk-lib";
import type { Construct } from "constructs";
import { type References, referring } from "./references.js";

/** A construct's id from a name with hyphens. */
export const idOf = (name: string): string =>
  name.replace(/(?:^|[^A-Za-z0-9]+)([A-Za-z0-9])/g, (_, first: string) => first.toUpperCase());

/** A resource whose properties are a request's members: CloudFormation calls them as the service does. */
export const defined = (
  scope: Construct,
  id: string,
  type: string,
  properties: object,
  references: References = {},
): CfnResource => new CfnResource(scope, id, { type, properties: referring({ ...properties }, references) });
