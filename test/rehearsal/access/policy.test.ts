import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { arnLike, like } from "../../../src/rehearsal/access/match.js";
import { readPolicy, type Act } from "../../../src/rehearsal/access/policy.js";
import { budget } from "../../helpers/budget.js";

const bucket = "arn:aws:s3:::amzn-s3-demo-bucket";

describe("patterns of ARNs, by the cases of IAM's documentation", () => {
  it.each([
    ["*", "arn:aws:sns:us-east-1:123456789012:topic", true],
    [`${bucket}/*`, `${bucket}/a/b.txt`, true],
    [`${bucket}/*`, bucket, false],
    [`${bucket}/*/test/*`, `${bucket}/1/test/object.jpg`, true],
    [`${bucket}/*/test/*`, `${bucket}/1/2/test/object.jpg`, true],
    [`${bucket}/*/test/*`, `${bucket}/1/2/test/3/object.jpg`, true],
    [`${bucket}/*/test/*`, `${bucket}/1-test/object.jpg`, false],
    [`${bucket}/*/test/*`, `${bucket}/test/object.jpg`, false],
    ["arn:aws:iam::123456789012:user/accounting/*", "arn:aws:iam::123456789012:user/accounting/Bob", true],
    ["arn:aws:iam::123456789012:user/Bob", "arn:aws:iam::123456789012:user/bob", false],
    ["arn:aws:sqs:*:123456789012:queue1", "arn:aws:sqs:us-east-2:123456789012:queue1", true],
    ["arn:aws:sqs:us-*-2:123456789012:queue?", "arn:aws:sqs:us-east-2:123456789012:queue1", true],
    ["arn:aws:sqs:us-east-2:123456789012:queue?", "arn:aws:sqs:us-east-2:123456789012:queue", false],
    // A star at the end of a segment reaches beyond a colon; another one and a question mark don't.
    ["arn:aws:logs:*:log-group:x", "arn:aws:logs:us-east-1:123456789012:log-group:x", true],
    ["arn:aws:lambda:us-east-1:1:function:churn-*", "arn:aws:lambda:us-east-1:1:function:churn-a:live", true],
    ["arn:aws:lambda:us-east-1:1:function:*-a", "arn:aws:lambda:us-east-1:1:function:churn:b-a", false],
    ["arn:aws:lambda:us-east-1:1:function?churn", "arn:aws:lambda:us-east-1:1:function:churn", false],
    ["arn:aws:s3:::a.b", "arn:aws:s3:::aXb", false],
    ["arn:aws:s3:::a(b)[c]+$", "arn:aws:s3:::a(b)[c]+$", true],
  ])("%s for %s: %s", (pattern, arn, expected) => expect(arnLike(pattern)(arn)).toBe(expected));

  /** The same rule, a character at a time. */
  function fits(glob: string, text: string): boolean {
    if (glob === "") return text === "";
    const [first, rest] = [glob.charAt(0), glob.slice(1)];
    if (first === "*") {
      const reaches = rest === "" || rest.startsWith(":");
      return fits(rest, text) || (text !== "" && (reaches || !text.startsWith(":")) && fits(glob, text.slice(1)));
    }
    const isFit = first === "?" ? text !== "" && !text.startsWith(":") : text.startsWith(first);
    return isFit && fits(rest, text.slice(1));
  }

  it("agree with a plain reading of the rule", () => {
    const glob = fc.string({ unit: fc.constantFrom("a", "b", ":", "*", "?", "/", "."), maxLength: 10 });
    const text = fc.string({ unit: fc.constantFrom("a", "b", ":", "/", "."), maxLength: 10 });
    fc.assert(
      fc.property(glob, text, (pattern, arn) => {
        expect(arnLike(pattern)(arn)).toBe(fits(pattern, arn));
      }),
      { numRuns: budget(2000) },
    );
  });

  it("of texts know no segments", () => {
    expect(like("a*z")("a:b:z")).toBe(true);
    expect(like("a?z")("a:z")).toBe(true);
    expect(like("s3:get*", "i")("s3:GetObject")).toBe(true);
    expect(like("s3:get*")("s3:GetObject")).toBe(false);
  });
});

const act = (context: Act["context"] = {}, action = "s3:GetObject", resource = `${bucket}/a`): Act => ({
  action,
  resource,
  context,
});
const allow = { Effect: "Allow", Action: "s3:*", Resource: "*" } as const;

function effect(statement: object | readonly object[], asked: Act = act()): string | undefined {
  const policy = readPolicy({ Version: "2012-10-17", Statement: statement });
  if (typeof policy === "string") throw new Error(policy);
  return policy(asked);
}

describe("statements", () => {
  it.each<[string, object | readonly object[], string | undefined]>([
    ["nothing is allowed by default", [], undefined],
    ["an allowed action", allow, "Allow"],
    ["an explicit deny wins, wherever it stands", [allow, { ...allow, Effect: "Deny" }, allow], "Deny"],
    ["actions are not case-sensitive", { ...allow, Action: ["S3:GETOBJECT"] }, "Allow"],
    ["another action", { ...allow, Action: "s3:Put*" }, undefined],
    ["another service", { ...allow, Action: "sqs:*" }, undefined],
    ["all actions", { ...allow, Action: "*" }, "Allow"],
    ["all but one action", { Effect: "Allow", NotAction: "s3:DeleteObject", Resource: "*" }, "Allow"],
    ["all but this action", { Effect: "Allow", NotAction: "s3:Get*", Resource: "*" }, undefined],
    ["one of several resources", { ...allow, Resource: ["arn:aws:s3:::other/*", `${bucket}/*`] }, "Allow"],
    ["the bucket is not its objects", { ...allow, Resource: bucket }, undefined],
    ["a deny of all else", { Effect: "Deny", Action: "*", NotResource: `${bucket}/*` }, undefined],
  ])("%s", (_, statement, expected) => expect(effect(statement)).toBe(expected));
});

