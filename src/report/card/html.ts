import { renderReport } from "../render.js";
import type { ModelCard } from "./card.js";
import { cardSections } from "./sections.js";

/**
 * A model card as one HTML page, without scripts and without anything to load. All texts are escaped.
 *
 * @param card what `modelCard` returned.
 */
export const modelCardHtml = (card: ModelCard): Promise<string> =>
  renderReport({
    title: `Model card: ${card.name}`,
    subtitle: card.createdAt === null ? undefined : `written ${card.createdAt}`,
    sections: cardSections(card),
  });
