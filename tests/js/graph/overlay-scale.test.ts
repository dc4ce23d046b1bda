import { describe, expect, it } from "vitest";
import { histogram } from "../../../js/src/graph/overlay/histogram";
import { toLab } from "../../../js/src/graph/overlay/oklab";
import { lineRamp, ramp, viridis } from "../../../js/src/graph/overlay/ramps";
import {
  chooseScale,
  countBetween,
  place,
  quantile,
  type Scale,
  spreadOf,
  valueAt,
} from "../../../js/src/graph/overlay/scale";
import { ticks } from "../../../js/src/graph/overlay/ticks";
import { distinct, distinctLine, neutrals, ordered, SLOTS } from "../../../js/src/graph/overlay/words-palette";
import { parseColor, type Rgb } from "../../../js/src/graph/paint/theme";

const rgb = (color: string): Rgb => parseColor(color)!;
const scaleOf = (values: number[], hint = {}, choice?: Parameters<typeof chooseScale>[2]): Scale =>
  chooseScale(spreadOf(values), hint, choice)!;

describe("ramps", () => {
  it("follow matplotlib's viridis", () => {
    // matplotlib.colormaps["viridis"](i) of matplotlib 3.10.
    const samples: [number, Rgb][] = [
      [0, [68, 1, 84]],
      [16, [72, 24, 106]],
      [40, [69, 55, 129]],
      [64, [59, 82, 139]],
      [100, [42, 118, 142]],
      [128, [33, 145, 140]],
      [150, [33, 165, 133]],
      [191, [92, 200, 99]],
      [230, [189, 223, 38]],
      [255, [253, 231, 37]],
    ];
    for (const [step, expected] of samples) {
      rgb(viridis(step / 255)).forEach((part, i) => {
        expect(Math.abs(part - expected[i]!)).toBeLessThanOrEqual(2);
      });
    }
  });

  it.each([false, true])("turn at a middle that recedes into the page, dark: %s", (dark) => {
    const lightness = ramp("diverging", dark).map((color) => toLab(rgb(color))[0]);
    const outwards = dark ? 1 : -1;
    for (let i = 129; i < 256; i += 1) {
      expect(outwards * (lightness[i]! - lightness[i - 1]!)).toBeGreaterThan(-0.004);
      expect(outwards * (lightness[255 - i]! - lightness[256 - i]!)).toBeGreaterThan(-0.004);
    }
    const middle = rgb(ramp("diverging", dark)[128]!);
    expect(Math.max(...middle) - Math.min(...middle)).toBeLessThan(20);
  });

  it.each([false, true])("as lines stand out from the page everywhere, dark: %s", (dark) => {
    const page = dark ? 0 : 1;
    for (const kind of ["sequential", "diverging"] as const) {
      for (const color of lineRamp(kind, dark)) expect(Math.abs(toLab(rgb(color))[0] - page)).toBeGreaterThan(0.2);
    }
  });
});

/** Machado, Oliveira & Fernandes 2009, severity 1: linear RGB as people without one kind of cone see it. */
const BLIND = {
  protanopia: [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998],
  deuteranopia: [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881],
  none: [1, 0, 0, 0, 1, 0, 0, 0, 1],
};

function seen(color: string, matrix: readonly number[]): readonly number[] {
  const linear = rgb(color).map((value) => (value / 255) ** 2.2);
  const mixed = [0, 3, 6].map((row) => linear.reduce((sum, part, i) => sum + part * matrix[row + i]!, 0));
  const encoded = mixed.map((part) => Math.round(255 * Math.max(0, Math.min(1, part)) ** (1 / 2.2)));
  return toLab(encoded as unknown as Rgb);
}

function closest(colors: readonly string[], matrix: readonly number[]): number {
  const labs = colors.map((color) => seen(color, matrix));
  let least = Infinity;
  labs.forEach((a, i) => {
    for (const b of labs.slice(i + 1)) least = Math.min(least, Math.hypot(a[0]! - b[0]!, a[1]! - b[1]!, a[2]! - b[2]!));
  });
  return least;
}

