import { describe, expect, it } from "vitest";
import { valueAxis } from "../../../js/src/activations/panels/axis.js";
import { type Bar, countedBars, evenBars, tiniest } from "../../../js/src/activations/panels/bars.js";
import { limits } from "../../../js/src/activations/panels/histogram.js";
import type { Histogram } from "../../../js/src/data/activations.js";

function histogram(...bins: readonly (readonly [number, number, number])[]): Histogram {
  const column = (at: 0 | 1 | 2): Float64Array => Float64Array.from(bins, (bin) => bin[at]);
  return { low: column(0), high: column(1), count: column(2) };
}

function total(bars: readonly { count: number }[]): number {
  return bars.reduce((sum, { count }) => sum + count, 0);
}

function even(bins: Histogram, low: number, high: number, amount: number): Bar[] {
  return evenBars(bins, valueAxis("linear", low, high, 0, 0, amount), amount);
}

describe("even bars", () => {
  it("share out a bin among those that it reaches over", () => {
    const bars = even(histogram([0, 1, 2], [1, 4, 9]), 0, 4, 4);
    expect(bars.map(({ count }) => count)).toEqual([2, 3, 3, 3]);
    expect(bars.map(({ low, high }) => [low, high])).toEqual([
      [0, 1],
      [1, 2],
      [2, 3],
      [3, 4],
    ]);
  });

  it("lose no value, whatever the ends: zeros, the greatest value, negative ones", () => {
    const all = histogram([-8, -2, 3], [-2, -0.5, 7], [0, 0, 11], [0.5, 2, 5], [2, 7.3, 4], [7.3, 7.3, 1]);
    for (const amount of [1, 3, 16, 77]) {
      expect(total(even(all, -8, 7.3, amount))).toBeCloseTo(31);
      expect(total(evenBars(all, valueAxis("log", -8, 7.3, 0.5, 0, amount), amount, true))).toBeCloseTo(31);
    }
    const zero = even(all, -8, 7.3, 77).find(({ low, high }) => low <= 0 && high > 0);
    expect(zero?.count).toBeGreaterThanOrEqual(11);
  });

  it("leave out what lies beyond the ends", () => {
    expect(total(even(histogram([-5, -4, 3], [0, 1, 2], [9, 9, 4]), 0, 1, 4))).toBeCloseTo(2);
    expect(total(even(histogram([0, 2, 8]), 0, 1, 4))).toBeCloseTo(4);
  });

  it("are as high for bins of one width as for bins of another that hold values as dense, and zero stands apart", () => {
    const bins = histogram([0, 0, 7], [1, 10, 90], [10, 100, 40], [100, 1000, 40]);
    const bars = evenBars(bins, valueAxis("log", 0, 1000, 1, 0, 8), 8, true);
    expect(bars.filter(({ low, high }) => low === 0 && high === 0)).toEqual([{ low: 0, high: 0, count: 7 }]);
    expect(bars.slice(-4).map(({ count }) => Math.round(count))).toEqual([20, 20, 20, 20]);
  });
});

describe("counted bars", () => {
  it("are the bins that hold something", () => {
    expect(countedBars(histogram([0, 1, 0], [1, 2, 5]))).toEqual([{ low: 1, high: 2, count: 5 }]);
  });
});

describe("the least magnitude that matters", () => {
  it("does not follow a single stray value", () => {
    const most = [0.1, 1, 10_000] as const;
    expect(tiniest(histogram([1e-12, 1e-11, 1], most))).toBe(0.1);
    expect(tiniest(histogram([-1e-3, -1e-4, 500], most))).toBe(1e-4);
  });

  it("knows that zero has none", () => {
    expect(tiniest(histogram([0, 0, 5]))).toBe(0);
    expect(tiniest(histogram([0, 0, 5], [0, 0.25, 5]))).toBe(0.25);
  });
});

describe("the ends of the axis", () => {
  const statistics = { min: -9, max: 100, q001: -1, q999: 3 };

  it("are those of nearly all values, or of all", () => {
    expect(limits({ statistics, robust: true })).toEqual([-1, 3]);
    expect(limits({ statistics, robust: false })).toEqual([-9, 100]);
  });

  it("are those of all values where nearly all are the same", () => {
    expect(limits({ statistics: { ...statistics, q001: 0, q999: 0 }, robust: true })).toEqual([-9, 100]);
  });
});
