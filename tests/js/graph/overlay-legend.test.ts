import { afterEach, describe, expect, it } from "vitest";
import { searchOps } from "../../../js/src/graph/explore/search";
import { GraphModel } from "../../../js/src/graph/model/graph-model";
import { type Coloring, makeColoring } from "../../../js/src/graph/overlay/coloring";
import { makeEdgeColoring } from "../../../js/src/graph/overlay/edge-coloring";
import type { ScaleChoice } from "../../../js/src/graph/overlay/scale";
import { LegendPanel, type Shown } from "../../../js/src/graph/panels/legend";
import { encode, type TableSpec } from "../data/encode";
import { chain } from "./models";

afterEach(() => document.body.replaceChildren());

interface Opened {
  readonly model: GraphModel;
  readonly panel: LegendPanel;
  readonly root: HTMLElement;
  readonly asked: string[];
  readonly scales: ScaleChoice[];
  show(coloring: Coloring | null, more?: Partial<Shown>): void;
}

async function open(ops: TableSpec, rows = 8): Promise<Opened> {
  const doc = await (await chain(rows).document()).withOverlay(encode({ kind: "overlay" }, { ops }));
  const model = new GraphModel(doc);
  const [asked, scales]: [string[], ScaleChoice[]] = [[], []];
  const panel = new LegendPanel({ onBrush: (query) => asked.push(query), onScale: (choice) => scales.push(choice) });
  const root = panel.node();
  document.body.append(root);
  const show: Opened["show"] = (coloring, more = {}) =>
    panel.show({ doc, coloring, edgeColoring: null, dark: false, ...more });
  return { model, panel, root, asked, scales, show };
}

const AMOUNTS = Float64Array.of(0, 10, 20, 30, 40, 50, 60, Number.NaN);
const AMOUNT_COLUMN = { mine: { values: AMOUNTS, label: "Mine", unit: "us", provenance: "measured" } };

async function amounts(): Promise<Opened> {
  const opened = await open(AMOUNT_COLUMN);
  opened.show(makeColoring(opened.model, "mine"));
  return opened;
}

function handle(root: HTMLElement, end: "low" | "high"): HTMLElement {
  return root.querySelector<HTMLElement>(`[role=slider][data-end=${end}]`)!;
}

function press(element: HTMLElement, key: string, times = 1, shiftKey = false): void {
  for (let i = 0; i < times; i += 1) {
    element.dispatchEvent(new KeyboardEvent("keydown", { key, shiftKey, bubbles: true, cancelable: true }));
  }
}

function point(plot: HTMLElement, type: string, clientX: number): void {
  plot.dispatchEvent(new PointerEvent(type, { clientX, pointerId: 1, button: 0, bubbles: true, cancelable: true }));
}

function plotOf(root: HTMLElement): HTMLElement {
  const plot = root.querySelector<HTMLElement>("[data-brush]")!;
  plot.getBoundingClientRect = () => new DOMRect(100, 0, 240, 40);
  plot.setPointerCapture = () => undefined;
  return plot;
}

