import { describe, expect, it } from "vitest";
import { fromBytes, pooled, toBytes } from "../../../js/src/activations/tiles/pool.js";
import { readTiles, valueAt } from "../../../js/src/activations/tiles/tile.js";
import { tileOf } from "./maps-fixture.js";

const CONTENT = { shape: [2, 1, 3], full: [2, 6], low: [-2, null], high: [6, null], mean: [1, null], std: [2, null] };
const CODES = Uint16Array.of(0, 32766, 65532, 65533, 65534, 65535);

describe("an answer of the kernel", () => {
  it("gives each tile its range, its values and what is no number", () => {
    const [first, second] = readTiles(CONTENT, CODES);
    expect([0, 1, 2].map((column) => valueAt(first!, 0, column))).toEqual([-2, 2, 6]);
    expect([0, 1, 2].map((column) => valueAt(second!, 0, column))).toEqual([Number.NaN, Infinity, -Infinity]);
    expect(first).toMatchObject({ width: 3, height: 1, fullWidth: 6, fullHeight: 2, mean: 1, std: 2 });
    expect(second!.low).toBeNaN();
    expect(valueAt(first!, 1, 0)).toBeNaN();
  });

  it("reads a buffer that starts at an odd byte", () => {
    const bytes = new Uint8Array(13);
    bytes.set(new Uint8Array(CODES.buffer), 1);
    const [first] = readTiles(CONTENT, new DataView(bytes.buffer, 1, 12));
    expect(valueAt(first!, 0, 2)).toBe(6);
  });

  it.each([
    ["too few codes", CONTENT, CODES.slice(1)],
    ["no codes", CONTENT, undefined],
    ["a shape of two axes", { ...CONTENT, shape: [2, 3] }, CODES],
    ["a negative size", { ...CONTENT, shape: [-2, -1, 3] }, CODES],
    ["a size beyond all reason", { ...CONTENT, full: [2 ** 40, 2 ** 40] }, CODES],
    ["fewer ranges than tiles", { ...CONTENT, low: [0] }, CODES],
  ])("refuses %s", (_what, content, codes) => {
    expect(() => readTiles(content, codes)).toThrow(/The kernel sent/);
  });
});

describe("a tile made coarser", () => {
  it("keeps of each block what is farthest from zero, and NaN above all", () => {
    const tile = tileOf([0, 40000, 32766, 65532, 30000, 32766, 65533, 0], 4);
    const small = pooled(tile, 2);
    expect([small.width, small.height]).toEqual([2, 1]);
    expect([...small.codes]).toEqual([0, 65533]);
  });

  it("takes the rest of a row that does not divide", () => {
    expect([...pooled(tileOf([32766, 0, 65532], 3), 2).codes]).toEqual([0, 65532]);
  });

  it("rounds codes to bytes and back within half a step, special ones exactly", () => {
    const codes = Uint16Array.from({ length: 65536 }, (_, code) => code);
    const back = fromBytes(toBytes(codes));
    const worst = Math.max(...Array.from({ length: 6554 }, (_, i) => Math.abs(back[10 * i]! - 10 * i)));
    expect(worst).toBeLessThanOrEqual(65532 / 252 / 2 + 1);
    expect([...back.slice(65532)]).toEqual([65532, 65533, 65534, 65535]);
  });
});
