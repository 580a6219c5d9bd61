/** The account and region that a rehearsal stands for. */
export interface AwsPlace {
  /** 12 digits. */
  readonly account: string;
  readonly region: string;
}

/** The ARN of something in a place: `arnOf(place, "events", "rule/weekly")`. */
export const arnOf = ({ account, region }: AwsPlace, service: string, resource: string): string =>
  `arn:aws:${service}:${region}:${account}:${resource}`;
