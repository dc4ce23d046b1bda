/** How long a layout will take, before it is begun: about the places that boxes and edges will claim in its ranks. */

import type { LayoutInput } from "./types.js";

/** A point read by more boxes than this is drawn as stubs, which cost nothing. */
const HUB_READERS = 8;
/** An edge that runs further past boxes than this is as likely to be shortened as not. */
const FAR = 8;
/** A place in a rank is sorted and moved many times over. */
const PLACE = 3;

/** Boxes come in execution order, so that how far apart two are there says how many ranks may lie between. */
export function effortOf(input: LayoutInput): number {
  const { n, from, to, edges } = input;
  const readers = new Int32Array(n + input.inPorts + input.outPorts);
  for (let e = 0; e < edges; e += 1) readers[from[e]!]! += 1;
  let effort = n + edges;
  for (let e = 0; e < edges; e += 1) {
    if (readers[from[e]!]! < HUB_READERS) effort += PLACE * Math.min(FAR, Math.abs(to[e]! - from[e]!) - 1);
  }
  return effort;
}
