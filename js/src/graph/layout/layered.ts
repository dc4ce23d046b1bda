/** Lays out one group: layers from top to bottom after Sugiyama. */

import { breakColumns } from "./columns.js";
import { orderLayers } from "./order.js";
import { placeHorizontally } from "./position.js";
import { makeProper, markStubs } from "./proper.js";
import { rankNodes } from "./rank.js";
import { drawLayout } from "./route.js";
import type { Layout, LayoutInput } from "./types.js";

export function layoutLayered(input: LayoutInput): Layout {
  const ranking = rankNodes(input);
  const stub = markStubs(input, ranking);
  const proper = makeProper(input, ranking, stub);
  const layers = orderLayers(proper, ranking.ranks);
  const layout = drawLayout(input, ranking, proper, placeHorizontally(proper, layers), stub);
  return breakColumns(input, layout, ranking.ranks);
}