describe("the legend of amounts", () => {
  it("says what, in which unit, where from, and for how many it is unknown", async () => {
    const { root } = await amounts();
    expect(root.querySelector("h4")?.textContent).toBe("Mine");
    expect(root.textContent).toContain("measured");
    expect(root.textContent).toContain("unknown: 1 ops");
    expect(root.textContent).toContain("Mine of 7 ops, from 0 µs to 60 µs, half of them up to 30 µs");
    expect([...root.querySelectorAll(".haoline-legend-ticks span")].map((tick) => tick.textContent)).toEqual([
      "0 µs",
      "20 µs",
      "40 µs",
      "60 µs",
    ]);
  });

  it("has two sliders that say where they stand", async () => {
    const { root } = await amounts();
    const [low, high] = [handle(root, "low"), handle(root, "high")];
    expect([low.tabIndex, low.getAttribute("aria-label"), low.getAttribute("aria-valuetext")]).toEqual([
      0,
      "Mine, from",
      "0 µs",
    ]);
    expect([high.getAttribute("aria-valuenow"), high.getAttribute("aria-valuetext")]).toEqual(["60", "60 µs"]);
    press(low, "ArrowRight", 48);
    expect([low.getAttribute("aria-valuenow"), high.getAttribute("aria-valuemin")]).toEqual(["30", "30"]);
  });

  it("asks by keys for exactly the ops of a range", async () => {
    const { root, asked, model } = await amounts();
    press(handle(root, "low"), "ArrowRight", 16);
    press(handle(root, "high"), "PageDown", 6);
    expect(asked.at(-1)).toBe("mine:10..30");
    expect(searchOps(model, asked.at(-1)!).ops).toEqual([1, 2, 3]);
    expect(root.textContent).toContain("10 µs – 30 µs");
    expect(root.textContent).toContain("3 of 7");
    press(handle(root, "low"), "Home");
    expect(asked.at(-1)).toBe("mine:0..30");
    press(handle(root, "high"), "End");
    expect(asked.at(-1)).toBe("");
  });

  it("never lets the handles pass each other", async () => {
    const { root, asked } = await amounts();
    press(handle(root, "high"), "Home");
    expect(handle(root, "high").getAttribute("aria-valuenow")).toBe("0");
    press(handle(root, "low"), "End");
    expect(asked.at(-1)).toBe("mine:0..0");
    press(handle(root, "low"), "Escape");
    expect(asked.at(-1)).toBe("");
  });

  it("keeps its keys from the graph behind, and leaves others alone", async () => {
    const { root } = await amounts();
    const heard: string[] = [];
    document.body.addEventListener("keydown", ({ key }) => heard.push(key), { once: true });
    press(handle(root, "low"), "ArrowRight");
    expect(heard).toEqual([]);
    const saved = new KeyboardEvent("keydown", { key: "ArrowRight", ctrlKey: true, cancelable: true });
    expect(handle(root, "low").dispatchEvent(saved)).toBe(true);
  });

  it("asks by pointer: a drag chooses, a handle moves, a double click takes it back", async () => {
    const { root, asked } = await amounts();
    const plot = plotOf(root);
    point(plot, "pointerdown", 140);
    point(plot, "pointermove", 260);
    point(plot, "pointerup", 260);
    expect(asked.at(-1)).toBe("mine:10..40");
    point(plot, "pointermove", 300);
    expect(asked.at(-1)).toBe("mine:10..40");
    point(plot, "pointerdown", 262);
    point(plot, "pointermove", 220);
    point(plot, "pointerup", 220);
    expect(asked.at(-1)).toBe("mine:10..30");
    plot.dispatchEvent(new MouseEvent("dblclick", { bubbles: true }));
    expect(asked.at(-1)).toBe("");
  });

  it("keeps a range that is being drawn when the view tells it nothing new", async () => {
    const { root, show, model, asked } = await amounts();
    const coloring = makeColoring(model, "mine")!;
    show(coloring);
    const low = handle(root, "low");
    press(low, "ArrowRight", 16);
    show(coloring);
    expect(handle(root, "low")).toBe(low);
    press(low, "ArrowRight", 16);
    expect(asked.at(-1)).toBe("mine:20..60");
  });

  it("forgets its range when the filter is lifted elsewhere, or the column changes", async () => {
    const { root, panel, show, asked } = await amounts();
    press(handle(root, "low"), "ArrowRight", 16);
    panel.showFilter("type:Conv mine:10..60");
    expect(handle(root, "low").getAttribute("aria-valuenow")).toBe("10");
    panel.showFilter("type:Conv");
    expect(handle(root, "low").getAttribute("aria-valuenow")).toBe("0");
    press(handle(root, "low"), "ArrowRight", 16);
    show(null);
    expect(asked.at(-1)).toBe("");
    expect(root.querySelector("[role=slider]")).toBeNull();
  });

  it("offers the scales that the values allow, and the chosen part", async () => {
    const { root, scales, show, model } = await amounts();
    const choose = (text: string): HTMLButtonElement =>
      [...root.querySelectorAll("button")].find((button) => button.textContent === text)!;
    expect([...root.querySelectorAll("[aria-label=Scale] button")].map((button) => button.textContent)).toEqual([
      "Stretch",
      "Auto",
      "Linear",
      "Log",
    ]);
    expect(choose("Stretch").hidden).toBe(true);
    choose("Log").focus();
    choose("Log").click();
    expect(scales.at(-1)).toEqual({ kind: "log", domain: null });
    show(makeColoring(model, "mine", { choice: scales.at(-1)! }));
    expect(choose("Log").getAttribute("aria-pressed")).toBe("true");
    expect(document.activeElement).toBe(choose("Log"));
    expect(root.textContent).toContain("zero: 1");
    choose("Linear").click();
    show(makeColoring(model, "mine", { choice: scales.at(-1)! }));
    press(handle(root, "low"), "PageUp", 4);
    choose("Stretch").click();
    expect(scales.at(-1)).toEqual({ kind: "linear", domain: [20, 60] });
  });

  it("of values below zero offers no logarithm", async () => {
    const { root, show, model } = await open({ mine: { values: Float64Array.of(-1, 2, 3, 4, 5, 6, 7, 8) } });
    show(makeColoring(model, "mine"));
    expect(root.textContent).not.toContain("Log");
  });

  it.each([
    ["equal", new Float64Array(8).fill(3)],
    ["unknown", new Float64Array(8).fill(Number.NaN)],
    ["infinite", new Float64Array(8).fill(Infinity)],
  ])("of values that are all %s needs no brush", async (_, values) => {
    const { root, show, model } = await open({ mine: { values } });
    show(makeColoring(model, "mine"));
    expect(root.querySelector("h4")?.textContent).toBe("mine");
    expect(root.querySelector("[role=slider]")).toBeNull();
  });

  it("folds away, and stays folded", async () => {
    const { root, show, model } = await amounts();
    const fold = root.querySelector<HTMLElement>("[aria-expanded]")!;
    fold.click();
    expect([root.dataset.folded, fold.getAttribute("aria-expanded")]).toEqual(["true", "false"]);
    show(makeColoring(model, "macs"));
    expect(root.querySelector("[aria-expanded]")?.getAttribute("aria-expanded")).toBe("false");
  });
});

