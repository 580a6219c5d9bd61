import type { Properties } from "../properties.js";
import { type Kind, type Made, putKind, type Surroundings } from "./kind.js";

const naming = ["ServiceNamespace", "ResourceId", "ScalableDimension"] as const;

/** How requests name a target, from the id that `Ref` gives. */
function nameOf(id: string): object {
  const [ResourceId, ScalableDimension, ServiceNamespace] = id.split("|");
  return { ServiceNamespace, ResourceId, ScalableDimension };
}

async function register(properties: Properties, { wire }: Surroundings, made?: Made): Promise<Made> {
  const name = properties.some(...naming);
  const bounds = properties.some("MinCapacity", "MaxCapacity", "RoleARN", "SuspendedState");
  await wire.json("application-autoscaling", "RegisterScalableTarget", { ...name, ...bounds });
  const actions = (properties.take("ScheduledActions") ?? []) as readonly { readonly ScheduledActionName: string }[];
  for (const action of actions)
    await wire.json("application-autoscaling", "PutScheduledAction", { ...name, ...action });
  const parts = actions.map(({ ScheduledActionName }) => ScheduledActionName);
  for (const ScheduledActionName of made?.parts ?? [])
    if (!parts.includes(ScheduledActionName))
      await wire.json("application-autoscaling", "DeleteScheduledAction", { ...name, ScheduledActionName });
  return { id: [name["ResourceId"], name["ScalableDimension"], name["ServiceNamespace"]].join("|"), parts };
}

const target: Kind = {
  named: "ResourceId",
  create: register,
  update: register,
  remove: ({ id }, { wire }) => wire.json("application-autoscaling", "DeregisterScalableTarget", nameOf(id)),
};

const policy = putKind({
  named: "PolicyName",
  create: async (properties, { wire }) => {
    const PolicyName = properties.text("PolicyName");
    const name = properties.some(...naming);
    const request = { PolicyName, ...name, ...properties.rest() };
    const { PolicyARN } = await wire.json("application-autoscaling", "PutScalingPolicy", request);
    const { ResourceId, ScalableDimension, ServiceNamespace } = name;
    return { id: String(PolicyARN), parts: [PolicyName, [ResourceId, ScalableDimension, ServiceNamespace].join("|")] };
  },
  remove: ({ parts: [PolicyName, of = ""] = [] }, { wire }) =>
    wire.json("application-autoscaling", "DeleteScalingPolicy", { PolicyName, ...nameOf(of) }),
});

export const scalingKinds: Readonly<Record<string, Kind>> = {
  "AWS::ApplicationAutoScaling::ScalableTarget": target,
  "AWS::ApplicationAutoScaling::ScalingPolicy": policy,
};