describe.each(Object.entries(BLIND))("colours of words under %s", (_, matrix) => {
  // 0.02 is about the smallest difference in Oklab that side by side is seen at all.
  it.each([false, true])("are told apart, dark: %s", (dark) => {
    const slots = Array.from({ length: SLOTS }, (_, slot) => slot);
    const { other, unknown } = neutrals(dark);
    const fills = slots.map((slot) => distinct(slot, dark));
    expect(closest(fills, matrix)).toBeGreaterThan(0.06);
    for (const neutral of [other, unknown]) expect(closest([...fills, neutral], matrix)).toBeGreaterThan(0.04);
    const lines = slots.map((slot) => distinctLine(slot, dark));
    expect(closest(lines, matrix)).toBeGreaterThan(0.06);
  });

  it("tell severities apart far", () => {
    expect(closest(ordered(["info", "warning", "error"]), matrix)).toBeGreaterThan(0.15);
  });

  it("tell both sides of a diverging scale apart", () => {
    for (const dark of [false, true]) {
      const colors = ramp("diverging", dark);
      expect(closest([colors[0]!, colors[255]!, colors[128]!], matrix)).toBeGreaterThan(0.1);
    }
  });
});

describe("the choice of a scale", () => {
  it("is linear for values of one size and logarithmic from three decades on", () => {
    expect(scaleOf([1, 2, 500])).toMatchObject({ kind: "linear", min: 1, max: 500 });
    expect(scaleOf([0, 1, 20, 3000])).toMatchObject({ kind: "log", min: 1, max: 3000, below: true });
  });

  it("reaches six decades down on a log scale: what is smaller does not matter beside the largest", () => {
    expect(scaleOf([1e-9, 5, 1e7])).toMatchObject({ kind: "log", min: 10, max: 1e7, below: true });
  });

  it("diverges where values lie on both sides of zero, as far on either side", () => {
    expect(scaleOf([-2, 0, 10])).toMatchObject({ kind: "diverging", min: -10, max: 10, center: 0 });
    expect(scaleOf([1, 2, 4], { scale: "diverging", center: 3 })).toMatchObject({ min: 1, max: 5 });
  });

  it("takes the column's hint, and the user's word before it", () => {
    expect(scaleOf([1, 2], { scale: "log" }).kind).toBe("log");
    expect(scaleOf([0, 1, 1e6], { scale: "linear" }).kind).toBe("linear");
    expect(scaleOf([0, 1, 1e6], { scale: "linear" }, { kind: "log", domain: null }).kind).toBe("log");
    expect(scaleOf([1, 5, 9], {}, { kind: "auto", domain: [4, 6] })).toMatchObject({
      min: 4,
      max: 6,
      below: true,
      above: true,
    });
  });

  it("has no logarithm of what is negative, or of nothing but zeros", () => {
    expect(scaleOf([-5, -1], { scale: "log" }).kind).toBe("linear");
    expect(scaleOf([0, 0], { scale: "log" }).kind).toBe("linear");
  });

  it("leaves single values far out beyond its ends", () => {
    const values = Array.from({ length: 100 }, (_, i) => 10 + (i % 10));
    const scale = scaleOf([...values, -700, 900]);
    expect(scaleOf([...values, 900])).toMatchObject({ kind: "linear", min: 10, max: 19, above: true, below: false });
    expect(place(scale, 900)).toBe(1);
    expect(scaleOf(values)).toMatchObject({ min: 10, max: 19, above: false });
  });

  it("finds the ends and the outliers among more values than it sorts", () => {
    const values = Float64Array.from({ length: 50_000 }, (_, i) => i % 100);
    values[31_337] = 1e6;
    values[77] = -1;
    expect(chooseScale(spreadOf(values), { scale: "linear" })).toMatchObject({ min: -1, above: true });
    expect(chooseScale(spreadOf(values), { scale: "linear" })!.max).toBeLessThan(100);
  });

  it("stands any numbers", () => {
    expect(chooseScale(spreadOf([]), {})).toBeNull();
    expect(chooseScale(spreadOf([Number.NaN, Infinity, -Infinity]), {})).toBeNull();
    const same = scaleOf([7, 7, 7]);
    expect(place(same, 7)).toBe(0.5);
    const wide = scaleOf([-Number.MAX_VALUE, Number.MAX_VALUE]);
    expect(place(wide, 0)).toBeCloseTo(0.5);
    expect(place(wide, Infinity)).toBe(1);
    expect(place(scaleOf([5e-324, 1e-300, 1]), 5e-324)).toBe(0);
    for (const scale of [same, wide]) expect(ticks(scale, "").length).toBeGreaterThan(0);
  });

  it("puts values back where they came from", () => {
    for (const scale of [scaleOf([1, 9]), scaleOf([1, 1e7]), scaleOf([-3, 8])]) {
      for (let t = 0; t <= 1; t += 1 / 64) expect(place(scale, valueAt(scale, t))).toBeCloseTo(t, 9);
    }
  });

  it("has quantiles as numpy's", () => {
    // numpy.quantile([1, 2, 4, 8], [0.25, 0.9])
    expect(quantile(Float64Array.of(1, 2, 4, 8), 0.25)).toBeCloseTo(1.75);
    expect(quantile(Float64Array.of(1, 2, 4, 8), 0.9)).toBeCloseTo(6.8);
  });
});

