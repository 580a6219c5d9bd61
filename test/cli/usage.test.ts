import { beforeAll, describe, expect, it } from "vitest";
import { version } from "../../src/base/version.js";
import { newFolder } from "../helpers/folder.js";
import { cli, cliHere, errorLine, header, put, quick, rows } from "./cli.js";

const folder = newFolder();
beforeAll(() => void put(folder, "customers.csv", [header, ...rows(60)]));

describe("wrong use ends with 2 and one line", () => {
  it.each([
    { why: "an unknown verb", args: ["frobnicate"], says: /unknown command 'frobnicate'/ },
    { why: "an unknown verb of registry", args: ["registry", "frobnicate"], says: /unknown command 'frobnicate'/ },
    {
      why: "an unknown option",
      args: ["train", "customers.csv", "--out", "m", "--nope"],
      says: /unknown option '--nope'/,
    },
    { why: "a missing argument", args: ["evaluate", "m"], says: /missing required argument 'file'/ },
    {
      why: "a missing option",
      args: ["train", "customers.csv", "--target", "Churn"],
      says: /'--out <dir>' not specified/,
    },
    {
      why: "an option without its value",
      args: ["train", "customers.csv", "--out"],
      says: /'--out <dir>' argument missing/,
    },
    { why: "an argument too many", args: ["init", "customers.csv", "more.csv"], says: /too many arguments/ },
    {
      why: "an unknown learner",
      args: ["train", "customers.csv", ...quick, "--out", "m", "--learner", "magic"],
      says: /Unknown learner "magic".*network.*logistic/,
    },
    {
      why: "a seed that is none",
      args: ["train", "customers.csv", ...quick, "--out", "m", "--seed", "1.5"],
      says: /'--seed <number>'.*whole number/,
    },
    {
      why: "a count that is none",
      args: ["train", "customers.csv", ...quick, "--out", "m", "--epochs", "0"],
      says: /'--epochs <number>'.*1 or more/,
    },
    { why: "no target", args: ["train", "customers.csv", "--out", "m"], says: /--target COLUMN/ },
    {
      why: "an impossible delimiter",
      args: ["init", "customers.csv", "--delimiter", "xx"],
      says: /delimiter "xx" cannot separate/,
    },
    {
      why: "an unknown gate",
      args: ["registry", "register", "m", "--gate", "magic"],
      says: /'--gate <gate>'.*Use one of/,
    },
  ])("$why", async ({ args, says }) => {
    const ended = await cliHere(folder, ...args);
    expect(errorLine(ended)).toMatch(says);
    expect(ended.err.trimEnd().split("\n")).toHaveLength(1);
    expect(ended.code).toBe(2);
  });
});

describe("help", () => {
  it("lists every verb and ends with 0", async () => {
    const { code, out, err } = await cli(folder, "--help");
    for (const verb of ["init", "validate", "train", "predict", "evaluate", "drift", "serve", "registry", "pipeline"]) {
      expect(out).toMatch(new RegExp(`^  ${verb} `, "m"));
    }
    expect([code, err]).toEqual([0, ""]);
  });

  it("is there for a verb", async () => {
    const { code, out } = await cli(folder, "train", "--help");
    expect(out).toMatch(/--test-rows <file>/);
    expect(code).toBe(0);
  });

  it("goes to stderr with 2 where no verb is given", async () => {
    const { code, out, err } = await cli(folder);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toMatch(/^Usage: churnkit/);
  });
});

it("tells its version", async () =>
  expect(await cli(folder, "--version")).toEqual({ code: 0, out: `${version}\n`, err: "" }));
