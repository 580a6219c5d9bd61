// Rooms import each other by doors, files that only re-export. esbuild counts all files behind a door as used by whoever imports
// one name of it, and so puts them into every entry. This plugin names the file behind the door before esbuild looks.
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, relative, resolve } from "node:path";
import type { Plugin } from "esbuild";

/** A name that a door re-exports: the file it comes from, and its name there. */
interface Behind {
  readonly name: string;
  readonly file: string;
}

const reExport = /^export \{([^}]*)\} from "([^"]*)";/gm;
const statement = /^(import|export) (type )?\{([^}]*)\} from "(\.[^"]*\/index\.js)";/gm;

/** For each name that a door re-exports, the file it comes from and its name there. */
const namesBehind = (door: string): ReadonlyMap<string, Behind> => {
  const names = new Map<string, Behind>();
  for (const [, list = "", from = ""] of readFileSync(door, "utf8").matchAll(reExport))
    for (const [name, exported] of named(list)) names.set(exported, { name, file: source(dirname(door), from) });
  return names;
};

/** The values of a list of names, with their aliases; a build has no types. */
const named = (list: string): (readonly [name: string, alias: string])[] =>
  list
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "" && !part.startsWith("type "))
    .map((part) => part.split(" as "))
    .map(([name = "", alias = name]) => [name, alias]);

const source = (folder: string, specifier: string): string => resolve(folder, specifier.replace(/\.js$/, ".ts"));

/** The text of a file with each import of a door replaced by imports of the files behind it. */
function throughDoors(path: string, text: string, behind: (door: string) => ReadonlyMap<string, Behind>): string {
  const folder = dirname(path);
  const direct = (
    whole: string,
    keyword: string,
    type: string | undefined,
    list: string,
    specifier: string,
  ): string => {
    if (type !== undefined) return "";
    const names = behind(source(folder, specifier));
    const statements = named(list).map(([name, alias]) => {
      const found = names.get(name);
      if (!found) return undefined;
      const inner = `./${relative(folder, found.file).replace(/\.ts$/, ".js")}`;
      return `${keyword} { ${found.name} as ${alias} } from "${inner}";`;
    });
    return statements.includes(undefined) ? whole : statements.join(" ");
  };
  return text.replace(statement, direct);
}

/** The esbuild plugin. */
export const doors: Plugin = {
  name: "doors",
  setup(build) {
    const known = new Map<string, ReadonlyMap<string, Behind>>();
    const behind = (door: string): ReadonlyMap<string, Behind> => {
      const names = known.get(door) ?? namesBehind(door);
      known.set(door, names);
      return names;
    };
    build.onLoad({ filter: /\/src\/.*\.ts$/ }, async ({ path }) => ({
      loader: "ts",
      contents: throughDoors(path, await readFile(path, "utf8"), behind),
    }));
  },
};
