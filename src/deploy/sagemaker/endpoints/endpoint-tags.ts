import { sagemakerArn } from "../../aws/target.js";
import type { AwsSession } from "../session.js";

/** What a tag's value may hold. */
export const longestValue = 256;

const arnOf = ({ target }: AwsSession, endpoint: string): string => sagemakerArn(target, `endpoint/${endpoint}`);

/** The tags of an endpoint. */
export async function readTags(session: AwsSession, endpoint: string): Promise<ReadonlyMap<string, string>> {
  const { Tags = [] } = await session.call("sagemaker", "ListTags", { ResourceArn: arnOf(session, endpoint) });
  return new Map(Tags.map(({ Key = "", Value = "" }) => [Key, Value]));
}

/** Gives an endpoint tags, if there are any to give. */
export async function writeTags(
  session: AwsSession,
  endpoint: string,
  tags: readonly { readonly Key: string; readonly Value: string }[],
): Promise<void> {
  if (tags.length > 0)
    await session.call("sagemaker", "AddTags", { ResourceArn: arnOf(session, endpoint), Tags: [...tags] });
}
