// The rehearsal of the example, watched: it writes what each role used and did not use into the file CHURNKIT_ROLES. Or it takes an
// action from a role's policies, as CHURNKIT_WITHOUT says ("churn-dev-retrain s3:PutObject"), and ends at the first denial.
import { writeFileSync } from "node:fs";
import { setInterval } from "node:timers";
import * as real from "churnkit/rehearsal";

export const { startMoto, timelineHtml, timelineText } = real;
const { CHURNKIT_ROLES: file, CHURNKIT_WITHOUT: without } = process.env;
const [lessRole, lessAction] = (without ?? "").split(" ");

/** A policy of a role, without the action that is taken away. */
function documentOf(role, document) {
  if (role !== lessRole) return document;
  const left = (actions) => [actions].flat().filter((each) => each !== lessAction);
  const statements = [document.Statement].flat().map((each) => ({ ...each, Action: left(each.Action) }));
  return {
    ...document,
    Statement: statements.filter(({ Action }) => Action.length > 0),
  };
}

export async function rehearse({ permissions, ...options }) {
  const changed = Object.entries(permissions).map(([role, documents]) => [
    role,
    [documents].flat().map((document) => documentOf(role, document)),
  ]);
  const rehearsal = await real.rehearse({
    ...options,
    permissions: Object.fromEntries(changed),
  });
  if (without !== undefined) endAtDenial(rehearsal.timeline);
  const close = async () => {
    if (file !== undefined) writeFileSync(file, JSON.stringify(rehearsal.roles));
    await rehearsal.close();
  };
  return Object.defineProperties({}, { ...Object.getOwnPropertyDescriptors(rehearsal), close: { value: close } });
}

function endAtDenial(timeline) {
  let seen = 0;
  const look = () => {
    for (; seen < timeline.length; seen++) {
      if (timeline[seen].kind !== "denied") continue;
      console.log(`denied: ${timeline[seen].text}`);
      process.exit(3);
    }
  };
  setInterval(look, 100).unref();
}

export function applyTemplate(rehearsal, template, options) {
  const { Resources } = template;
  const less = (role, policy) => ({
    ...policy,
    PolicyDocument: documentOf(role, policy.PolicyDocument),
  });
  const changed = Object.entries(Resources).map(([id, resource]) => {
    const { Type, Properties } = resource;
    if (Type === "AWS::IAM::Role") {
      const Policies = Properties.Policies?.map((policy) => less(Properties.RoleName, policy));
      return [
        id,
        {
          ...resource,
          Properties: { ...Properties, ...(Policies && { Policies }) },
        },
      ];
    }
    if (Type !== "AWS::IAM::Policy") return [id, resource];
    const { RoleName } = Resources[Properties.Roles[0].Ref].Properties;
    return [id, { ...resource, Properties: less(RoleName, Properties) }];
  });
  return real.applyTemplate(rehearsal, { ...template, Resources: Object.fromEntries(changed) }, options);
}
