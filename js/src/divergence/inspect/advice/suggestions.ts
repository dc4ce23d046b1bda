/** What the figures of a tensor suggest, each with the numbers it rests on. */

import { figure, span } from "../../../activations/panels/figures.js";
import { decibels } from "../../../activations/words.js";
import { percent } from "../../../data/format.js";
import type { DivergenceDocument } from "../../../data/index.js";
import { rangeOf, usedShare } from "../distribution/extent.js";
import { arrives } from "../upstream.js";

export interface Suggestion {
  readonly title: string;
  readonly evidence: string;
  readonly advice: string;
}

/** A share of clipped values that is worth a word. */
const CLIPPED = 0.0005;
/** Nearly all values in so small a part of the grid: few large ones stretch it. */
const NARROW = 0.125;
const TAIL = 0.001;
/** dB by which weights may be better than the op and still be what makes its error. */
const NEAR = 3;

export function suggestions(divergence: DivergenceDocument, row: number): Suggestion[] {
  if (row < 0 || !divergence.matched(row)) return [];
  return [clipping, stretched, weights, elsewhere].flatMap((rule) => rule(divergence, row) ?? []);
}

function clipping(divergence: DivergenceDocument, row: number): Suggestion | null {
  const clipped = divergence.value(row, "clipped");
  const { low, high } = divergence.grid(row);
  if (clipped === null || clipped < CLIPPED || low === null || high === null) return null;
  return {
    title: "Values are clipped",
    evidence: `${percent(clipped)} of the float values lie beyond the grid, which reaches from ${span(low, high)}.`,
    advice:
      "Calibrate with more or other samples, or with MinMax or a higher percentile, so that the grid reaches further.",
  };
}

function stretched(divergence: DivergenceDocument, row: number): Suggestion | null {
  const histogram = divergence.histogram(row);
  const grid = divergence.grid(row);
  if (!histogram || grid.scale === null) return null;
  const bulk = middleOf(histogram);
  const [used, range] = [bulk && usedShare(bulk, grid), rangeOf(histogram)];
  if (!bulk || !range || used === null || used > NARROW) return null;
  return {
    title: "Few large values take most of the grid",
    evidence:
      `99.8 % of the values lie in ${span(bulk.low, bulk.high)}, which is ${percent(used)} of the grid; ` +
      `all of them in ${span(range.low, range.high)}. A step is ${figure(grid.scale)}.`,
    advice: "Calibrate with Percentile or Entropy, use 16-bit activations here, or keep the op float.",
  };
}

function middleOf({ low, high, float }: NonNullable<ReturnType<DivergenceDocument["histogram"]>>) {
  const total = float.reduce((sum, count) => sum + count, 0);
  if (!(total > 0)) return null;
  const end = (from: number, step: number): number => {
    let [at, left] = [from, float[from]!];
    while (left <= TAIL * total) {
      at += step;
      left += float[at]!;
    }
    return at;
  };
  return { low: low[end(0, 1)]!, high: high[end(float.length - 1, -1)]! };
}

function weights(divergence: DivergenceDocument, row: number): Suggestion | null {
  const [stored, made] = [divergence.value(row, "weight_sqnr_db"), divergence.sqnr(row, "local")];
  if (stored === null || made === null || !Number.isFinite(made) || stored > made + NEAR) return null;
  return {
    title: "The weights make most of this op's error",
    evidence: `The stored weights have ${decibels(stored)}, the op alone ${decibels(made)}.`,
    advice: "Quantize the weights by channel, in smaller blocks or with more bits, or keep the op float.",
  };
}

function elsewhere(divergence: DivergenceDocument, row: number): Suggestion | null {
  if (!arrives(divergence, row)) return null;
  const [seen, made] = [divergence.sqnr(row, "accumulated"), divergence.sqnr(row, "local")];
  return {
    title: "The error comes from before",
    evidence: `${decibels(seen)} are seen here, ${decibels(made)} made here.`,
    advice: "Keeping this op float gains little: change the ops before it, the worst input first.",
  };
}
