import { RemovalPolicy } from "aws-cdk-lib";
import type { IKey } from "aws-cdk-lib/aws-kms";
import { LogGroup } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";

/** How logs are kept. */
export interface LogOptions {
  readonly days: number;
  readonly retain: boolean;
  readonly key: IKey | undefined;
}

export const logOf = (
  scope: Construct,
  id: string,
  logGroupName: string,
  { days, retain, key }: LogOptions,
): LogGroup =>
  new LogGroup(scope, id, {
    logGroupName,
    retention: days,
    removalPolicy: retain ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    ...(key && { encryptionKey: key }),
  });
