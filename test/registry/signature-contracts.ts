import fc from "fast-check";
import type { Column, Contract } from "../../src/data/contract/contract.js";
import { contractProblems } from "../../src/data/contract/check-contract.js";

const day = 86_400_000;
const words = ["a", "b", "N/A", "yes", "Yes", "no", "1", "0", "5"];
const some = (most: number): fc.Arbitrary<string[]> => fc.uniqueArray(fc.constantFrom(...words), { maxLength: most });
const limit = fc.constantFrom(-2, 0, 0.5, 1, 3);
const time = fc.constantFrom(0, day / 2, day, 3 * day, 3.5 * day);

const base = {
  role: fc.constantFrom("feature" as const, "feature" as const, "feature" as const, "id" as const, "ignored" as const),
  nullable: fc.boolean(),
  optional: fc.boolean(),
  missing: some(2),
};
const often: { requiredKeys: ("role" | "nullable" | "optional" | "missing")[] } = {
  requiredKeys: ["role", "nullable", "optional", "missing"],
};

/** Columns of every kind with few, close values, so that limits and lists meet. */
const shapes: readonly fc.Arbitrary<object>[] = [
  fc
    .record(
      {
        ...base,
        integer: fc.boolean(),
        min: limit,
        max: limit,
        exclusiveMin: limit,
        exclusiveMax: limit,
        multipleOf: fc.constantFrom(0.5, 2),
        default: fc.constant(1),
        unit: fc.constantFrom("m", "km"),
        numberFormat: fc.constantFrom({ decimal: "." }, { decimal: ",", suffix: "%" }),
      },
      { requiredKeys: [...often.requiredKeys, "integer"] },
    )
    .map((shape) => ({ ...shape, kind: "number" })),
  fc
    .record(
      { ...base, truthy: some(2), falsy: some(2), caseSensitive: fc.boolean(), default: fc.boolean() },
      { requiredKeys: [...often.requiredKeys, "truthy", "falsy", "caseSensitive"] },
    )
    .map((shape) => ({ ...shape, kind: "boolean" })),
  fc
    .record(
      {
        ...base,
        precision: fc.constantFrom("date", "datetime"),
        min: time,
        max: time,
        dateFormat: fc.constantFrom("dd/MM/yyyy", "MM/dd/yyyy"),
      },
      { requiredKeys: [...often.requiredKeys, "precision"] },
    )
    .map((shape) => ({ ...shape, kind: "date" })),
  fc.record({ ...base, levels: some(4), open: fc.boolean() }).map((shape) => ({ ...shape, kind: "category" })),
  fc.record({ ...base, maxLength: fc.constantFrom(1, 2, 3) }, often).map((shape) => ({ ...shape, kind: "text" })),
];

const names = ["x", "y", "toString"];
const columnNamed = (name: string): fc.Arbitrary<Column> =>
  fc.oneof(...shapes).map((shape) => ({ ...shape, name }) as Column);

const target = fc.constantFrom<readonly string[]>(["No", "Yes"], ["Yes", "No"], ["No", "Yes", "Maybe"]);

const contractOf = (columns: readonly Column[], classes: readonly string[], origin: Contract["origin"]): Contract => ({
  format: 1,
  name: "sample",
  origin,
  columns: [
    ...columns,
    {
      name: "churned",
      kind: "category",
      role: "target",
      nullable: false,
      optional: false,
      missing: [],
      levels: classes,
      open: false,
    },
  ],
  target: { column: "churned", classes, positive: "Yes" },
});

/** Two contracts that are sound and close to each other: most often they differ in one column or in none. */
export const contractPairs: fc.Arbitrary<readonly [Contract, Contract]> = fc
  .tuple(
    fc.tuple(...names.map(columnNamed)),
    fc.tuple(...names.map(columnNamed)),
    fc.array(fc.constantFrom("keep", "keep", "mix", "replace", "drop"), { minLength: 3, maxLength: 3 }),
    fc.tuple(target, target),
    fc.constantFrom<Contract["origin"]>("declared", "inferred"),
    fc.boolean(),
    fc.infiniteStream(fc.boolean()),
  )
  .map(
    ([columns, others, actions, [classes, otherClasses], origin, sameTarget, coin]): readonly [Contract, Contract] => {
      const flip = (): boolean => coin.next().value === true;
      const changed = columns.flatMap((column, i): Column[] => {
        const other = others[i] ?? column;
        if (actions[i] === "drop") return [];
        if (actions[i] === "replace") return [other];
        // The same kind with some members of another column.
        if (actions[i] === "mix" && other.kind === column.kind) {
          const members = Object.entries(other).filter(([, value]) => value !== undefined && flip());
          return [{ ...column, ...Object.fromEntries(members) }];
        }
        return [column];
      });
      return [contractOf(columns, classes, origin), contractOf(changed, sameTarget ? classes : otherClasses, origin)];
    },
  )
  .filter((pair) => pair.every((contract) => contractProblems(contract).length === 0));

const value = fc.oneof(
  fc.constantFrom(
    ...words,
    "",
    " a ",
    "YES",
    "NO",
    "n/a",
    "abc",
    "1970-01-01",
    "1970-01-02T12:00:00Z",
    "1970-01-04",
    "1970-01-04T13:00:00Z",
    "03/01/1970",
    "0.5",
    "0,5",
    "3 %",
    "-3",
    "2.5",
  ),
  fc.constantFrom(-3, -2, 0, 0.25, 0.5, 1, 2, 3, 4),
  fc.constantFrom(true, false, null, undefined),
);

/** Records of the sample columns with values at and about every limit. */
export const records: fc.Arbitrary<Record<string, unknown>[]> = fc.array(
  fc.record({ x: value, y: value, toString: value }, { requiredKeys: [] }),
  { minLength: 20, maxLength: 60 },
);
