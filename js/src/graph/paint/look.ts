/** What the painter needs to know about the state of the view. */

import { countIn, type Emphasis } from "../explore/emphasis.js";
import type { GraphModel } from "../model/graph-model.js";
import type { Change } from "../overlay/change.js";
import type { Coloring } from "../overlay/coloring.js";
import type { Expansion } from "../scene/expansion.js";
import type { Summaries } from "../scene/summaries.js";
import type { Rect } from "./camera.js";
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
  /** What stands out; null while all do. */
  readonly emphasis: Emphasis | null;
  /** Colours of edges by a tensor column; null: by precision. */
  readonly edgeColoring: EdgeColoring | null;
  /** How an item differs from its counterpart in the view beside this one; null without one. */
  readonly change: ((item: number) => Change | null) | null;
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

export type { Change } from "../overlay/change.js";

/** Colour of a tensor's edges, null where its value is unknown. */
export interface EdgeColoring {
  color(tensor: number): string | null;
}

/** Whether an item fades: something stands out, and nothing in it does. */
export function faded(look: Look, item: number): boolean {
  return look.emphasis !== null && countIn(look.model, look.emphasis, item) === 0;
}

/** Whether an item is outlined as part of what stands out. */
export function outlined(look: Look, item: number): boolean {
  return look.emphasis?.outline === true && countIn(look.model, look.emphasis, item) > 0;
}
