import type { Properties } from "../properties.js";
import { elementOf } from "../wire.js";
import { generated, type Kind, tagsIn } from "./kind.js";

/** Tags of a new resource, as EC2 takes them. */
const tagged = (type: string, properties: Properties): object => {
  const Tag = tagsIn(properties);
  return Tag.length === 0 ? {} : { TagSpecification: [{ ResourceType: type, Tag }] };
};

/** A security group's rule, as EC2 takes it. */
const permission = (rule: Properties): object => ({
  ...rule.some("IpProtocol", "FromPort", "ToPort"),
  IpRanges: [rule.some("CidrIp", "Description")],
});

/** What a new group lets out, until somebody says otherwise. */
const everything = { IpProtocol: "-1", IpRanges: [{ CidrIp: "0.0.0.0/0" }] };

const securityGroup: Kind = {
  create: async (properties, surroundings) => {
    const { wire } = surroundings;
    const answer = await wire.query("ec2", "CreateSecurityGroup", {
      GroupName: properties.text("GroupName", generated(surroundings)),
      ...properties.some("GroupDescription", "VpcId"),
      ...tagged("security-group", properties),
    });
    const GroupId = elementOf(answer, "groupId");
    const [lets, out] = [properties.items("SecurityGroupIngress"), properties.items("SecurityGroupEgress")];
    if (lets.length > 0)
      await wire.query("ec2", "AuthorizeSecurityGroupIngress", { GroupId, IpPermissions: lets.map(permission) });
    if (out.length > 0) {
      await wire.query("ec2", "RevokeSecurityGroupEgress", { GroupId, IpPermissions: [everything] });
      await wire.query("ec2", "AuthorizeSecurityGroupEgress", { GroupId, IpPermissions: out.map(permission) });
    }
    return { id: GroupId, attributes: { GroupId } };
  },
  remove: ({ id }, { wire }) => wire.query("ec2", "DeleteSecurityGroup", { GroupId: id }),
};

const endpoint: Kind = {
  create: async (properties, { wire }) => {
    const answer = await wire.query("ec2", "CreateVpcEndpoint", {
      ...properties.some("VpcId", "ServiceName", "VpcEndpointType", "PrivateDnsEnabled"),
      // The names of lists on the wire are those of one item.
      RouteTableId: properties.take("RouteTableIds"),
      SubnetId: properties.take("SubnetIds"),
      SecurityGroupId: properties.take("SecurityGroupIds"),
      ...tagged("vpc-endpoint", properties),
    });
    const id = elementOf(answer, "vpcEndpointId");
    return { id, attributes: { Id: id } };
  },
  remove: ({ id }, { wire }) => wire.query("ec2", "DeleteVpcEndpoints", { VpcEndpointId: [id] }),
};

/** They change by being replaced: the rehearsal's networks carry nothing. */
export const networkKinds: Readonly<Record<string, Kind>> = {
  "AWS::EC2::SecurityGroup": securityGroup,
  "AWS::EC2::VPCEndpoint": endpoint,
};
