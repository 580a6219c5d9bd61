/** Variables of AWS, except settings of the SDKs themselves. */
const decisive = /^AWS_(?!SDK_)/;

/**
 * Sets the variables by which clients of AWS find a rehearsal, and unsets all others: a profile, or the address of one service, would
 * lead them to AWS itself.
 *
 * @returns how to have the former variables back.
 */
export function enterRehearsal(url: string, region: string): () => void {
  const formerly = Object.entries(process.env).filter(([name]) => decisive.test(name));
  const put = (variables: Readonly<Record<string, string | undefined>>): void => {
    for (const name of Object.keys(process.env)) if (decisive.test(name)) Reflect.deleteProperty(process.env, name);
    Object.assign(process.env, variables);
  };
  const key = "rehearsal";
  put({ AWS_ENDPOINT_URL: url, AWS_REGION: region, AWS_ACCESS_KEY_ID: key, AWS_SECRET_ACCESS_KEY: key });
  return () => put(Object.fromEntries(formerly));
}
