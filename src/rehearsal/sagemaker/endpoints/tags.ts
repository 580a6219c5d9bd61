import type { AddTagsInput, DeleteTagsInput, ListTagsInput, Tag } from "@aws-sdk/client-sagemaker";
import { invalid } from "../../front/aws-error.js";
import type { Service } from "../../front/front.js";

/** Tags of resources by ARN. */
export interface Tags {
  /** Gives a new resource its tags. */
  set(arn: string, tags: readonly Tag[] | undefined): void;
  /** Forgets a deleted resource. */
  drop(arn: string): void;
  of(arn: string): readonly Tag[];
  readonly service: Service;
  /** A service whose Create calls give their resources the tags that they came with. */
  readonly tagged: (service: Service) => Service;
}

const mostTags = 50;

/** Tags by their keys, as events have them. */
export const tagsByKey = (tags: readonly Tag[]): Record<string, string> =>
  Object.fromEntries(tags.map(({ Key = "", Value = "" }) => [Key, Value]));

export function tagStore(): Tags {
  const known = new Map<string, Map<string, string>>();
  const listed = (tags: ReadonlyMap<string, string>): Tag[] => [...tags].map(([Key, Value]) => ({ Key, Value }));

  function find(arn = ""): Map<string, string> {
    const tags = known.get(arn);
    if (tags === undefined) throw invalid(`Could not find the resource "${arn}".`);
    return tags;
  }

  const set = (arn: string, tags: readonly Tag[] = []): void =>
    void known.set(arn, new Map(Object.entries(tagsByKey(tags))));

  return {
    set,
    drop: (arn) => void known.delete(arn),
    of: (arn) => listed(known.get(arn) ?? new Map<string, string>()),
    tagged: (service) =>
      Object.fromEntries(
        Object.entries(service).map(([name, run]) => [name, name.startsWith("Create") ? tagging(run, set) : run]),
      ),
    service: {
      AddTags: ({ ResourceArn, Tags = [] }: AddTagsInput) => {
        const tags = find(ResourceArn);
        for (const { Key = "", Value = "" } of Tags) tags.set(Key, Value);
        if (tags.size > mostTags) throw invalid(`A resource has at most ${mostTags} tags.`);
        return { Tags: listed(tags) };
      },
      ListTags: ({ ResourceArn }: ListTagsInput) => ({ Tags: listed(find(ResourceArn)) }),
      DeleteTags: ({ ResourceArn, TagKeys = [] }: DeleteTagsInput) => {
        const tags = find(ResourceArn);
        for (const key of TagKeys) tags.delete(key);
        return {};
      },
    },
  };
}

/** A Create call whose answer names the new resource. */
const tagging =
  (run: Service[string], set: Tags["set"]) =>
  async (input: never): Promise<unknown> => {
    const output = await run(input);
    const arn = Object.values(output as Readonly<Record<string, unknown>>).find(
      (value) => typeof value === "string" && value.startsWith("arn:"),
    );
    if (typeof arn === "string") set(arn, (input as { readonly Tags?: readonly Tag[] }).Tags);
    return output;
  };
