import { describe, expect, it } from "vitest";
import { tickTexts } from "../../../js/src/activations/color/bar.js";
import { Colors } from "../../../js/src/activations/color/coloring.js";
import { fitted, measuredLimits, tableFor, tileLimits } from "../../../js/src/activations/color/limits.js";
import { pixelsOf } from "../../../js/src/activations/color/paint.js";
import { SPECIAL, table } from "../../../js/src/activations/color/tables.js";
import type { Shown } from "../../../js/src/activations/panel.js";
import { type PanelSettings, SETTINGS } from "../../../js/src/activations/settings.js";
import { type Drawn, documentOf, tileOf } from "./maps-fixture.js";

async function shown(given: Drawn = {}, settings: Partial<PanelSettings> = {}, more = {}): Promise<Shown> {
  const doc = await documentOf(given);
  return { doc, row: 0, sample: 0, against: null, mean: false, settings: { ...SETTINGS, ...settings }, ...more };
}

const OUTLIER = { min: [-0.2, -5, 0], max: [0.4, 8, 0.5], outlier: [0, 1, 0] };
const NUMBERS = { min: -5, max: 8, q001: -4, q999: 7 };

describe("limits of a tensor", () => {
  it("are its quantiles, or its least and greatest value", async () => {
    expect(measuredLimits(await shown({ tensor: NUMBERS }))).toEqual({ low: -4, high: 7 });
    expect(measuredLimits(await shown({ tensor: NUMBERS }, { limits: "full" }))).toEqual({ low: -5, high: 8 });
  });

  it("leave out what outlier channels alone reach, if robust", async () => {
    const given = { tensor: NUMBERS, channels: OUTLIER };
    expect(measuredLimits(await shown(given))).toEqual({ low: -0.2, high: 0.5 });
    expect(measuredLimits(await shown(given, { limits: "full" }))).toEqual({ low: -5, high: 8 });
  });

  it("are the full range where nearly all values are one", async () => {
    expect(measuredLimits(await shown({ tensor: { min: 0, max: 3, q001: 0, q999: 0 } }))).toEqual({ low: 0, high: 3 });
  });

  it("are unknown of a difference, and where nothing was measured", async () => {
    expect(measuredLimits(await shown({}, {}, { against: 1 }))).toBeNull();
    const unknown = { min: Number.NaN, max: Number.NaN, q001: Number.NaN, q999: Number.NaN };
    expect(measuredLimits(await shown({ tensor: unknown }))).toBeNull();
  });
});

describe("limits of a picture", () => {
  it("cut a tenth of a percent at either end, if robust", () => {
    const codes = Array.from({ length: 4000 }, (_, i) => 30000 + (i % 2000));
    codes[0] = 0;
    codes[1] = 65532;
    const tile = tileOf(codes, 100, { low: -100, high: 100 });
    const robust = tileLimits(tile, true)!;
    expect(robust.low).toBeCloseTo(-100 + (200 * 30000) / 65532, 0);
    expect(robust.high).toBeCloseTo(-100 + (200 * 32000) / 65532, 0);
    expect(tileLimits(tile, false)).toEqual({ low: -100, high: 100 });
  });

  it("are none where no value is a number", () => {
    expect(tileLimits(tileOf([65533, 65534], 2, { low: Number.NaN, high: Number.NaN }), true)).toBeNull();
  });
});

describe("the table of colours", () => {
  it("turns at zero where values lie on both sides of it", () => {
    expect(tableFor("auto", { low: -1, high: 2 }, false)).toBe("diverging");
    expect(tableFor("auto", { low: -0.001, high: 2 }, false)).toBe("viridis");
    expect(tableFor("auto", { low: 1, high: 2 }, true)).toBe("diverging");
    expect(tableFor("grey", { low: -1, high: 2 }, true)).toBe("grey");
  });

  it("reaches as far below zero as above if it turns there, and never has no width", () => {
    expect(fitted({ low: -1, high: 3 }, "diverging")).toEqual({ low: -3, high: 3 });
    expect(fitted({ low: 2, high: 2 }, "viridis")).toEqual({ low: 2, high: 4 });
    expect(fitted(null, "diverging")).toEqual({ low: -1, high: 1 });
  });

  it("rises evenly in light, in both magma and grey", () => {
    for (const name of ["magma", "grey", "viridis"] as const) {
      const light = [...table(name, false)].map(
        (p) => 0.2 * (p & 255) + 0.7 * ((p >> 8) & 255) + 0.1 * ((p >> 16) & 255),
      );
      expect(light.every((value, i) => i === 0 || value >= light[i - 1]! - 1.5)).toBe(true);
    }
  });
});