describe("conditions, by the cases of IAM's documentation", () => {
  const one = { "aws:requesttag/stage": ["dev"] };
  const many = { "aws:tagkeys": ["project", "stage"] };
  it.each<[string, Act["context"], object, boolean]>([
    ["equal", one, { StringEquals: { "aws:RequestTag/stage": "dev" } }, true],
    ["equal, but for the case of the value", one, { StringEquals: { "aws:RequestTag/stage": "Dev" } }, false],
    ["the case of a key does not count", one, { StringEquals: { "AWS:requestTAG/stage": "dev" } }, true],
    ["one of several values", one, { StringEquals: { "aws:RequestTag/stage": ["prod", "dev"] } }, true],
    ["a key that the request lacks", {}, { StringEquals: { "aws:RequestTag/stage": "dev" } }, false],
    ["the same, if it exists", {}, { StringEqualsIfExists: { "aws:RequestTag/stage": "dev" } }, true],
    ["if it exists, and differs", one, { StringEqualsIfExists: { "aws:RequestTag/stage": "prod" } }, false],
    ["not equal", one, { StringNotEquals: { "aws:RequestTag/stage": "prod" } }, true],
    ["not equal to any of several", one, { StringNotEquals: { "aws:RequestTag/stage": ["prod", "dev"] } }, false],
    ["not equal, where it lacks", {}, { StringNotEquals: { "aws:RequestTag/stage": "dev" } }, true],
    ["a pattern", one, { StringLike: { "aws:RequestTag/stage": "d?*" } }, true],
    ["a pattern where none is read", one, { StringEquals: { "aws:RequestTag/stage": "d*" } }, false],
    ["not a pattern", one, { StringNotLike: { "aws:RequestTag/stage": "d*" } }, false],
    ["whatever the case", one, { StringEqualsIgnoreCase: { "aws:RequestTag/stage": "DEV" } }, true],
    ["not, whatever the case", one, { StringNotEqualsIgnoreCase: { "aws:RequestTag/stage": "DEV" } }, false],
    ["yes or no", { "kms:grantisforawsresource": ["true"] }, { Bool: { "kms:GrantIsForAWSResource": true } }, true],
    [
      "yes or no, as a text",
      { "kms:grantisforawsresource": ["true"] },
      { Bool: { "kms:GrantIsForAWSResource": "false" } },
      false,
    ],
    ["there", one, { Null: { "aws:RequestTag/stage": "false" } }, true],
    ["not there", one, { Null: { "aws:RequestTag/owner": "true" } }, true],
    ["an ARN", { "aws:sourcearn": ["arn:aws:sns:r:1:t"] }, { ArnLike: { "aws:SourceArn": "arn:aws:sns:*:1:t" } }, true],
    [
      "another ARN",
      { "aws:sourcearn": ["arn:aws:sns:r:1:t"] },
      { ArnNotLike: { "aws:SourceArn": "arn:aws:sns:*" } },
      false,
    ],
    [
      "all of several values",
      many,
      { "ForAllValues:StringEquals": { "aws:TagKeys": ["project", "stage", "x"] } },
      true,
    ],
    ["not all", many, { "ForAllValues:StringEquals": { "aws:TagKeys": ["project"] } }, false],
    ["all of none", {}, { "ForAllValues:StringEquals": { "aws:TagKeys": ["project"] } }, true],
    ["any of several values", many, { "ForAnyValue:StringLike": { "aws:TagKeys": ["st*"] } }, true],
    ["any of none", {}, { "ForAnyValue:StringEquals": { "aws:TagKeys": ["project"] } }, false],
    [
      "every operator and every key must hold",
      { ...one, ...many },
      { StringEquals: { "aws:RequestTag/stage": "dev", "aws:RequestTag/owner": "me" } },
      false,
    ],
    [
      "two operators",
      { ...one, ...many },
      { StringEquals: { "aws:RequestTag/stage": "dev" }, "ForAnyValue:StringEquals": { "aws:TagKeys": "other" } },
      false,
    ],
  ])("%s", (_, context, Condition, expected) =>
    expect(effect({ ...allow, Condition }, act(context))).toBe(expected ? "Allow" : undefined),
  );
});

describe("a policy that the rehearsal cannot enforce", () => {
  it.each([
    ["an operator", { ...allow, Condition: { IpAddress: { "aws:SourceIp": "10.0.0.0/8" } } }, "operator IpAddress"],
    ["an element", { ...allow, Principal: "*" }, "Principal is not read"],
    ["an effect", { ...allow, Effect: "allow" }, "Effect must be"],
    ["two lists of actions", { ...allow, NotAction: "s3:*" }, "one of Action and NotAction"],
    ["no resource", { Effect: "Allow", Action: "*" }, "one of Resource and NotResource"],
  ])("says so: %s", (_, statement, message) => {
    expect(readPolicy({ Statement: [allow, statement] })).toMatch(`in statement 2, `);
    expect(readPolicy({ Statement: [allow, statement] })).toContain(message);
  });

  it("says so: no statement", () => expect(readPolicy({})).toBe("it has no Statement"));
});
