import type { MlflowConnection } from "./mlflow-connection.js";

/** The credentials that MLflow's own clients read from the environment. */
export function mlflowCredentials(
  env: Readonly<Record<string, string | undefined>>,
): Pick<MlflowConnection, "token" | "username" | "password"> {
  const { MLFLOW_TRACKING_TOKEN: token, MLFLOW_TRACKING_USERNAME: username, MLFLOW_TRACKING_PASSWORD: password } = env;
  return { token, username, password };
}
