/** How many times as long the repeated tests go on; `npm run test:deep` sets it. */
const factor = Number(process.env["CHURNKIT_TEST_BUDGET"] ?? 1);
if (!(factor > 0)) throw new Error("CHURNKIT_TEST_BUDGET must be a number above 0, as 1 or 20");

/** The number of runs of a property, of kills, of mutations: `normal` in `npm test`, more in `npm run test:deep`. */
export const budget = (normal: number): number => Math.ceil(normal * factor);
