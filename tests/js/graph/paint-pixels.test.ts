import { describe, expect, it } from "vitest";
import { blend, pixelColor, rgbOf, toPixel } from "../../../js/src/graph/paint/color";
import { Pixels } from "../../../js/src/graph/paint/pixels";

const WHITE = toPixel([255, 255, 255]);
const BLACK = toPixel([0, 0, 0]);
const RED = toPixel([200, 0, 0]);

function paper(width = 8, height = 6): Pixels {
  const pixels = new Pixels(width, height);
  pixels.fill(0, 0, width, height, WHITE);
  return pixels;
}

/** Darkness of each pixel, 0 white to 1 black. */
function ink(pixels: Pixels): number[][] {
  const rows = Array.from({ length: pixels.height }, (_, y) =>
    pixels.data.subarray(y * pixels.width, (y + 1) * pixels.width),
  );
  return rows.map((row) => [...row].map((pixel) => Math.round((1 - (pixel & 255) / 255) * 100) / 100));
}

const block = (pixels: Pixels, ...box: [number, number, number, number]): void =>
  pixels.blocks(Float32Array.from(box), Int32Array.of(BLACK), 1);

describe("a picture made of pixels", () => {
  it("packs colours as image data holds them", () => {
    const pixels = new Pixels(1, 1);
    pixels.fill(0, 0, 1, 1, toPixel([1, 2, 3]));
    expect([...pixels.image.data]).toEqual([1, 2, 3, 255]);
    expect(pixelColor(toPixel([18, 52, 171]))).toBe("#1234ab");
    expect(rgbOf("#fff")).toEqual([255, 255, 255]);
    expect(rgbOf("rgb(1, 2, 3)")).toEqual([1, 2, 3]);
  });

  it("mixes colours in proportion", () => {
    expect(blend(WHITE, RED, 0)).toBe(WHITE);
    expect(blend(WHITE, RED, 256)).toBe(RED);
    expect(pixelColor(blend(WHITE, BLACK, 128))).toBe("#7f7f7f");
  });

  it("gives a pixel as much of a box as lies in it", () => {
    const pixels = paper(4, 3);
    block(pixels, 0.5, 1, 2.25, 1.5);
    expect(ink(pixels)[1]!.map((value) => Math.round(value * 8) / 8)).toEqual([0.25, 0.5, 0.125, 0]);
    expect(ink(pixels)[0]).toEqual([0, 0, 0, 0]);
  });

  it("fills whole pixels fully, whatever hangs over the edge", () => {
    const pixels = paper(4, 3);
    block(pixels, -5, 1, 2, 99);
    expect(ink(pixels)).toEqual([
      [0, 0, 0, 0],
      [1, 1, 0, 0],
      [1, 1, 0, 0],
    ]);
  });

  it("draws nothing for boxes without extent, outside, or not a number", () => {
    const pixels = paper(4, 3);
    block(pixels, 1, 1, 1, 2);
    block(pixels, 9, 0, 12, 2);
    block(pixels, 3, 2, 1, 1);
    block(pixels, Number.NaN, 0, 2, 2);
    expect(
      ink(pixels)
        .flat()
        .every((value) => value === 0),
    ).toBe(true);
  });

  it("draws a line of a million pixels as fast as the part that shows", () => {
    const pixels = paper();
    pixels.line(3.5, -1e6, 3.5, 1e6, BLACK, 1);
    pixels.line(-1e9, 2.5, 1e9, 2.5, BLACK, 1);
    expect(ink(pixels).map((row) => row[3])).toEqual([1, 1, 1, 1, 1, 1]);
    expect(ink(pixels)[2]).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
  });

  it("slopes from end to end", () => {
    const pixels = paper(4, 4);
    pixels.line(0, 0, 4, 4, BLACK, 1);
    expect(ink(pixels).map((row) => row.indexOf(1))).toEqual([0, 1, 2, 3]);
  });

  it("paints only inside the part it is told", () => {
    const pixels = paper(4, 3);
    pixels.clip(1, 1, 3, 2);
    pixels.fill(0, 0, 4, 3, BLACK);
    block(pixels, 0, 0, 4, 3);
    pixels.line(0, 0.5, 4, 0.5, BLACK, 1);
    expect(ink(pixels)).toEqual([
      [0, 0, 0, 0],
      [0, 1, 1, 0],
      [0, 0, 0, 0],
    ]);
  });

  it.each([
    [2, 1],
    [-2, 1],
    [1, -2],
    [-3, -1],
    [0, 2],
    [0, 0],
  ])("moves by %i, %i without smearing", (dx, dy) => {
    const pixels = paper();
    for (let i = 0; i < pixels.data.length; i += 1) pixels.data[i] = i;
    pixels.shift(dx, dy);
    for (let y = 0; y < 6; y += 1) {
      for (let x = 0; x < 8; x += 1) {
        const [fx, fy] = [x - dx, y - dy];
        if (fx < 0 || fx >= 8 || fy < 0 || fy >= 6) continue;
        expect(pixels.data[y * 8 + x]).toBe(fy * 8 + fx);
      }
    }
  });

  it("repeats a part elsewhere, cut at the edge", () => {
    const pixels = paper(6, 4);
    pixels.fill(0, 0, 1, 1, BLACK);
    pixels.fill(1, 1, 2, 2, BLACK);
    pixels.copy({ x: 0, y: 0, w: 2, h: 2 }, 4, 3);
    pixels.copy({ x: 0, y: 0, w: 2, h: 2 }, 5, 0);
    expect(ink(pixels)).toEqual([
      [1, 0, 0, 0, 0, 1],
      [0, 1, 0, 0, 0, 0],
      [0, 0, 0, 0, 0, 0],
      [0, 0, 0, 0, 1, 0],
    ]);
  });
});
