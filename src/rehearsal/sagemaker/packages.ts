import type {
  CreateModelPackageInput,
  ListModelPackagesInput,
  UpdateModelPackageInput,
} from "@aws-sdk/client-sagemaker";
import { invalid } from "../front/aws-error.js";
import type { Service } from "../front/front.js";
import { pageOf } from "../front/pages.js";
import { arnOf } from "../place.js";
import { packageGroups, type PackageGroupsOptions } from "./package-groups.js";

/** A version in a group, as its description has it. */
export interface ModelPackage extends Omit<CreateModelPackageInput, "ClientToken" | "ModelPackageName"> {
  readonly ModelPackageArn: string;
  readonly ModelPackageGroupName: string;
  readonly ModelPackageVersion: number;
  readonly ModelPackageStatus: "Completed";
  readonly ModelApprovalStatus: NonNullable<CreateModelPackageInput["ModelApprovalStatus"]>;
  /** Seconds since 1970, as on the wire. */
  readonly CreationTime: number;
  readonly LastModifiedTime?: number;
  readonly ApprovalDescription?: string | undefined;
}

interface PackagesOptions extends PackageGroupsOptions {
  /** Is told each new package and each changed approval. */
  readonly onChange: (changed: ModelPackage) => void;
}

/** SageMaker's model registry: groups of numbered versions, which somebody approves. */
export function modelPackages({ clock, place, onChange }: PackagesOptions): Service {
  const packages = new Map<string, ModelPackage>();
  const byToken = new Map<string, string>();
  const now = (): number => clock.now() / 1000;
  const inGroup = (name: string): ModelPackage[] =>
    [...packages.values()].filter((each) => each.ModelPackageGroupName === name);
  const groups = packageGroups({ clock, place }, (name) => inGroup(name).length === 0);

  function packageOf(arn = ""): ModelPackage {
    const found = packages.get(arn);
    if (found === undefined) throw invalid(`ModelPackage ${arn} does not exist.`);
    return found;
  }

  function create({ ClientToken: token, ModelPackageName, ...input }: CreateModelPackageInput) {
    const known = token === undefined ? undefined : byToken.get(token);
    if (known !== undefined) return { ModelPackageArn: known };
    if (ModelPackageName !== undefined) throw invalid("The rehearsal keeps versions of groups only.");
    const group = groups.find(input.ModelPackageGroupName);
    const { name } = group;
    const ModelPackageVersion = ++group.versions;
    const made: ModelPackage = {
      ...input,
      ModelPackageGroupName: name,
      ModelPackageVersion,
      ModelPackageArn: arnOf(place, "sagemaker", `model-package/${name}/${ModelPackageVersion}`),
      ModelPackageStatus: "Completed",
      ModelApprovalStatus: input.ModelApprovalStatus ?? "PendingManualApproval",
      CreationTime: now(),
    };
    packages.set(made.ModelPackageArn, made);
    if (token !== undefined) byToken.set(token, made.ModelPackageArn);
    onChange(made);
    return { ModelPackageArn: made.ModelPackageArn };
  }

  function update({
    ModelPackageArn,
    CustomerMetadataPropertiesToRemove: gone = [],
    ...input
  }: UpdateModelPackageInput) {
    const former = packageOf(ModelPackageArn);
    const metadata = Object.entries({ ...former.CustomerMetadataProperties, ...input.CustomerMetadataProperties });
    const changed = {
      ...former,
      ...input,
      CustomerMetadataProperties: Object.fromEntries(metadata.filter(([key]) => !gone.includes(key))),
      LastModifiedTime: now(),
    } as ModelPackage;
    packages.set(former.ModelPackageArn, changed);
    if (changed.ModelApprovalStatus !== former.ModelApprovalStatus) onChange(changed);
    return { ModelPackageArn };
  }

  return {
    ...groups.service,
    CreateModelPackage: create,
    DescribeModelPackage: (input: { readonly ModelPackageName?: string }) => packageOf(input.ModelPackageName),
    ListModelPackages: (input: ListModelPackagesInput) => {
      const { ModelPackageGroupName: given, ModelApprovalStatus: approval, SortOrder = "Descending" } = input;
      const all = given === undefined ? [...packages.values()] : inGroup(groups.find(given).name);
      const found = all.filter((each) => approval === undefined || each.ModelApprovalStatus === approval);
      const { items, NextToken } = pageOf(SortOrder === "Descending" ? found.reverse() : found, input);
      return { ModelPackageSummaryList: items, NextToken };
    },
    UpdateModelPackage: update,
    DeleteModelPackage: (input: { readonly ModelPackageName?: string }) =>
      void packages.delete(packageOf(input.ModelPackageName).ModelPackageArn),
  };
}
