import { describe, expect, it } from "vitest";
import type { Camera } from "../../../../js/src/activations/plane/camera.js";
import { SETTINGS } from "../../../../js/src/activations/settings.js";
import { ReportDocument } from "../../../../js/src/data/index.js";
import { suggestions } from "../../../../js/src/divergence/inspect/advice/suggestions.js";
import { errorShare } from "../../../../js/src/divergence/inspect/distribution/error-share.js";
import { extentOf, rangeOf, usedShare } from "../../../../js/src/divergence/inspect/distribution/extent.js";
import { type StepBar, stepBars } from "../../../../js/src/divergence/inspect/distribution/steps.js";
import type { Inspected } from "../../../../js/src/divergence/inspect/scene.js";
import { INSPECT, keptInspect, parseInspect } from "../../../../js/src/divergence/inspect/settings.js";
import { arrives, readersOf, sourcesOf, verdict } from "../../../../js/src/divergence/inspect/upstream.js";
import { flowOf } from "../../../../js/src/divergence/inspect/values/arrange.js";
import { Link } from "../../../../js/src/divergence/inspect/values/link.js";
import type { Pane, Spot } from "../../../../js/src/divergence/inspect/values/pane.js";
import { valueLimits, variantName } from "../../../../js/src/divergence/inspect/values/sides.js";
import { report } from "../../views/fixture.js";
import { compared } from "../compared-fixture.js";

const NONE = Number.NaN;

/** A histogram over `bins` equal bins; values of the variant lie on the grid. */
function counted(float: readonly number[], variant: readonly number[], low: number, high: number, bins: number) {
  const width = (high - low) / bins;
  const count = (values: readonly number[]): Float64Array => {
    const counts = new Float64Array(bins);
    for (const value of values) counts[Math.max(0, Math.min(bins - 1, Math.floor((value - low) / width)))]! += 1;
    return counts;
  };
  const edges = (from: number): Float64Array =>
    Float64Array.from({ length: bins }, (_, bin) => low + (bin + from) * width);
  return { low: edges(0), high: edges(1), float: count(float), variant: count(variant) };
}

const total = (bars: readonly StepBar[]): number => bars.reduce((sum, { count }) => sum + count, 0);

describe("bars over a quantization grid", () => {
  const float = Array.from({ length: 100_000 }, (_, i) => -1 + (2 * (i + 0.5)) / 100_000);

  it("are as high as one another where values are spread evenly, however bins, steps and pixels meet", () => {
    for (const levels of [40, 97, 255]) {
      const scale = 2 / levels;
      const variant = float.map((value) => Math.round(value / scale) * scale);
      const histogram = counted(float, variant, -1, 1, 1024);
      for (const most of [60, 100, 173]) {
        const bars = stepBars(histogram, { scale, zeroPoint: 0 }, -1, 1, most);
        const inner = bars.variant.slice(2, -2).map(({ density }) => density);
        // Each bar holds as many levels as the next: no teeth that are not in the values.
        expect(Math.max(...inner) / Math.min(...inner)).toBeLessThan(1.02);
        const middle = bars.float.slice(2, -2).map(({ density }) => density);
        expect(Math.max(...middle) / Math.min(...middle)).toBeLessThan(1.06);
        expect(inner[0]! / middle[0]!).toBeCloseTo(1, 1);
      }
    }
  });

  it("lose no value that lies within them", () => {
    const scale = 2 / 97;
    const variant = float.map((value) => Math.round(value / scale) * scale);
    const bars = stepBars(counted(float, variant, -1.1, 1.1, 700), { scale, zeroPoint: 5 }, -1.1, 1.1, 90);
    expect(total(bars.float)).toBeCloseTo(float.length, 3);
    expect(total(bars.variant)).toBeCloseTo(float.length, 3);
  });

  it("divide a coarse grid for the float values, but never for those of the variant", () => {
    const variant = float.map((value) => Math.round(value / 0.25) * 0.25);
    const bars = stepBars(counted(float, variant, -1, 1, 1024), { scale: 0.25, zeroPoint: 0 }, -1, 1, 100);
    expect(bars.variant).toHaveLength(9);
    expect(bars.float.length).toBeGreaterThan(80);
    // Of one step each, so that heights compare.
    expect(bars.variant[4]!.density).toBeCloseTo(bars.float[50]!.density, -2);
  });

  it("need no grid", () => {
    const bars = stepBars(counted(float, float, -1, 1, 256), null, -1, 1, 50);
    expect(bars.float).toHaveLength(50);
    expect(bars.variant).toEqual(bars.float);
  });
});

