/** What the painter needs to know about the state of the view. */

import type { GraphModel } from "../model/graph-model.js";
import type { Expansion } from "../scene/expansion.js";
import type { Summaries } from "../scene/summaries.js";
import type { Rect } from "./camera.js";
import type { Coloring } from "./coloring.js";
import type { Theme } from "./theme.js";

export interface Look {
  readonly model: GraphModel;
  readonly expansion: Expansion;
  readonly summaries: Summaries;
  readonly theme: Theme;
  readonly coloring: Coloring | null;
  readonly selected: ReadonlySet<number>;
  /** Item under the pointer, -1 for none. */
  readonly hover: number;
  readonly hoverEdge: EdgeRef | null;
  /** Leaves that match the search, as prefix sums; null while there is no search. */
  readonly matches: Int32Array | null;
  /** The item that keys act on, -1 for none. */
  readonly current: number;
  readonly tween: Tween | null;
}

/** An edge inside an open group. */
export interface EdgeRef {
  readonly item: number;
  readonly edge: number;
}

/** Where items stood before a change, for the moment in which they move. */
export interface Tween {
  /** 0 to 1, eased. */
  readonly t: number;
  readonly before: ReadonlyMap<number, Rect>;
}

export function matchCount(look: Look, item: number): number {
  const { lo, hi } = look.model.tree;
  return look.matches ? look.matches[hi[item]!]! - look.matches[lo[item]!]! : 0;
}
