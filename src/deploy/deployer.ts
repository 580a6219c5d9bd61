/** The version to deploy. */
export interface DeployRequest {
  /** Name of the endpoint. */
  readonly name: string;
  /** Version of the model, as its answers state it. */
  readonly version: string;
  /** The bundle: a folder or .tar.gz that the deployer can reach. */
  readonly bundle: string;
}

/** An endpoint on duty. */
export interface Deployment extends DeployRequest {
  /** Address of the endpoint. The next deployment under the name may have another. */
  readonly url: string;
}

/**
 * The port to wherever models serve. A deployment takes over only after it answered healthily with the requested
 * version. The former one serves until then, and continues if the new one fails. A caller that asks `current` for the
 * url before each request meets no failure during the switch. Changes of one endpoint happen in the order of the
 * calls.
 */
export interface Deployer {
  /** @throws ChurnkitError DEPLOY_FAILED when the new one never became healthy; the previous one is untouched. */
  deploy(request: DeployRequest): Promise<Deployment>;
  /** The deployed version under a name. */
  current(name: string): Promise<Deployment | undefined>;
  /** Takes an endpoint down, and waits until it is; a name without an endpoint is not an error. */
  remove(name: string): Promise<void>;
}
