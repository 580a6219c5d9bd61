export const measures = ["auc", "logLoss", "brier", "accuracy", "f1"];

const mean = (numbers) => numbers.reduce((sum, x) => sum + x, 0) / numbers.length;

/** The items by what `key` says of each, in order. */
function groups(items, key) {
  const found = new Map();
  for (const item of items) found.set(key(item), [...(found.get(key(item)) ?? []), item]);
  return found;
}

/** Standard error of a mean; undefined for fewer than two numbers. */
function standardError(numbers) {
  if (numbers.length < 2) return undefined;
  const middle = mean(numbers);
  const squares = numbers.reduce((sum, x) => sum + (x - middle) ** 2, 0);
  return Math.sqrt(squares / (numbers.length - 1) / numbers.length);
}

/**
 * The calibration error over all splits together, without the part that chance alone gives to a bin of n rows: the
 * plug-in square less its expected excess (Kumar, Liang and Ma 2019, "Verified uncertainty calibration", section 4).
 */
export function debiasedCalibrationError(runs) {
  const pooled = new Map();
  for (const { low, rows, meanPrediction, observedRate } of runs.flatMap(({ bins }) => bins)) {
    const bin = pooled.get(low) ?? { rows: 0, predicted: 0, positives: 0 };
    bin.rows += rows;
    bin.predicted += rows * meanPrediction;
    bin.positives += rows * observedRate;
    pooled.set(low, bin);
  }
  const bins = [...pooled.values()].filter(({ rows }) => rows > 1);
  const rows = bins.reduce((sum, bin) => sum + bin.rows, 0);
  const square = bins.reduce((sum, bin) => {
    const rate = bin.positives / bin.rows;
    const gap = bin.predicted / bin.rows - rate;
    return sum + (bin.rows / rows) * (gap * gap - (rate * (1 - rate)) / (bin.rows - 1));
  }, 0);
  return Math.sqrt(Math.max(0, square));
}

/** Ranks 1, 2, ... of the models on one set by one measure; a larger AUC and a smaller log loss are better. */
function ranks(models, measure) {
  const sign = measure === "auc" ? -1 : 1;
  const better = (one, other) => sign * one[measure] < sign * other[measure];
  const at = (model) =>
    1 +
    models.filter((other) => better(other, model)).length +
    (models.filter((other) => other[measure] === model[measure]).length - 1) / 2;
  return new Map(models.map((model) => [model.model, at(model)]));
}

/** What every model reaches on every set, the paired differences to `auto`, and the mean rank of each model. */
export function summary(measured, peers) {
  const sets = [...new Set(measured.map(({ set }) => set))].map((set) => {
    const runs = groups(
      measured.filter((run) => run.set === set),
      ({ model }) => model,
    );
    const own = [...runs].map(([model, splits]) => ({
      model,
      splits: splits.length,
      kinds: [...new Set(splits.map(({ kind }) => kind))],
      seconds: splits[0].seconds === undefined ? undefined : mean(splits.map(({ seconds }) => seconds)),
      calibration: splits[0].bins === undefined ? undefined : debiasedCalibrationError(splits),
      ...Object.fromEntries(measures.map((measure) => [measure, mean(splits.map((run) => run[measure]))])),
    }));
    const auto = new Map((runs.get("auto") ?? []).map((run) => [run.split, run]));
    const differences = [...runs].flatMap(([model, splits]) => {
      const pairs = splits.filter(({ split }) => auto.has(split));
      if (model === "auto" || pairs.length === 0) return [];
      const gaps = (measure) => pairs.map((run) => auto.get(run.split)[measure] - run[measure]);
      const of = (measure) => ({ mean: mean(gaps(measure)), error: standardError(gaps(measure)) });
      return { model, splits: pairs.length, auc: of("auc"), logLoss: of("logLoss") };
    });
    return { set, models: [...own, ...peers.filter((peer) => peer.set === set)], differences };
  });
  const all = groups(
    sets.flatMap(({ models }) => ["auc", "logLoss"].flatMap((measure) => [...ranks(models, measure)])),
    ([model]) => model,
  );
  const meanRanks = [...all].map(([model, places]) => ({
    model,
    rank: mean(places.map(([, place]) => place)),
    sets: places.length / 2,
  }));
  return { sets, ranks: meanRanks.sort((a, b) => a.rank - b.rank) };
}
