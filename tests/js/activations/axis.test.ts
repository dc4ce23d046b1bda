import { describe, expect, it } from "vitest";
import { valueAxis } from "../../../js/src/activations/panels/axis.js";

describe("an axis of values", () => {
  it("has round ticks within its ends, without the dust of sums", () => {
    expect(valueAxis("linear", -0.31, 0.42, 0, 0, 400).ticks).toEqual([-0.2, 0, 0.2, 0.4]);
    expect(valueAxis("linear", -0.31, 0.42, 0, 0, 640).ticks).toEqual([-0.3, -0.2, -0.1, 0, 0.1, 0.2, 0.3, 0.4]);
  });

  it("has fewer ticks where there is less room, counted by height for one that runs up", () => {
    const [across, up] = [valueAxis("linear", 0, 10, 0, 0, 120), valueAxis("linear", 0, 10, 0, 120, 0)];
    expect(across.ticks.length).toBeLessThan(up.ticks.length);
  });

  it.each([
    ["linear", -3, 8],
    ["log", -3, 8],
    ["log", 0, 1e6],
    ["log", -1e-4, 0],
  ] as const)("maps to pixels and back: %s from %d to %d", (kind, low, high) => {
    const axis = valueAxis(kind, low, high, 1e-3, 50, 350);
    expect([axis(low), axis(high)]).toEqual([50, 350]);
    for (let pixel = 50; pixel <= 350; pixel += 50) expect(axis(axis.invert(pixel))).toBeCloseTo(pixel, 6);
    const places = axis.ticks.map(axis);
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(axis.ticks.length).toBeGreaterThan(1);
  });

  it("gives each power of ten the same room, on both sides of zero", () => {
    const axis = valueAxis("log", -100, 100, 0.01, 0, 1000);
    const step = axis(100) - axis(10);
    expect(axis(10) - axis(1)).toBeCloseTo(step);
    expect(axis(-10) - axis(-100)).toBeCloseTo(step);
    expect(axis(0)).toBeCloseTo(500);
  });

  it("does not stretch for what is smaller than anybody can see", () => {
    const axis = valueAxis("log", 0, 1, 1e-300, 0, 1000);
    expect(axis(1e-8)).toBeGreaterThan(50);
    expect(axis.ticks).toContain(0);
  });

  it("gives a single value room on both sides, and stands what is unknown", () => {
    const one = valueAxis("linear", 5, 5, 0, 0, 100);
    expect(one(5)).toBe(50);
    expect(Number.isFinite(valueAxis("log", 0, 0, 0, 0, 100)(0))).toBe(true);
    expect(Number.isFinite(valueAxis("log", Number.NaN, Number.NaN, 0, 0, 100)(0.5))).toBe(true);
  });
});
