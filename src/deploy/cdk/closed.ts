import { BlockPublicAccess, ObjectOwnership } from "aws-cdk-lib/aws-s3";

/** What every bucket has. */
export const closed = {
  blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
  enforceSSL: true,
  objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
} as const;
