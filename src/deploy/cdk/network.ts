import { GatewayVpcEndpointAwsService, InterfaceVpcEndpointAwsService, type IVpc } from "aws-cdk-lib/aws-ec2";

/** The services that jobs, endpoints and functions in a network without internet call. */
const services = {
  SagemakerApi: InterfaceVpcEndpointAwsService.SAGEMAKER_API,
  SagemakerRuntime: InterfaceVpcEndpointAwsService.SAGEMAKER_RUNTIME,
  EcrApi: InterfaceVpcEndpointAwsService.ECR,
  EcrDocker: InterfaceVpcEndpointAwsService.ECR_DOCKER,
  Logs: InterfaceVpcEndpointAwsService.CLOUDWATCH_LOGS,
  Monitoring: InterfaceVpcEndpointAwsService.CLOUDWATCH_MONITORING,
  Kms: InterfaceVpcEndpointAwsService.KMS,
  Sts: InterfaceVpcEndpointAwsService.STS,
  States: InterfaceVpcEndpointAwsService.STEP_FUNCTIONS,
  Secrets: InterfaceVpcEndpointAwsService.SECRETS_MANAGER,
};

/** Ways from a network to AWS that do not leave it. */
export function endpointsOf(vpc: IVpc): void {
  vpc.addGatewayEndpoint("S3", { service: GatewayVpcEndpointAwsService.S3 });
  for (const [id, service] of Object.entries(services)) vpc.addInterfaceEndpoint(id, { service });
}