describe("the axis of a distribution", () => {
  const grid = { scale: 0.5, zeroPoint: 3, low: -1.5, high: 126, bits: 8 };

  it("reaches to the ends of a grid that are not far off", () => {
    expect(extentOf({ low: -1, high: 1 }, { ...grid, high: 2 })).toMatchObject({
      low: expect.closeTo(-1.5, 0),
      high: expect.closeTo(2, 0),
    });
    const { low, high } = extentOf({ low: -1, high: 1 }, grid);
    expect([Math.round(low), Math.round(high)]).toEqual([-1, 1]);
  });

  it("has room for one value alone", () => {
    const { low, high } = extentOf(
      { low: 2, high: 2 },
      { scale: null, zeroPoint: null, low: null, high: null, bits: null },
    );
    expect(low).toBeLessThan(2);
    expect(high).toBeGreaterThan(2);
  });

  it("tells how much of the grid is used", async () => {
    const doc = await compared();
    const range = rangeOf(doc.histogram(0)!);
    expect(range).toEqual({ low: -1, high: 1 });
    expect(usedShare(range!, doc.grid(0))).toBeCloseTo(2 / 127.5);
    expect(usedShare(range!, doc.grid(2))).toBeNull();
  });
});

describe("few channels that hold most of the error", () => {
  it("are told", () => {
    const mse = new Float64Array(40).fill(0.01);
    mse[7] = 10;
    expect(errorShare(mse, "channel")).toBe("One of 40 channels holds 96.2 % of the squared error.");
    mse[9] = 9;
    expect(errorShare(mse, "head")).toBe("One of 40 heads holds 51.6 % of the squared error.");
  });

  it("are not told where the error is spread, absent or exact", () => {
    expect(errorShare(new Float64Array(40).fill(0.01), "channel")).toBe("");
    expect(errorShare(new Float64Array(40), "channel")).toBe("");
    expect(errorShare(null, "channel")).toBe("");
  });
});

describe("settings of an inspection", () => {
  it("are kept apart from the usual, and read from anywhere", () => {
    const chosen = { ...INSPECT, way: "side", wipe: 0.25, channel: 3 } as const;
    expect(keptInspect(chosen)).toEqual({ way: "side", wipe: 0.25, channel: 3 });
    expect(parseInspect(keptInspect(chosen))).toEqual(chosen);
    expect(keptInspect(INSPECT)).toEqual({});
    expect(parseInspect({ way: "fold", wipe: 7, error: "none", sort: "<b>" })).toEqual(INSPECT);
    expect(parseInspect("x")).toEqual(INSPECT);
    expect(SETTINGS.sort).toBe("index");
  });
});

describe("where the error of an op comes from", () => {
  const rows = (seen: number, made: number) => ({
    sqnr_db: Float64Array.from([seen, NONE, NONE, 10]),
    local_sqnr_db: Float64Array.from([made, NONE, NONE, 40]),
  });

  it("is a sentence by how made and seen compare", async () => {
    const said = async (seen: number, made: number): Promise<string> =>
      verdict(await compared({}, rows(seen, made)), 0);
    expect(await said(20, 21)).toContain("Most of the error seen here is made by this op");
    expect(await said(20, 25)).toContain("Part of the error");
    expect(await said(20, 40)).toContain("Nearly all of the error arrives");
    expect(await said(20, 12)).toContain("cancels out");
    expect(await said(20, NONE)).toBe("");
    expect(verdict(await compared(), 2)).toContain("No error");
  });

  it("leads to the worst input, and to what took a tensor up", async () => {
    const [doc, model] = [await compared(), await ReportDocument.decode(report())];
    const uses = [...model.uses.indices("op")].map((op, i) => [op, model.uses.indices("tensor")[i]]);
    for (const op of [0, 1, 2, 3]) {
      const read = uses.filter(([user]) => user === op).map(([, tensor]) => doc.rowOfTensor(tensor!));
      const known = read.filter((row) => row >= 0 && doc.sqnr(row, "accumulated") !== null);
      const sources = sourcesOf(model, doc, op);
      expect(new Set(sources.map(({ row }) => row))).toEqual(new Set(known));
      expect(sources.map(({ sqnr }) => sqnr)).toEqual(sources.map(({ sqnr }) => sqnr).sort((a, b) => a - b));
    }
    const readers = uses.filter(([, tensor]) => tensor === doc.tensorOf(1)).map(([op]) => op);
    expect(readersOf(model, doc, 1)).toEqual(readers.filter((op) => doc.matched(doc.rowsOfOp(op!)[0]!)));
    expect(arrives(doc, 3)).toBe(true);
    expect(arrives(doc, 0)).toBe(false);
  });
});

