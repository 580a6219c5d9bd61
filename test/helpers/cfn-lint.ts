import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cfnLintPath } from "./moto.js";

interface Finding {
  readonly Filename: string;
  readonly Level: string;
  readonly Rule: { readonly Id: string };
  readonly Location: { readonly Path: readonly (string | number)[] | null };
  readonly Message: string;
}

/** What cfn-lint says of templates, by their names: `churn-dev: Warning W3005 Resources/Own/DependsOn/1 ...`. Call `awsPython` first. */
export function cfnLint(templates: Readonly<Record<string, object>>): string[] {
  const folder = mkdtempSync(join(tmpdir(), "churnkit-cfn-lint-"));
  try {
    for (const [name, template] of Object.entries(templates))
      writeFileSync(join(folder, `${name}.json`), JSON.stringify(template));
    const files = Object.keys(templates).map((name) => join(folder, `${name}.json`));
    const { stdout, stderr } = spawnSync(cfnLintPath, ["--format", "json", "--template", ...files], {
      encoding: "utf8",
      maxBuffer: 2 ** 26,
    });
    if (!stdout.trimStart().startsWith("[")) throw new Error(`cfn-lint failed: ${stderr.slice(-2000)}`);
    return (JSON.parse(stdout) as Finding[]).map(({ Filename, Level, Rule, Location, Message }) => {
      const name = Filename.slice(folder.length + 1, -".json".length);
      return `${name}: ${Level} ${Rule.Id} ${(Location.Path ?? []).join("/")} ${Message}`;
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