describe("the legend of words", () => {
  const texts = ["int8", "int8", "int8", "uint8", "uint8", "float32", null, null];

  it("lists them with their numbers, and asks for one at a time", async () => {
    const { root, show, model, asked } = await open({ mine: texts });
    show(makeColoring(model, "mine"));
    const words = [...root.querySelectorAll<HTMLElement>(".haoline-legend-word")];
    expect(words.map((word) => word.textContent)).toEqual(["int83", "uint82", "float321"]);
    expect(root.textContent).toContain("unknown: 2 ops");
    words[0]!.click();
    expect(asked.at(-1)).toBe("mine=int8");
    expect(searchOps(model, asked.at(-1)!).ops).toEqual([0, 1, 2]);
    words[1]!.click();
    expect(words.map((word) => word.getAttribute("aria-pressed"))).toEqual(["false", "true", "false"]);
    words[1]!.click();
    expect(asked.at(-1)).toBe("");
  });

  it("shows words from a file as text only", async () => {
    const hostile = '<img src=x onerror="globalThis.pwned=1">\u202e\n';
    const { root, show, model } = await open({
      mine: { values: Array(8).fill(hostile), label: hostile, unit: hostile },
    });
    show(makeColoring(model, "mine"));
    expect(root.querySelector("img")).toBeNull();
    expect(root.querySelector("h4")?.textContent).toContain("<img src=x");
    expect(root.textContent).not.toContain("\u202e");
  });
});

describe("the legend of edges", () => {
  it("stands beside that of nodes, and asks for nothing", async () => {
    const { root, show, model } = await amounts();
    show(makeColoring(model, "mine"), { edgeColoring: makeEdgeColoring(model, "nbytes") });
    const sections = [...root.querySelectorAll("section[aria-label]")].map((section) =>
      section.getAttribute("aria-label"),
    );
    expect(sections).toEqual(["Nodes by Mine", "Edges by nbytes"]);
    expect(root.querySelectorAll("[role=slider]")).toHaveLength(2);
  });

  it("gives way to precision where no column colours edges", async () => {
    const { root, show, panel } = await open({ mine: new Float64Array(8) });
    show(null);
    expect([...root.querySelectorAll("h4")].map((title) => title.textContent)).toEqual(["Nodes", "Edges", "Lines"]);
    expect(root.dataset.open).toBe("false");
    panel.toggle();
    expect(root.dataset.open).toBe("true");
  });
});

describe("a legend that is drawn anew, as when the page turns dark", () => {
  it("keeps the range", async () => {
    const { root, show, model, asked } = await amounts();
    press(handle(root, "low"), "ArrowRight", 16);
    show(makeColoring(model, "mine"), { dark: true });
    expect(handle(root, "low").getAttribute("aria-valuenow")).toBe("10");
    expect(asked).toHaveLength(16);
  });

  it("keeps the word", async () => {
    const { root, show, model, asked } = await open({ mine: ["a", "a", "b", "b", "c", "c", "c", "c"] });
    show(makeColoring(model, "mine"));
    root.querySelectorAll<HTMLElement>(".haoline-legend-word")[1]!.click();
    show(makeColoring(model, "mine"), { dark: true });
    expect(root.querySelector(".haoline-legend-word[aria-pressed=true]")?.textContent).toBe("a2");
    expect(asked).toEqual(["mine=a"]);
  });
});