describe("a histogram", () => {
  it("counts as numpy's does", () => {
    // numpy.histogram([1, 2, 2, 3, 4, 4, 4, 10], bins=3)[0] is [4, 3, 1]: bins [1, 4), [4, 7), [7, 10].
    const values = [1, 2, 2, 3, 4, 4, 4, 10];
    expect([...histogram(values, scaleOf(values), 3).counts]).toEqual([4, 3, 1]);
  });

  it("has bins of equal ratio on a log scale, and counts zeros, infinities and unknown values apart", () => {
    // numpy.histogram(log10([1, 10, 100, 1000, 10000]), bins=4)[0] is [1, 1, 1, 2].
    const values = [1, 10, 100, 1000, 10_000, 0, 0, Infinity, Number.NaN];
    const made = histogram(values, scaleOf(values), 4);
    expect([...made.counts]).toEqual([1, 1, 1, 2]);
    expect(made).toMatchObject({ zeros: 2, infinite: 1, unknown: 1 });
  });

  it("counts what lies beyond an end at the end", () => {
    const scale = scaleOf([0, 10], {}, { kind: "linear", domain: [4, 6] });
    expect([...histogram([0, 3, 5, 9, 10], scale, 2).counts]).toEqual([2, 3]);
  });

  it("agrees with counting between two values", () => {
    const sorted = Float64Array.of(1, 2, 2, 3, 5);
    expect(countBetween(sorted, 2, 3)).toBe(3);
    expect(countBetween(sorted, 2.5, 2.6)).toBe(0);
    expect(countBetween(sorted, -9, 99)).toBe(5);
  });
});

describe("ticks", () => {
  const texts = (scale: Scale, unit = ""): string[] => ticks(scale, unit).map(({ text }) => text);

  it("are round", () => {
    expect(texts(scaleOf([0, 9]))).toEqual(["0", "5"]);
    expect(texts(scaleOf([-8, 8]))).toEqual(["−5", "0", "5"]);
    expect(texts(scaleOf([3, 47]))).toEqual(["20", "40"]);
    expect(texts(scaleOf([1, 1e6]))).toEqual(["1", "100", "10 k", "1 M"]);
  });

  it("are round in the powers of two for bytes", () => {
    expect(texts(scaleOf([2 ** 12, 2 ** 31]), "B")).toEqual(["1 MiB", "1 GiB"]);
    expect(texts(scaleOf([0, 40 * 1024]), "B")).toEqual(["0 B", "16 KiB", "32 KiB"]);
    expect(texts(scaleOf([128, 4096]), "B")).toEqual(["1 KiB", "2 KiB", "3 KiB", "4 KiB"]);
  });

  it("stand where their values are, and are few", () => {
    for (const values of [
      [0, 1],
      [1, 1e15],
      [2, 2000.5],
      [1e-9, 1e9],
      [999, 1001],
      [-1e300, 1e300],
      [1, 1.0000001],
    ]) {
      const made = ticks(scaleOf(values), "us");
      expect(made.length).toBeGreaterThan(0);
      expect(made.length).toBeLessThanOrEqual(8);
      for (const { at } of made) expect(at).toBeGreaterThanOrEqual(0);
      for (const { at } of made) expect(at).toBeLessThanOrEqual(1);
    }
  });

  it("of a scale without width are one", () => {
    expect(texts(scaleOf([5, 5]))).toEqual(["5"]);
  });
});
