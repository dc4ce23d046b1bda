import { describe, expect, it } from "vitest";
import { ReportDocument } from "../../../js/src/data/index.js";
import { aliveAt } from "../../../js/src/views/alive.js";
import { beneath, cluster, opPoints, roofOf } from "../../../js/src/views/charts/roofline-data.js";
import { linear, logarithmic } from "../../../js/src/views/charts/scale.js";
import { largest, sumBy } from "../../../js/src/views/totals.js";
import { report } from "./fixture.js";

describe("axes", () => {
  it("have round ticks that hold the largest value", () => {
    expect(linear(7.3, 0, 100).ticks).toEqual([0, 2, 4, 6, 8]);
    expect(linear(3.4 * 2 ** 20, 0, 100, 4, 1024).ticks).toEqual(
      [0, 1, 2, 3, 4].map((mebibytes) => mebibytes * 2 ** 20),
    );
  });

  it("map to pixels and back", () => {
    const x = linear(10, 50, 250);
    expect(x(10)).toBe(250);
    expect(x.invert(x(3))).toBeCloseTo(3);
    const log = logarithmic(0.5, 2000, 0, 300);
    expect(log.ticks).toEqual([0.1, 1, 10, 100, 1000, 10000]);
    expect(log.invert(log(42))).toBeCloseTo(42);
  });
});

describe("figures behind the charts", () => {
  it("tensors alive at an op are those made before and used after", async () => {
    const doc = await ReportDocument.decode(report());
    // Op 2 reads tensor 2 and writes tensor 3; the output, tensor 4, is made later.
    expect(aliveAt(doc, 2, 10)).toEqual([3, 2]);
    expect(aliveAt(doc, 3, 10)).toEqual([4, 3]);
    // Op 0 reads the input, which belongs to the caller.
    expect(aliveAt(doc, 0, 10)).toEqual([1]);
  });

  it("the roof is what the estimate took, its ridge where compute and bandwidth meet", async () => {
    const doc = await ReportDocument.decode(report());
    const roof = roofOf(doc, opPoints(doc));
    expect(roof?.name).toBe("fp16");
    expect(roof?.ridge).toBeCloseTo(9.9e14 / 3.35e12);
  });

  it("leaves out what lies above the roof: fused ops move fewer bytes than they read", () => {
    const point = { op: 0, category: "linear", intensity: 2, time: 1 };
    const roof = { name: "fp16", peak: 1000, bandwidth: 100, ridge: 10 };
    const rates = [100, 200, 500].map((rate) => ({ ...point, rate }));
    expect(beneath(rates, roof).map(({ rate }) => rate)).toEqual([100, 200]);
    expect(beneath([{ ...point, intensity: 1e6, rate: 1000 }], roof).length).toBe(1);
  });

  it("float bytes shrink with the precision of the estimate", async () => {
    const doc = await ReportDocument.decode(report());
    // Op 0 does 200 FLOPs at 1 FLOP/B of float32: in fp16 it moves half the bytes.
    expect(opPoints(doc)[0]).toMatchObject({ intensity: 2 });
  });

  it("the rate of an op is its FLOPs over its time", async () => {
    const points = opPoints(await ReportDocument.decode(report()));
    expect(points[1]).toMatchObject({ op: 1, intensity: 4, time: 2, rate: 400 / 2e-6 });
    const [x, y] = [logarithmic(1, 10, 0, 300), logarithmic(1e6, 1e9, 300, 0)];
    const spots = cluster([...points, ...points], x, y);
    expect(spots.every((spot) => spot.ops.length === 2)).toBe(true);
  });

  it("sums by words and finds the largest, unknown values adding nothing", async () => {
    const doc = await ReportDocument.decode(report());
    expect(sumBy(doc, "category", "macs").map(({ name, value }) => [name, value])).toEqual([
      ["linear", 400],
      ["activation", 0],
    ]);
    expect(largest(doc, "macs", 9)).toEqual([2, 0]);
  });
});
