import type { EpochRecord } from "../../model/kinds/index.js";
import type { Plot } from "../sections.js";
import { PLOT_HEIGHT, PLOT_WIDTH, quantity, seriesColor } from "./series.js";

/** Loss over epochs, one faint pair of lines for each network. */
export function historyPlot(history: readonly (readonly EpochRecord[])[]): Plot {
  const values = history.flatMap((epochs, member) =>
    epochs.flatMap(({ loss, validationLoss }, epoch) => [
      { epoch: epoch + 1, line: `a${member}`, series: "training", loss },
      { epoch: epoch + 1, line: `b${member}`, series: "validation", loss: validationLoss },
    ]),
  );
  const networks = history.length > 1 ? `One line for each of the ${history.length} networks. ` : "";
  return {
    title: "Training",
    caption: `${networks}Training stops when the validation loss no longer falls; the best weights are kept.`,
    spec: {
      width: PLOT_WIDTH,
      height: PLOT_HEIGHT,
      data: { values: values.filter(({ loss }) => Number.isFinite(loss)) },
      mark: { type: "line", strokeWidth: 1.5, opacity: history.length > 1 ? 0.65 : 1 },
      encoding: {
        x: quantity("epoch", "epoch", { zero: false, format: "d" }),
        y: quantity("loss", "loss", { zero: false }),
        color: seriesColor(["training", "validation"]),
        detail: { field: "line" },
      },
    },
  };
}