describe("pixels", () => {
  const colors = table("grey", false);
  const paint = (low: number, high: number, tile = tileOf([0, 32766, 65532, 65533, 65534, 65535], 6)): number[] => [
    ...pixelsOf(tile, { limits: { low, high }, table: colors }),
  ];

  it("run from the first colour at the low limit to the last at the high one", () => {
    const pixels = paint(-1, 1);
    expect(pixels.slice(0, 3)).toEqual([colors[0], colors[128], colors[255]]);
    expect(pixels.slice(3)).toEqual([SPECIAL.nan, SPECIAL.positive, SPECIAL.negative]);
  });

  it("beyond the limits take the colour of the end", () => {
    const [first, , last] = paint(-0.1, 0.1);
    expect([first, last]).toEqual([colors[0], colors[255]]);
    expect(paint(2, 3).slice(0, 3)).toEqual([colors[0], colors[0], colors[0]]);
  });

  it("of a picture of one value are one colour", () => {
    expect(paint(-1, 1, tileOf([0, 0], 2, { low: 1, high: 1 }))).toEqual([colors[255], colors[255]]);
    const nothing = tileOf([65533], 1, { low: Number.NaN, high: Number.NaN });
    expect(paint(-1, 1, nothing)).toEqual([SPECIAL.nan]);
  });
});

describe("colours of many pictures", () => {
  it("are shared, or each picture's own", async () => {
    const dim = tileOf([0, 65532], 2, { low: 0, high: 0.1 });
    const shared = new Colors(await shown({ tensor: NUMBERS }, { map: "viridis" }), false);
    const own = new Colors(
      await shown({ tensor: NUMBERS }, { map: "viridis", scale: "channel", limits: "full" }),
      false,
    );
    expect(shared.of(dim).limits).toEqual({ low: -4, high: 7 });
    expect(own.of(dim).limits).toEqual({ low: 0, high: 0.1 });
  });

  it("are one for both sides of a comparison, also where each channel has its own", async () => {
    const own = new Colors(await shown({}, { map: "viridis", scale: "channel", limits: "full" }), false);
    const [float, variant] = [tileOf([0, 65532], 2, { low: 0, high: 4 }), tileOf([0, 65532], 2, { low: -1, high: 2 })];
    expect(own.of(float, variant).limits).toEqual({ low: -1, high: 4 });
    expect(own.of(variant, float).limits).toEqual(own.of(float, variant).limits);
    expect(own.of(float).limits).toEqual({ low: 0, high: 4 });
  });

  it("learn the range of differences from the pictures that come, but not from outliers", async () => {
    const colors = new Colors(await shown({}, {}, { against: 1 }), false);
    expect(colors.limits).toBeNull();
    expect(colors.learn(tileOf([0, 65532], 2, { low: -2, high: 3 }))).toBe(true);
    expect(colors.shared.limits.high).toBeGreaterThanOrEqual(3);
    expect(colors.shared.limits.low).toBe(-colors.shared.limits.high);
    expect(colors.learn(tileOf([0, 65532], 2, { low: -1, high: 1 }))).toBe(false);
    expect(colors.learn(tileOf([0, 65532], 2, { low: -99, high: 99 }), true)).toBe(false);
  });

  it("say their numbers, and at which end values lie beyond", async () => {
    const robust = new Colors(await shown({ tensor: { min: 0, max: 9, q001: 0, q999: 4 } }), false);
    expect(tickTexts(robust)).toEqual(["0", "2", "≥ 4"]);
    const full = new Colors(await shown({ tensor: NUMBERS }, { limits: "full" }), false);
    expect(tickTexts(full)).toEqual(["−8", "0", "8"]);
  });
});
