import { describe, expect, it } from "vitest";
import { Colors } from "../../../js/src/activations/color/coloring.js";
import { figureSvg } from "../../../js/src/activations/export/figure.js";
import { SvgContext } from "../../../js/src/activations/export/svg-context.js";
import { readInk } from "../../../js/src/activations/ink.js";
import { drawCell } from "../../../js/src/activations/maps/cell.js";
import type { Shown } from "../../../js/src/activations/panel.js";
import { drawScene } from "../../../js/src/activations/plane/draw.js";
import { SETTINGS } from "../../../js/src/activations/settings.js";
import { pictureStem, titleOf, valuesStem } from "../../../js/src/activations/title.js";
import { documentOf, tileOf } from "./maps-fixture.js";

const FACTS = { mean: 0.25, std: 1, min: -1, max: 1, sparsity: 0.5, dead: true, outlier: false };
const CELL = { x: 8, y: 8, width: 96, height: 96, name: "12", note: "μ 0.25", facts: FACTS };

function parsed(svg: string): Document {
  const doc = new DOMParser().parseFromString(svg, "image/svg+xml");
  expect(doc.querySelector("parsererror")).toBeNull();
  return doc;
}

const texts = (doc: Document): string[] => [...doc.querySelectorAll("text")].map((text) => text.textContent ?? "");

async function shown(tokens: readonly string[] = []): Promise<Shown> {
  const doc = await documentOf({ shape: "1×4×2×2", tokens });
  return { doc, row: 0, sample: 0, against: null, mean: false, settings: SETTINGS };
}

describe("a saved picture", () => {
  it("has title, channels with their marks in words, and the numbers of the colours", async () => {
    const at = await shown();
    const colors = new Colors(at, false);
    const ink = readInk(document.body);
    const cell = { ...CELL, picture: null, stale: false, active: false };
    const size = { width: 300, height: 200 };
    const svg = await figureSvg({
      ...size,
      title: titleOf(at, { kind: "grid" }),
      colors,
      ink,
      draw: (context) => drawCell(context, cell, { low: -1, high: 1 }, ink),
    }).text();
    const words = texts(parsed(svg));
    expect(words[0]).toBe("tensor 0 · 1×4×2×2 · cat.png");
    expect(words).toEqual(expect.arrayContaining(["mean 0.25", "zeros 50 %", "dead", "12", "≤ −0.9", "0", "≥ 0.9"]));
  });

  it("has what lies over a picture from some place on, cut where it begins", async () => {
    const at = await shown();
    const ink = readInk(document.body);
    const coloring = new Colors(at, false).shared;
    const layer = (code: number) => ({ tile: tileOf([code, code], 2), coloring, picture: null, stale: false });
    const svg = new SvgContext();
    drawScene(svg.context, {
      ...layer(0),
      over: layer(65532),
      wipe: 0.25,
      camera: { zoom: 1, x: 0, y: 0 },
      scale: { x: 60, y: 40 },
      plot: { left: 0, top: 0, width: 120, height: 40 },
      rows: { name: "row", words: null, count: 1 },
      columns: { name: "column", words: null, count: 2 },
      cursor: null,
      mark: { row: 0, column: 1 },
      flags: new Map(),
      ink,
    });
    const doc = parsed(svg.finish(120, 40, "wiped"));
    const cuts = [...doc.querySelectorAll("clipPath path")].map((path) => path.getAttribute("d"));
    // Of 120 pixels, 30 are the first; the frame of the whole is around them.
    expect(cuts.slice(1)).toEqual(["M-2 -2h32v44h-32Z", "M30 -2h92v44h-92Z"]);
    const numbers = texts(doc);
    expect(numbers.filter((text) => text === "−1")).toHaveLength(2);
    expect(numbers.filter((text) => text === "1").length).toBeGreaterThanOrEqual(2);
  });

  it("has the words of the axes and the numbers of large values, and hostile words as text", async () => {
    const at = await shown();
    const ink = readInk(document.body);
    const svg = new SvgContext();
    const words = ['<script>"&', "b"];
    drawScene(svg.context, {
      tile: tileOf([0, 65532, 65533, 32766], 2),
      coloring: new Colors(at, false).shared,
      picture: null,
      stale: false,
      camera: { zoom: 1, x: 0, y: 0 },
      scale: { x: 60, y: 40 },
      plot: { left: 80, top: 10, width: 120, height: 80 },
      rows: { name: "query", words, count: 2 },
      columns: { name: "key", words: null, count: 2 },
      cursor: null,
      flags: new Map([[1, "dead"]]),
      ink,
    });
    const said = texts(parsed(svg.finish(300, 200, words[0]!)));
    expect(said).toEqual(expect.arrayContaining(['<script>"&', "b", "−1", "1", "NaN", "0"]));
  });

  it("closes every group that it opens", () => {
    const svg = new SvgContext();
    svg.save();
    svg.translate(1, 2);
    svg.save();
    svg.rotate(1);
    svg.restore();
    svg.fillRect(0, 0, 5, 5);
    svg.restore();
    svg.translate(3, 4);
    const doc = parsed(svg.finish(10, 10, ""));
    expect(doc.querySelector("rect")?.parentElement?.getAttribute("transform")).toBe("translate(1 2)");
  });

  it("is named by what it shows; values are those of one sample", async () => {
    const at = { ...(await shown()), sample: 1, against: 0 };
    const one = { kind: "channel", channel: 3 } as const;
    expect(pictureStem(at, one)).toBe("activation0_channel3_sample1-minus0");
    expect(pictureStem({ ...at, against: null, mean: true }, { kind: "grid" })).toBe("activation0_mean");
    expect(valuesStem({ ...at, mean: true }, one)).toBe("activation0_channel3_sample1");
  });
});
