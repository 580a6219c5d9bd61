import { ChurnkitError } from "../../base/errors.js";
import { AwsError, innerJson } from "../front/aws-error.js";
import type { AwsPlace } from "../place.js";
import { actsOf, tagsIn, type Asked, type Tags } from "./acts.js";
import { like } from "./match.js";
import { actionsIn, readPolicy, type Act, type Policy, type PolicyDocument } from "./policy.js";
import { textIn, type Members } from "./resources.js";

/** An action that somebody used. */
export interface ExercisedAction {
  /** The name of a role, or an access key. */
  readonly caller: string;
  readonly action: string;
  readonly resource: string;
}

/** What a role did, and what its policies say of that. Actions are sorted. */
export interface RolePermissions {
  readonly role: string;
  /** Actions that it used. */
  readonly used: readonly string[];
  /** Actions that its policies allow and that it did not use, as they write them. */
  readonly unused: readonly string[];
  /** Actions that it used, on some resource, although none of its policies allows that. Empty for who has no policies here. */
  readonly notAllowed: readonly string[];
}

/** Who may do what. */
export interface Permissions {
  /**
   * Lets a call pass, and remembers the actions that it needs.
   *
   * @param caller an access key, or the ARN of a role.
   * @throws AwsError as AWS refuses a call.
   */
  admit(caller: string, asked: Asked): void;
  readonly exercised: readonly ExercisedAction[];
  readonly roles: readonly RolePermissions[];
}

/** A policy of a role, with the actions that it allows. */
interface Held {
  readonly says: Policy;
  readonly actions: readonly string[];
}

export interface PermissionsOptions {
  readonly place: AwsPlace;
  /** The policies of each role, by its name or ARN; without them everything is allowed. */
  readonly policies?: Readonly<Record<string, PolicyDocument | readonly PolicyDocument[]>> | undefined;
  /** Is told why a call is denied. */
  readonly onDenied: (reason: string) => void;
  /** Is told what is not known here. */
  readonly onNote: (note: string) => void;
}

/** The name of a role by its ARN. A client acts as the role that its access key names. */
export const nameOf = (caller: string): string => caller.replace(/^arn:.*\//, "");

export function permissionsOf({ place, policies, onDenied, onNote }: PermissionsOptions): Permissions {
  const roles = new Map<string, Map<string, Held>>();
  const managed = new Map<string, Held>();
  const exercised = new Map<string, ExercisedAction & { readonly isAllowed: boolean }>();
  const tags: Tags = new Map();
  for (const [role, documents] of Object.entries(policies ?? {})) {
    const read = [documents].flat().map((document, i): [string, Held] => [`given ${i}`, given(role, document)]);
    roles.set(nameOf(role), new Map(read));
  }

  function admit(caller: string, asked: Asked): void {
    const name = nameOf(caller);
    const acts = actsOf(asked, place, tags);
    const allowed = acts.map((act) => check(name, act));
    for (const [i, { action, resource }] of acts.entries()) {
      const entry = { caller: name, action, resource, isAllowed: allowed[i] === true };
      exercised.set(JSON.stringify([name, action, resource]), entry);
    }
    remember(asked, acts[0]?.resource ?? "*");
  }

  /** Whether a role's policies allow an act. @throws AwsError if they don't and are enforced. */
  function check(name: string, act: Act): boolean {
    const of = roles.get(name);
    const effects = [...(of?.values() ?? [])].map(({ says }) => says(act));
    if (effects.includes("Allow") && !effects.includes("Deny")) return true;
    if (policies === undefined) return false;
    const error =
      of === undefined ? unknown(name) : denied(`${place.account}:assumed-role/${name}`, act, effects.includes("Deny"));
    onDenied(error.message);
    throw error;
  }

  /** Keeps the tags that a call gives, and the policies that a call of IAM puts. */
  function remember({ service, operation, input }: Asked, resource: string): void {
    if (typeof input !== "object" || input === null) return;
    const members = input as Members;
    const given = tagsIn(members);
    if (Object.keys(given).length > 0) tags.set(resource, { ...tags.get(resource), ...given });
    if (service === "iam") learn(operation, members);
  }

  function learn(operation: string, input: Members): void {
    const role = textIn(input, "RoleName");
    const of = roles.get(role);
    const [name, arn] = [textIn(input, "PolicyName"), textIn(input, "PolicyArn")];
    if (operation === "CreateRole" && of === undefined) roles.set(role, new Map());
    if (operation === "DeleteRole") roles.delete(role);
    if (operation === "PutRolePolicy") of?.set(name, put(textIn(input, "PolicyDocument")));
    if (operation === "DeleteRolePolicy") of?.delete(name);
    if (operation === "CreatePolicy") {
      const path = textIn(input, "Path") || "/";
      managed.set(`arn:aws:iam::${place.account}:policy${path}${name}`, put(textIn(input, "PolicyDocument")));
    }
    if (operation === "DetachRolePolicy") of?.delete(arn);
    if (operation === "AttachRolePolicy") {
      const policy = managed.get(arn);
      if (policy === undefined) onNote(`The policy ${arn} is not known here, so it allows nothing.`);
      else of?.set(arn, policy);
    }
  }

  return {
    admit,
    get exercised() {
      return [...exercised.values()].map(({ caller, action, resource }) => ({ caller, action, resource }));
    },
    get roles() {
      const acts = [...exercised.values()];
      const names = new Set([...roles.keys(), ...acts.map(({ caller }) => caller)]);
      return [...names].sort().map((role) =>
        rolePermissions(
          role,
          roles.get(role),
          acts.filter(({ caller }) => caller === role),
        ),
      );
    },
  };
}

function rolePermissions(
  role: string,
  policies: ReadonlyMap<string, Held> | undefined,
  acts: readonly { readonly action: string; readonly isAllowed: boolean }[],
): RolePermissions {
  const sorted = (actions: readonly string[]): string[] => [...new Set(actions)].sort();
  const used = sorted(acts.map(({ action }) => action));
  const allowed = [...(policies?.values() ?? [])].flatMap(({ actions }) => actions);
  return {
    role,
    used,
    unused: sorted(allowed.filter((pattern) => !used.some(like(pattern, "i")))),
    notAllowed:
      policies === undefined ? [] : sorted(acts.flatMap(({ action, isAllowed }) => (isAllowed ? [] : action))),
  };
}

function denied(role: string, { action, resource }: Act, isExplicit: boolean): AwsError {
  const why = isExplicit
    ? "with an explicit deny in an identity-based policy"
    : `because no identity-based policy allows the ${action} action`;
  const what = `User: arn:aws:sts::${role}/rehearsal is not authorized to perform: ${action} on resource: ${resource} ${why}`;
  return new AwsError("AccessDeniedException", what, 403);
}

const unknown = (name: string): AwsError =>
  new AwsError(
    "UnrecognizedClientException",
    `The security token included in the request is invalid: no role ${name} has policies here.`,
    403,
  );

function given(role: string, document: PolicyDocument): Held {
  const says = readPolicy(document);
  if (typeof says !== "string") return { says, actions: actionsIn(document) };
  throw new ChurnkitError("OPTION_INVALID", `The policy of ${role} cannot be enforced: ${says}.`);
}

function put(text: string): Held {
  const document = innerJson(text, "MalformedPolicyDocument");
  const says = readPolicy(document);
  if (typeof says !== "string") return { says, actions: actionsIn(document as PolicyDocument) };
  throw new AwsError("MalformedPolicyDocument", `The rehearsal cannot enforce this policy: ${says}.`);
}
