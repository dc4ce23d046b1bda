/** Another model on the same scale: equal colours mean equal amounts in both. */

import type { GraphModel } from "../model/graph-model.js";

/** A model that is drawn beside. */
export interface Beside {
  readonly model: GraphModel;
  /** Whether its values come first, so that both sides judge by the same row of values. */
  readonly first: boolean;
}

/** The values of both models, in the order that both sides have them in. */
export function together(own: Float64Array, other: Float64Array, first: boolean): Float64Array {
  const both = new Float64Array(own.length + other.length);
  both.set(first ? other : own);
  both.set(first ? own : other, first ? other.length : own.length);
  return both;
}
