/** Lays out one group: layers from top to bottom after Sugiyama. */

import { setColumns } from "./columns.js";
import { chooseColumns, hidesTooMuch } from "./cuts.js";
import { isLoose, layoutGrid } from "./grid.js";
import { stubsOfColumns } from "./homes.js";
import { orderLayers } from "./order.js";
import { placeHorizontally } from "./position.js";
import { makeProper, markStubs } from "./proper.js";
import { type Ranking, rankNodes } from "./rank.js";
import { drawLayout } from "./route.js";
import type { Layout, LayoutInput } from "./types.js";

export function layoutLayered(input: LayoutInput): Layout {
  if (isLoose(input)) return layoutGrid(input);
  const ranking = rankNodes(input);
  const layout = layoutRanked(input, ranking, markStubs(input, ranking));
  const column = chooseColumns(input, layout, ranking.ranks);
  if (!column) return layout;
  const stub = stubsOfColumns(input, layout, column);
  if (hidesTooMuch(input, layout, stub)) return layout;
  // Edges that columns make impossible must not keep their places: what is left is laid out again.
  const same = stub.every((value, e) => value === layout.stub[e]);
  return setColumns(input, same ? layout : layoutRanked(input, ranking, stub), column);
}

function layoutRanked(input: LayoutInput, ranking: Ranking, stub: Uint8Array): Layout {
  const proper = makeProper(input, ranking, stub);
  const layers = orderLayers(proper, ranking.ranks);
  return drawLayout(input, ranking, proper, placeHorizontally(proper, layers), stub);
}
