import { type AwsTarget, arnOf, nameOf, partitionOf, sagemakerArn } from "../target.js";

/** A target as policies see it: ARNs of all that bears its name. */
export interface Place {
  readonly target: AwsTarget;
  readonly partition: ReturnType<typeof partitionOf>;
  /** The model package group of the registry. */
  readonly group: string;
  /** Namespace of the metrics of churnkit's monitors. */
  readonly namespace: string;
  /** Things of SageMaker whose names begin with the target's, by their kinds. */
  readonly own: (...kinds: readonly string[]) => string[];
  /** Things of SageMaker with any name. */
  readonly any: (...kinds: readonly string[]) => string[];
  /** Things of another service whose names begin with the target's; `path` comes before the name. */
  readonly named: (service: string, path: string) => string[];
}

export function placeOf(target: AwsTarget, group: string, namespace: string): Place {
  const name = nameOf(target);
  return {
    target,
    partition: partitionOf(target.region),
    group,
    namespace,
    own: (...kinds) =>
      kinds.flatMap((kind) => [sagemakerArn(target, `${kind}/${name}`), sagemakerArn(target, `${kind}/${name}-*`)]),
    any: (...kinds) => kinds.map((kind) => sagemakerArn(target, `${kind}/*`)),
    named: (service, path) => [arnOf(target, service, `${path}${name}`), arnOf(target, service, `${path}${name}-*`)],
  };
}

/** The repository of the target's image, which may be of another account. */
export function repositoryOf({ target: { image }, partition }: Place): string {
  const [host = "", ...path] = image.split("/");
  const [account, , , region] = host.split(".");
  return `arn:${partition}:ecr:${region ?? ""}:${account ?? ""}:repository/${path.join("/").replace(/[:@].*$/, "")}`;
}
