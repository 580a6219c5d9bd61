import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { InvalidArgumentError, type Command } from "commander";
import { ChurnkitError } from "../../base/errors.js";
import { updateFile } from "../../io/update-file.js";
import { keysText, newKey, parseKeys, scopes, type ApiKey, type Scope } from "../../serving/protection/index.js";
import { example } from "../help.js";
import { columns, print } from "../output.js";

interface Options {
  file: string;
  json?: boolean;
}

export function register(program: Command): void {
  const keys = program
    .command("keys")
    .description("API keys of a server: create, list, revoke; a running server follows the file")
    .addHelpText("after", example("churnkit keys create crm --scope predict --file keys.json"));
  const verb = (usage: string, description: string, shown: string): Command =>
    keys
      .command(usage)
      .description(description)
      .option("--file <file>", "the file of keys, as `churnkit serve --keys` takes it", "keys.json")
      .option("--json", "print one line of JSON")
      .addHelpText("after", example(`churnkit keys ${shown}`));
  verb("create <name>", "make a key and print it; the file keeps only its hash", "create crm --scope predict")
    .option(
      "--scope <scopes>",
      `what the key opens, separated by commas: ${scopes.join(", ")}`,
      scopesOption,
      usualScopes,
    )
    .action(create);
  verb("list", "list the keys: name, scopes, when they were made", "list").action(list);
  verb("revoke <name>", "remove a key", "revoke crm").action(revoke);
}

async function create(name: string, { file, scope, json }: Options & { scope: readonly Scope[] }): Promise<void> {
  const { secret, key } = newKey(name, scope);
  await change(file, (keys) => {
    if (keys.some((other) => other.name === name))
      throw new ChurnkitError(
        "OPTION_INVALID",
        `${file} has a key named ${name} already. Revoke it, or take another name.`,
      );
    return [...keys, key];
  });
  print(json, { name, scopes: key.scopes, key: secret }, secret);
}

async function list({ file, json }: Options): Promise<void> {
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw notThere(file, cause);
  });
  const shown = parseKeys(text, file).map(({ name, scopes: granted, created }) => ({ name, scopes: granted, created }));
  const rows = shown.map(({ name, scopes: granted, created }) => [name, granted.join(","), created ?? "-"]);
  print(json, { keys: shown }, columns([["name", "scopes", "created"], ...rows]));
}

async function revoke(name: string, { file, json }: Options): Promise<void> {
  if (!existsSync(file)) throw notThere(file);
  await change(file, (keys) => {
    if (!keys.some((key) => key.name === name))
      throw new ChurnkitError(
        "OPTION_INVALID",
        `${file} has no key named ${name}. \`churnkit keys list\` shows its keys.`,
      );
    return keys.filter((key) => key.name !== name);
  });
  print(json, { revoked: name }, `revoked ${name}`);
}

const notThere = (file: string, cause?: unknown): ChurnkitError =>
  new ChurnkitError("INPUT_NOT_FOUND", `${file} cannot be read. Make it with \`churnkit keys create\`.`, {
    where: { file },
    cause,
  });

/** Changes the file's keys; changes that are made at the same time all count. */
const change = (file: string, made: (keys: readonly ApiKey[]) => readonly ApiKey[]): Promise<void> =>
  updateFile(
    file,
    (before) => {
      const text = keysText(made(before === undefined ? [] : parseKeys(before, file)));
      // A name that the reader would refuse must not get into the file.
      parseKeys(text, file);
      return text;
    },
    { mode: 0o600 },
  );

const usualScopes: readonly Scope[] = ["predict"];

/** A repeated option adds to the scopes. */
function scopesOption(text: string, before: readonly Scope[]): readonly Scope[] {
  const given = text.split(",").map((word) => {
    const scope = scopes.find((known) => known === word.trim());
    if (scope === undefined) throw new InvalidArgumentError(`Scopes are ${scopes.join(", ")}.`);
    return scope;
  });
  return before === usualScopes ? given : [...before, ...given];
}
