import { describe, expect, it } from "vitest";
import type { Shown } from "../../../js/src/activations/panel.js";
import { axisMarks, placeWord } from "../../../js/src/activations/plane/axis.js";
import { bounded, fitScale, revealing, WHOLE, zoomed } from "../../../js/src/activations/plane/camera.js";
import { placeText, readingAt, readingText } from "../../../js/src/activations/reading.js";
import { keptSettings, type PanelSettings, parseSettings, SETTINGS } from "../../../js/src/activations/settings.js";
import { axisName, axisOf, mapAxes, mapSize, showing, sliceOf } from "../../../js/src/activations/showing.js";
import { type Drawn, documentOf, tileOf } from "./maps-fixture.js";

async function shown(given: Drawn, settings: Partial<PanelSettings> = {}, more: Partial<Shown> = {}): Promise<Shown> {
  const doc = await documentOf(given);
  return { doc, row: 0, sample: 0, against: null, mean: false, settings: { ...SETTINGS, ...settings }, ...more };
}

const MAPS = { layout: "maps", shape: "1×8×5×6", axis: 1 };
const HEADS = { layout: "attention", shape: "1×4×3×3", axis: 1, tokens: ["a", "cat", "sat"] };
const TOKENS = { layout: "tokens", shape: "1×3×16", axis: 2, tokens: ["a", "cat", "sat"] };

describe("what is drawn of a tensor", () => {
  it("is a grid of maps or heads, one of them, or two axes", async () => {
    expect(showing(await shown(MAPS))).toEqual({ kind: "grid" });
    expect(showing(await shown(HEADS, { channel: 2 }))).toEqual({ kind: "channel", channel: 2 });
    expect(showing(await shown(MAPS, { shape: "plane" }))).toMatchObject({
      kind: "plane",
      slice: { rows: 2, columns: 3 },
    });
    expect(showing(await shown(TOKENS))).toMatchObject({
      kind: "plane",
      slice: { rows: 1, columns: 2, at: [0, 0, 0] },
    });
  });

  it("is said where there is nothing to draw", async () => {
    expect(showing(await shown(MAPS, {}, { row: -1 }))).toMatchObject({ kind: "nothing" });
    expect(showing(await shown({ ...MAPS, shape: "1×8×0×6" }))).toMatchObject({ kind: "nothing" });
  });

  it("is a strip or a single value of a tensor with fewer than two axes", async () => {
    expect(showing(await shown({ layout: "other", shape: "7", axis: -1 }))).toMatchObject({
      slice: { rows: -1, columns: 0 },
    });
    expect(showing(await shown({ layout: "other", shape: "", axis: -1 }))).toMatchObject({
      slice: { rows: -1, columns: -1 },
    });
  });

  it("keeps a chosen slice within the tensor, also where a size is unknown", async () => {
    const slice = { rows: 0, columns: 3, at: [0, 99, 4, 0] };
    expect(sliceOf(await shown({ ...MAPS, shape: "2×8×5×6" }, { slice })).at).toEqual([0, 7, 4, 0]);
    expect(sliceOf(await shown({ ...MAPS, shape: "2×?×5×6" }, { slice })).at).toEqual([0, 99, 4, 0]);
    expect(sliceOf(await shown(TOKENS, { slice }))).toMatchObject({ rows: 1, columns: 2 });
  });
});

describe("axes", () => {
  const names = async (given: Drawn): Promise<string[]> => {
    const doc = await documentOf(given);
    return doc.dims(0).map((_, axis) => axisName(doc, 0, axis));
  };

  it("have the names of the layout", async () => {
    expect(await names(MAPS)).toEqual(["batch", "channel", "row", "column"]);
    expect(await names({ ...MAPS, shape: "1×8×30" })).toEqual(["batch", "channel", "position"]);
    expect(await names(HEADS)).toEqual(["batch", "head", "query", "key"]);
    expect(await names({ ...TOKENS, shape: "3×16", axis: 1 })).toEqual(["token", "feature"]);
    expect(await names({ layout: "other", shape: "2×3", axis: -1 })).toEqual(["axis 0", "axis 1"]);
  });

  it("of a channel's map are the last two others, without the batch", async () => {
    const doc = await documentOf(MAPS);
    expect(mapAxes(doc, 0)).toEqual({ rows: 2, columns: 3 });
    expect(mapSize(doc, 0)).toEqual([5, 6]);
    expect(mapSize(await documentOf({ ...MAPS, shape: "1×8×30" }), 0)).toEqual([1, 30]);
    expect(mapSize(await documentOf({ ...MAPS, shape: "1×5×6×8", axis: 3 }), 0)).toEqual([5, 6]);
  });

  it("of tokens have their words, where the count fits and one sample is shown", async () => {
    expect(axisOf(await shown(HEADS), 3, 3).words).toEqual(["a", "cat", "sat"]);
    expect(axisOf(await shown(HEADS), 1, 3).words).toBeNull();
    expect(axisOf(await shown(HEADS), 3, 4).words).toBeNull();
    expect(axisOf(await shown(HEADS, {}, { mean: true }), 3, 3).words).toBeNull();
    expect(axisOf(await shown(HEADS, {}, { sample: 1 }), 3, 3).words).toBeNull();
  });

  it("get round numbers that do not crowd, and every word that fits", () => {
    const numbers = { name: "row", words: null, count: 300 };
    expect(axisMarks(numbers, 0, 100, 3, 44).map(({ at }) => at)).toEqual([0, 20, 40, 60, 80]);
    expect(axisMarks(numbers, 7.5, 12, 50, 44).map(({ text }) => text)).toEqual(["7", "8", "9", "10", "11"]);
    const words = { name: "token", words: ["an", "extraordinarily", "a\n"], count: 3 };
    expect(axisMarks(words, 0, 99, 20, 14).map(({ text }) => text)).toEqual(["an", "extraordina…", "a⏎"]);
    expect(placeWord(words, "2", 2)).toBe("2 ‘a\n’");
    expect(placeWord(words, "0–1", 0)).toBe("0–1");
  });
});

