import type { MlflowConnection } from "./mlflow-connection.js";

/** The credentials that MLflow's own clients read from the environment. */
export function mlflowCredentials(
  env: Readonly<Record<string, string | undefined>>,
): Pick<MlflowConnection, "token" | "username" | "password"> {
  // Empty is as good as missing, such as a secret that a build does not have.
  const given = (name: string): string | undefined => (env[name] === "" ? undefined : env[name]);
  return {
    token: given("MLFLOW_TRACKING_TOKEN"),
    username: given("MLFLOW_TRACKING_USERNAME"),
    password: given("MLFLOW_TRACKING_PASSWORD"),
  };
}
