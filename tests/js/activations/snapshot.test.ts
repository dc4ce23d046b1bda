import { describe, expect, it } from "vitest";
import { keyText } from "../../../js/src/activations/tiles/key.js";
import { MOST_CHARACTERS, packSnapshot, type ShownTile } from "../../../js/src/activations/tiles/pack.js";
import { valueAt } from "../../../js/src/activations/tiles/tile.js";
import { unpackSnapshot } from "../../../js/src/activations/tiles/unpack.js";
import { gzip } from "../data/encode.js";
import { mapKey, tileOf } from "./maps-fixture.js";

/** Noise, which no compression makes smaller. */
function noise(channel: number, side: number): ShownTile {
  let state = channel * 7919 + 1;
  const codes = Array.from({ length: side * side }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) % 65533;
  });
  return { key: mapKey(channel), tile: tileOf(codes, side) };
}

const INPUT = {
  sample: 1,
  input: {
    label: "cat.png",
    picture: { height: 300, width: 200, rgb: new Uint8Array(300 * 200 * 3).fill(9) },
    tokens: ["a", "cat"],
    arrays: [{ name: "x", dtype: "float32", shape: [1, 3], text: "1 2 3" }],
  },
};

describe("a snapshot", () => {
  it("gives back every code of few tiles, NaN and infinities among them", async () => {
    const tile = tileOf([0, 1, 65532, 65533, 65534, 65535], 3, { low: Number.NaN, fullWidth: 9 });
    const plane = { ...mapKey(0), kind: "plane" as const, rows: 1, columns: 2, at: [0, 0, 0] };
    const text = await packSnapshot(
      [
        { key: mapKey(4), tile },
        { key: plane, tile },
      ],
      null,
    );
    const { tiles, input } = await unpackSnapshot(text);
    expect(tiles.get(keyText(mapKey(4)))).toEqual(tile);
    expect(tiles.get(keyText(plane))).toEqual(tile);
    expect(input).toBeNull();
  });

  it("gives back the input of its sample, the picture thinned", async () => {
    const { input } = await unpackSnapshot(await packSnapshot([], INPUT));
    expect(input).toMatchObject({ sample: 1, input: { label: "cat.png", tokens: ["a", "cat"] } });
    expect(input?.input.arrays).toEqual(INPUT.input.arrays);
    const { height, width, rgb } = input!.input.picture!;
    expect([height, width, rgb.length, rgb[0]]).toEqual([100, 67, 100 * 67 * 3, 9]);
  });

  it("of many tiles keeps them all in less detail, and says so", async () => {
    const shown = Array.from({ length: 60 }, (_, channel) => noise(channel, 56));
    const text = await packSnapshot(shown, null);
    expect(text.length).toBeLessThanOrEqual(MOST_CHARACTERS);
    const { tiles } = await unpackSnapshot(text);
    expect(tiles.size).toBe(60);
    const tile = tiles.get(keyText(mapKey(7)))!;
    expect(tile).toMatchObject({ rough: true, width: 56, fullWidth: 56, low: -1, high: 1 });
    expect(Math.abs(valueAt(tile, 3, 4) - valueAt(shown[7]!.tile, 3, 4))).toBeLessThan(2 / 252);
  });

  it("never grows beyond its bound, whatever is on screen", async () => {
    const shown = Array.from({ length: 8 }, (_, channel) => noise(channel, 700));
    const text = await packSnapshot(shown, INPUT);
    expect(text).not.toBe("");
    expect(text.length).toBeLessThanOrEqual(MOST_CHARACTERS);
    expect((await unpackSnapshot(text)).tiles.size).toBeGreaterThan(0);
  });

  it("of nothing is nothing", async () => {
    expect(await packSnapshot([], null)).toBe("");
    expect((await unpackSnapshot("")).tiles.size).toBe(0);
  });

  async function forged(header: unknown): Promise<string> {
    const text = new TextEncoder().encode(JSON.stringify(header));
    const bytes = new Uint8Array(4 + text.length);
    new DataView(bytes.buffer).setUint32(0, text.length, true);
    bytes.set(text, 4);
    return btoa(String.fromCharCode(...(await gzip(bytes))));
  }

  it.each([
    ["claims more bytes than it has", { key: mapKey(0), bits: 16, shape: [1000, 1000], full: [1000, 1000] }],
    ["has a negative size", { key: mapKey(0), bits: 16, shape: [-1, 2], full: [1, 1] }],
    ["has a tile without a key", { bits: 16, shape: [0, 0], full: [0, 0] }],
  ])("that %s is refused", async (_what, tile) => {
    await expect(unpackSnapshot(await forged({ schema: 1, tiles: [tile] }))).rejects.toThrow(/damaged/);
  });

  it("that expands beyond all bounds is refused", async () => {
    const bomb = await gzip(new Uint8Array(80 * 2 ** 20));
    let text = "";
    for (let at = 0; at < bomb.length; at += 8192) text += String.fromCharCode(...bomb.subarray(at, at + 8192));
    await expect(unpackSnapshot(btoa(text))).rejects.toThrow(/damaged/);
  });
});