describe("the camera", () => {
  const values = { width: 100, height: 50 };
  const plot = { width: 400, height: 400 };

  it("fits maps as they are, and stretches other planes into their room", () => {
    expect(fitScale(values, plot, true)).toEqual({ x: 4, y: 4 });
    expect(fitScale(values, plot, false)).toEqual({ x: 4, y: 8 });
    const strip = fitScale({ width: 1000, height: 1 }, plot, false);
    expect(strip.x).toBeCloseTo(0.4);
    expect(strip.y).toBe(64);
  });

  it("keeps what is under the pointer there while it zooms", () => {
    const base = fitScale(values, plot, true);
    const camera = zoomed({ zoom: 2, x: 10, y: 5 }, base, 1.5, { x: 80, y: 40 });
    expect(camera.x + 80 / (4 * 3)).toBeCloseTo(10 + 80 / 8);
    expect(camera.y + 40 / (4 * 3)).toBeCloseTo(5 + 40 / 8);
  });

  it("never shows less than the whole, nor leaves the picture", () => {
    const base = fitScale(values, plot, true);
    expect(bounded({ zoom: 0.2, x: -4, y: 9 }, base, values, plot)).toEqual(WHOLE);
    expect(bounded({ zoom: 2, x: 80, y: 0 }, base, values, plot).x).toBe(50);
    expect(bounded({ zoom: 1e9, x: 0, y: 0 }, base, values, plot).zoom).toBe(30);
  });

  it("moves as little as brings a value into sight", () => {
    const base = fitScale(values, plot, true);
    const camera = { zoom: 2, x: 20, y: 0 };
    expect(revealing(camera, base, plot, 10, 30)).toEqual(camera);
    expect(revealing(camera, base, plot, 10, 5).x).toBe(5);
    expect(revealing(camera, base, plot, 10, 80).x).toBe(31);
  });
});

describe("a reading", () => {
  it("says where and what, and for how many values a pixel stands", () => {
    const tile = tileOf([0, 65532, 65533, 65535], 2, { fullWidth: 10, fullHeight: 4 });
    const text = (x: number, y: number): string => readingText(readingAt(tile, x, y, "channel 3"));
    expect(text(0.9, 0.1)).toBe("channel 3 · row 0–1 · column 5–9 = 1 (largest magnitude here)");
    expect(text(0.1, 0.9)).toContain("= NaN");
    expect(text(0.9, 0.9)).toContain("= −Inf");
    const kept = tileOf([0], 1, { rough: true, low: -1e-7 });
    expect(readingText(readingAt(kept, 0, 0, ""))).toBe("row 0 · column 0 = ≈ −1.00e−7");
  });

  it("counts the last pixel for what is left", () => {
    expect(placeText(3, 4, 10)).toBe("9");
    expect(placeText(0, 4, 4)).toBe("0");
  });
});

describe("settings", () => {
  it("come back from what was kept, and what is none is left out", () => {
    const settings = {
      ...SETTINGS,
      sort: "max",
      descending: true,
      channel: 4,
      slice: { rows: 0, columns: 2, at: [0, 1, 0] },
    } as const;
    expect(parseSettings(JSON.parse(JSON.stringify(keptSettings(settings))))).toEqual(settings);
    expect(keptSettings(SETTINGS)).toEqual({});
    const wrong = {
      map: "rainbow",
      cell: 1e9,
      channel: -1,
      first: "a",
      slice: { rows: 1, columns: 1, at: [] },
      sort: "mean",
    };
    expect(parseSettings(wrong)).toEqual({ ...SETTINGS, sort: "mean" });
    expect(parseSettings(null)).toEqual(SETTINGS);
  });
});
