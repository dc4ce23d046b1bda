import { describe, expect, it } from "vitest";
import { moved } from "../../../js/src/activations/maps/active.js";
import { Channels } from "../../../js/src/activations/maps/channels.js";
import { channelText } from "../../../js/src/activations/maps/describe.js";
import { fittingSize } from "../../../js/src/activations/maps/fit.js";
import { Geometry, loadOrder } from "../../../js/src/activations/maps/geometry.js";
import { SETTINGS, SORTS } from "../../../js/src/activations/settings.js";
import { documentOf } from "./maps-fixture.js";

const NAN = Number.NaN;
const MEASURED = {
  mean: [0.2, NAN, -1, 5],
  std: [1, 2, 0, 3],
  min: [0, 0, -1, 0],
  max: [4, 1, -1, 9],
  sparsity: [0.5, 0, 1, 0],
  dead: [0, 0, 1, 0],
  outlier: [0, 0, 0, 1],
};

describe("channels", () => {
  const channels = async (measured: Record<string, readonly number[]> = MEASURED): Promise<Channels> =>
    new Channels(await documentOf({ channels: measured }), 0);
  const order = async (more: object): Promise<number[]> => (await channels()).order({ ...SETTINGS, ...more });

  it("stand by index, either way", async () => {
    expect(await order({})).toEqual([0, 1, 2, 3]);
    expect(await order({ descending: true })).toEqual([3, 2, 1, 0]);
  });

  it("are sorted by what was measured, the unknown last either way", async () => {
    expect(await order({ sort: "mean" })).toEqual([2, 0, 3, 1]);
    expect(await order({ sort: "mean", descending: true })).toEqual([3, 0, 2, 1]);
    expect(await order({ sort: "max", descending: true })).toEqual([3, 0, 1, 2]);
    // Equal ones stay by index.
    expect(await order({ sort: "sparsity" })).toEqual([1, 3, 0, 2]);
  });

  it("that have no such measure stay by index", async () => {
    expect(await order({ sort: "divergence", descending: true })).toEqual([0, 1, 2, 3]);
  });

  it("are filtered by their marks", async () => {
    expect(await order({ filter: "dead" })).toEqual([2]);
    expect(await order({ filter: "outlier" })).toEqual([3]);
    expect(await order({ filter: "alive", sort: "std" })).toEqual([0, 1, 3]);
    expect((await channels()).marked("dead")).toBe(1);
    expect((await channels({ mean: [1, 2] })).marked("dead")).toBeNull();
  });

  it("offer divergence only where there is such a column", async () => {
    expect((await channels()).sorts(SORTS)).not.toContain("divergence");
    expect((await channels({ ...MEASURED, divergence: [1, 2, 3, 4] })).sorts(SORTS)).toContain("divergence");
  });

  it("are counted by the shape where nothing was measured of each", async () => {
    const none = new Channels(await documentOf({ shape: "1×7×2×2" }), 0);
    expect(none.count).toBe(7);
    expect(none.facts(3)).toMatchObject({ mean: null, dead: false });
  });

  it("are said in words, marks included", async () => {
    const text = channelText(await channels(), 2, "channel");
    expect(text).toBe("channel 2 · mean −1 · std 0 · −1 to −1 · zeros 100 % · dead: zero on every sample");
    expect(channelText(await channels(), 1, "head")).not.toContain("mean");
  });
});

describe("the grid", () => {
  const grid = new Geometry(640, 2048, 96, 14, 14);

  it("shows rows in sight, whole ones", () => {
    expect(grid.columns).toBe(5);
    expect(grid.rows).toBe(410);
    const { start, stop } = grid.between(10_000, 10_400);
    expect(start % 5).toBe(0);
    expect(grid.place(start).y).toBeLessThanOrEqual(10_000);
    expect(grid.place(stop).y).toBeGreaterThanOrEqual(10_400);
    expect(stop - start).toBeLessThanOrEqual(25);
  });

  it("shows the last row at the very bottom, and nothing beyond", () => {
    expect(grid.between(grid.height - 400, grid.height).stop).toBe(2048);
    expect(grid.between(grid.height + 5000, grid.height + 6000)).toEqual({ start: 2048, stop: 2048 });
    expect(new Geometry(640, 0, 96, 1, 1).between(0, 400)).toEqual({ start: 0, stop: 0 });
  });

  it("finds what lies at a point, and nothing between pictures", () => {
    const { x, y } = grid.place(13);
    expect(grid.at(x + 48, y + 24)).toEqual({ position: 13, x: 0.5, y: 0.25 });
    expect(grid.at(x + 100, y + 24)).toBeNull();
    expect(grid.at(x + 48, grid.height + 300)).toBeNull();
    expect(grid.at(-5, 20)).toBeNull();
  });

  it("keeps the shape of maps, and does not let a signal of one row vanish", () => {
    const wide = new Geometry(640, 4, 96, 10, 20);
    expect([wide.pictureWidth, wide.pictureHeight]).toEqual([96, 48]);
    expect(new Geometry(640, 4, 96, 1, 4000).pictureHeight).toBeGreaterThan(20);
  });

  it("takes the size at which all are seen, else the usual one", () => {
    expect(fittingSize([640, 400], 2048, [14, 14])).toBe(96);
    const size = fittingSize([640, 400], 6, [14, 14]);
    expect(size).toBeGreaterThan(96);
    expect(new Geometry(640, 6, size, 14, 14).height).toBeLessThanOrEqual(400);
  });

  it("loads what is in sight, then what the reader moves towards, then a little of what lies behind", () => {
    const order = loadOrder({ start: 10, stop: 12 }, 100, true, 2);
    expect(order).toEqual([10, 11, 12, 13, 14, 15, 9, 8]);
    expect(loadOrder({ start: 10, stop: 12 }, 100, false, 2)).toEqual([10, 11, 9, 8, 7, 6, 12, 13]);
    expect(loadOrder({ start: 0, stop: 2 }, 3, true, 5)).toEqual([0, 1, 2]);
    expect(loadOrder({ start: 10, stop: 12 }, 100, true, 0)).toEqual([10, 11]);
  });
});

describe("the cursor of the grid", () => {
  it.each([
    [7, "ArrowRight", 8],
    [7, "ArrowDown", 12],
    [2, "ArrowUp", 2],
    [18, "ArrowDown", 18],
    [7, "PageDown", 17],
    [3, "PageUp", 0],
    [7, "Home", 0],
    [7, "End", 19],
    [7, "a", null],
  ])("at %i goes with %s to %s", (from, key, to) => {
    expect(moved(from, key, 5, 2, 20)).toBe(to);
  });
});