describe("what the figures suggest", () => {
  it("speaks of clipping, of a stretched grid and of errors from before, with numbers", async () => {
    const said = suggestions(await compared(), 0);
    expect(said.map(({ title }) => title)).toEqual(["Values are clipped", "Few large values take most of the grid"]);
    expect(said[0]!.evidence).toContain("2 %");
    expect(said[0]!.evidence).toContain("−1.5 to 126");
    expect(suggestions(await compared(), 3).map(({ title }) => title)).toEqual(["The error comes from before"]);
  });

  it("says nothing of an exact tensor, an unmatched one, or none", async () => {
    const doc = await compared();
    expect([1, 2, -1].map((row) => suggestions(doc, row))).toEqual([[], [], []]);
  });

  it("blames the weights where they are as bad as the op", async () => {
    const doc = await compared(
      {},
      { weight_sqnr_db: Float64Array.from([21, NONE, NONE, NONE]), clipped: Float64Array.from([0, 0, 0, 0]) },
    );
    expect(suggestions(doc, 0).map(({ title }) => title)).toContain("The weights make most of this op's error");
  });
});

describe("colours and names of the sides", () => {
  it("rest on the float values, without the outermost where asked", async () => {
    const doc = await compared();
    const inspected = { divergence: doc, row: 0, settings: INSPECT } as unknown as Inspected;
    expect(valueLimits(inspected)).toEqual({ low: -1, high: 1 });
    expect(valueLimits({ ...inspected, row: 2 })).toBeNull();
  });

  it("name the bits, else the precision", async () => {
    const doc = await compared();
    expect([0, 3].map((row) => variantName(doc, row))).toEqual(["Quantized, 8 bits", "Variant, float32"]);
  });
});

describe("how pictures share a stage", () => {
  it("is what makes them largest", () => {
    const stage = { width: 700, height: 400 };
    expect(flowOf(stage, 2, { width: 384, height: 12 }, false)).toBe("down");
    expect(flowOf(stage, 2, { width: 16, height: 16 }, true)).toBe("across");
    expect(flowOf({ width: 300, height: 900 }, 3, { width: 16, height: 16 }, true)).toBe("down");
    expect(flowOf(stage, 3, null, true)).toBe("across");
    expect(flowOf({ width: 300, height: 900 }, 3, null, true)).toBe("down");
  });
});

describe("pictures in step", () => {
  class Followed {
    readonly seen: unknown[] = [];
    follow = (camera: Camera): void => void this.seen.push(camera.zoom);
    scroll = (top: number): void => void this.seen.push(`top ${top}`);
    mark = (spot: Spot | null): void => void this.seen.push(spot?.kind ?? null);
  }

  it("follow the one that the reader moves, which follows nobody", () => {
    const panes = [new Followed(), new Followed(), new Followed()];
    const link = new Link(panes as unknown as Pane[]);
    const [first, second, third] = panes as [Followed, Followed, Followed];
    link.camera(first as unknown as Pane, { zoom: 3, x: 0, y: 0 });
    link.scroll(second as unknown as Pane, 40);
    link.point(third as unknown as Pane, { kind: "value", at: { row: 1, column: 2 } });
    expect(first.seen).toEqual(["top 40", "value"]);
    expect(second.seen).toEqual([3, "value"]);
    expect(third.seen).toEqual([3, "top 40", null]);
    // What the followers' own scroll bars tell then is no news.
    link.scroll(first as unknown as Pane, 40.4);
    expect(third.seen).toHaveLength(3);
  });

  it("look at all of another tensor together", () => {
    const pane = new Followed();
    const link = new Link([pane as unknown as Pane]);
    link.settle("a");
    link.camera({} as Pane, { zoom: 4, x: 0, y: 0 });
    link.settle("a");
    link.settle("b");
    expect(pane.seen).toEqual([1, 4, 4, 1]);
  });
});
