import { describe, expect, it } from "vitest";
import { format, StaticHost } from "../../../js/src/data/index";

describe("numbers", () => {
  it.each([
    [25557032, "25.6 M"],
    [999, "999"],
    [999_600, "1 M"],
    [1000, "1 k"],
    [0, "0"],
    [1.5, "1.5"],
    [-2_500_000, "-2.5 M"],
    [null, "n/a"],
    [Number.NaN, "n/a"],
    [undefined, "n/a"],
  ])("count %s as %s", (value, text) => {
    expect(format.count(value)).toBe(text);
  });

  it("put units after the prefix", () => {
    expect(format.count(4.089e9, "MAC")).toBe("4.09 GMAC");
    expect(format.count(12, "FLOP/B")).toBe("12 FLOP/B");
    expect(format.withUnit(1536, "B")).toBe("1.5 KiB");
    expect(format.withUnit(null, "B")).toBe("n/a");
  });

  it.each([
    [512, "512 B"],
    [1024, "1 KiB"],
    [1258291, "1.2 MiB"],
    [1023.9 * 1024, "1 MiB"],
  ])("show %s bytes as %s", (value, text) => {
    expect(format.bytes(value)).toBe(text);
  });

  it.each([
    [0.25, "250 ns"],
    [12.34, "12.3 µs"],
    [1500, "1.5 ms"],
    [2.5e6, "2.5 s"],
    [0, "0 µs"],
  ])("show %s microseconds as %s", (value, text) => {
    expect(format.micros(value)).toBe(text);
  });

  it("join shapes", () => {
    expect(format.shape([1, "seq", null])).toBe("1×seq×?");
    expect(format.shape([])).toBe("scalar");
    expect(format.shape(null)).toBe("n/a");
    expect(format.exact(1234567.5)).toBe("1,234,567.5");
  });
});

describe("a static host", () => {
  it("keeps values and tells those who listen", () => {
    const host = new StaticHost({ tab: "graph" });
    const seen: number[][] = [];
    const listener = (): void => {
      seen.push(host.get("selection"));
    };
    host.on("selection", listener);
    host.set("selection", [3]);
    host.off("selection", listener);
    host.set("selection", [4]);
    expect(seen).toEqual([[3]]);
    expect(host.get("selection")).toEqual([4]);
    expect(host.get("tab")).toBe("graph");
    expect(host.live).toBe(false);
  });
});
