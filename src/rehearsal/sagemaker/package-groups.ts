import type { CreateModelPackageGroupInput, ListModelPackageGroupsInput } from "@aws-sdk/client-sagemaker";
import type { VirtualClock } from "../clock.js";
import { AwsError, invalid } from "../front/aws-error.js";
import type { Service } from "../front/front.js";
import { pageOf } from "../front/pages.js";
import { arnOf, type AwsPlace } from "../place.js";

/** A group of versions. */
interface PackageGroup {
  readonly name: string;
  readonly description: object;
  /** The number of the latest version that was ever in it. */
  versions: number;
}

interface PackageGroups {
  readonly service: Service;
  /** The group of a name or an ARN. */
  find(given: string | undefined): PackageGroup;
}

export interface PackageGroupsOptions {
  readonly clock: VirtualClock;
  readonly place: AwsPlace;
}

/** The groups of SageMaker's model registry. */
export function packageGroups(
  { clock, place }: PackageGroupsOptions,
  isEmpty: (group: string) => boolean,
): PackageGroups {
  const groups = new Map<string, PackageGroup>();
  const arn = (name: string): string => arnOf(place, "sagemaker", `model-package-group/${name}`);

  function find(given = ""): PackageGroup {
    const name = given.replace(/^arn:.*:model-package-group\//, "");
    const group = groups.get(name);
    if (group === undefined) throw invalid(`Model Package Group ${arn(name)} does not exist.`);
    return group;
  }

  const service: Service = {
    CreateModelPackageGroup: ({ ModelPackageGroupName: name = "", ...input }: CreateModelPackageGroupInput) => {
      const ModelPackageGroupArn = arn(name);
      if (groups.has(name)) throw invalid(`Model Package Group already exists: ${ModelPackageGroupArn}`);
      const own = { ModelPackageGroupName: name, ModelPackageGroupArn, ModelPackageGroupStatus: "Completed" };
      groups.set(name, { name, description: { ...input, ...own, CreationTime: clock.now() / 1000 }, versions: 0 });
      return { ModelPackageGroupArn };
    },
    DescribeModelPackageGroup: (input: { readonly ModelPackageGroupName?: string }) =>
      find(input.ModelPackageGroupName).description,
    DeleteModelPackageGroup: (input: { readonly ModelPackageGroupName?: string }) => {
      const { name } = find(input.ModelPackageGroupName);
      if (!isEmpty(name))
        throw new AwsError("ConflictException", `Model Package Group ${arn(name)} still has versions.`);
      groups.delete(name);
    },
    ListModelPackageGroups: (input: ListModelPackageGroupsInput) => {
      const found = [...groups.values()].filter(({ name }) => name.includes(input.NameContains ?? ""));
      const { items, NextToken } = pageOf(found, input);
      return { ModelPackageGroupSummaryList: items.map(({ description }) => description), NextToken };
    },
  };
  return { service, find };
}
