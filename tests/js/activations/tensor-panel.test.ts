import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Shown } from "../../../js/src/activations/panel.js";
import { type PanelSettings, SETTINGS } from "../../../js/src/activations/settings.js";
import type { TileSource } from "../../../js/src/activations/source.js";
import { TensorPanel } from "../../../js/src/activations/tensor-panel.js";
import { LiveSource } from "../../../js/src/activations/tiles/live.js";
import { SavedSource } from "../../../js/src/activations/tiles/saved.js";
import { byId, press } from "../views/helpers.js";
import { documentOf, Kernel, settled } from "./maps-fixture.js";

const COUNT = 2048;
const MEASURED = {
  mean: Array.from({ length: COUNT }, (_, i) => i % 7),
  std: Array.from({ length: COUNT }, (_, i) => i / COUNT),
  dead: Array.from({ length: COUNT }, (_, i) => (i % 100 === 5 ? 1 : 0)),
  outlier: new Array<number>(COUNT).fill(0),
};

interface Mounted {
  readonly panel: TensorPanel;
  readonly node: HTMLElement;
  readonly kernel: Kernel;
  settings: PanelSettings;
  show(more?: Partial<Shown>): void;
}

const mounted: TensorPanel[] = [];

async function mount(
  tiles: ((kernel: Kernel) => TileSource) | null = null,
  more: Partial<Shown> = {},
): Promise<Mounted> {
  const kernel = new Kernel();
  const doc = await documentOf({ shape: `1×${COUNT}×2×2`, channels: MEASURED });
  const source = tiles ? tiles(kernel) : new LiveSource(kernel.ask);
  let shown: Omit<Shown, "settings"> = { doc, row: 0, sample: 0, against: null, mean: false, ...more };
  const change = (settings: Partial<PanelSettings>): void => {
    made.settings = { ...made.settings, ...settings };
    made.show();
  };
  const panel = new TensorPanel({ tiles: source, change, say: () => undefined });
  const show = (changed: Partial<Shown> = {}): void => {
    shown = { ...shown, ...changed };
    panel.show({ ...shown, settings: made.settings });
  };
  const made: Mounted = { panel, node: panel.node(), kernel, settings: SETTINGS, show };
  mounted.push(panel);
  document.body.append(panel.node());
  show();
  await settled();
  return made;
}

beforeEach(() => {
  Object.defineProperty(HTMLElement.prototype, "clientWidth", { value: 640, configurable: true });
  Object.defineProperty(HTMLElement.prototype, "clientHeight", { value: 400, configurable: true });
});

afterEach(() => {
  for (const panel of mounted.splice(0)) panel.dispose();
  Reflect.deleteProperty(HTMLElement.prototype, "clientWidth");
  Reflect.deleteProperty(HTMLElement.prototype, "clientHeight");
  document.body.replaceChildren();
});

const reading = (node: HTMLElement): string => byId("haoline-reading", node).textContent ?? "";
const grid = (node: HTMLElement): HTMLElement => byId("haoline-maps", node);

describe("the grid of 2,048 channels", () => {
  it("is one canvas in a space as high as all of them, and asks for those in sight first", async () => {
    const { node, kernel } = await mount();
    expect(node.querySelectorAll(".hl-maps canvas")).toHaveLength(1);
    expect(grid(node).getAttribute("aria-label")).toBe("2048 channels");
    const height = Number.parseFloat(node.querySelector<HTMLElement>(".hl-maps-space")!.style.height);
    expect(height).toBeGreaterThan(40_000);
    // The first answer is small, so that it comes soon; how large tiles are, it tells.
    expect(kernel.channels(0)).toEqual(Array.from({ length: 12 }, (_, i) => i));
    await kernel.flush();
    expect((kernel.channels(2) as number[]).length).toBeGreaterThan(12);
  });

  it("asks for what is scrolled to, not for what lies between", async () => {
    const { node, kernel } = await mount();
    grid(node).scrollTop = 30_000;
    grid(node).dispatchEvent(new Event("scroll"));
    await new Promise((resolve) => requestAnimationFrame(resolve));
    const before = kernel.asked.length;
    await kernel.flush();
    expect((kernel.channels(before) as number[])[0]).toBeGreaterThan(1100);
  });

  it("is read by keyboard: where the cursor is, what it is, and into one channel and back", async () => {
    const made = await mount();
    const { node } = made;
    grid(node).focus();
    press(grid(node), "ArrowDown");
    expect(reading(node)).toContain("channel 5 · mean 5 · std 0.002441 · dead");
    const option = node.querySelector(`#${grid(node).getAttribute("aria-activedescendant")}`)!;
    expect(option.getAttribute("aria-posinset")).toBe("6");
    expect(option.getAttribute("aria-setsize")).toBe("2048");
    press(grid(node), "End");
    expect(reading(node)).toContain("channel 2047");
    press(grid(node), "Enter");
    expect(made.settings.channel).toBe(2047);
    expect(node.dataset["kind"]).toBe("channel");
    await settled();
    // Those of the grid that were on their way come first.
    await made.kernel.flush();
    await made.kernel.flush();
    const plane = byId("haoline-plane", node);
    press(plane, "ArrowRight");
    press(plane, "ArrowRight");
    expect(reading(node)).toBe("channel 2047 · row 0 · column 1 = −1");
    // Another sample: the cursor waits for its tile.
    made.show({ sample: 1 });
    expect(reading(node)).not.toContain("=");
    await settled();
    await made.kernel.flush();
    expect(reading(node)).toBe("channel 2047 · row 0 · column 1 = −1");
    press(plane, "PageUp");
    expect(made.settings.channel).toBe(2046);
    press(plane, "Escape");
    expect(made.settings.channel).toBeNull();
    expect(document.activeElement).toBe(grid(node));
  });

  it("is sorted and filtered by what was measured", async () => {
    const made = await mount();
    const sort = byId("haoline-maps-sort", made.node) as HTMLSelectElement;
    expect([...sort.options].map(({ value }) => value)).toEqual(["index", "mean", "std"]);
    sort.value = "std";
    sort.dispatchEvent(new Event("change"));
    expect(made.settings).toMatchObject({ sort: "std", descending: true });
    grid(made.node).focus();
    press(grid(made.node), "Home");
    expect(reading(made.node)).toContain("channel 2047");
    byId("haoline-maps-direction", made.node).click();
    press(grid(made.node), "Home");
    expect(reading(made.node)).toContain("channel 0");
    const filter = byId("haoline-maps-filter", made.node) as HTMLSelectElement;
    expect([...filter.options].map(({ text }) => text)).toEqual(["All 2048", "Dead: 21", "Outliers: 0", "Alive: 2027"]);
    filter.value = "dead";
    filter.dispatchEvent(new Event("change"));
    expect(grid(made.node).getAttribute("aria-label")).toBe("21 channels");
    filter.value = "outlier";
    filter.dispatchEvent(new Event("change"));
    expect(made.node.textContent).toContain("No channel is far larger than the others.");
  });
});

describe("what the panel says", () => {
  it("where nothing was captured", async () => {
    const { node } = await mount(null, { row: -1 });
    expect(node.dataset["kind"]).toBe("nothing");
    expect(node.textContent).toContain("Nothing is captured here");
  });

  it("where there is no kernel, and what the kernel says where it fails", async () => {
    const saved = await mount(() => new SavedSource(""));
    await vi.waitFor(() => expect(byId("haoline-pictures-note", saved.node).textContent).toContain("no kernel"));
    const failing = await mount();
    failing.kernel.error = "Sample 0 cannot be run again: cat.png is gone.";
    await failing.kernel.flush();
    expect(byId("haoline-pictures-note", failing.node).textContent).toBe(failing.kernel.error);
    failing.kernel.error = "";
    failing.show({ sample: 1 });
    expect(byId("haoline-pictures-note", failing.node).hidden).toBe(true);
  });

  it("of colours, in numbers", async () => {
    const { node } = await mount();
    expect(byId("haoline-colorbar", node).getAttribute("aria-label")).toBe("Colours from ≤ −0.9 to ≥ 0.9");
  });
});

describe("colours of differences", () => {
  it("stay what they were when others are chosen, though the pictures are here already", async () => {
    const made = await mount(null, { against: 1 });
    await made.kernel.flush();
    await new Promise((resolve) => requestAnimationFrame(resolve));
    const label = (): string => byId("haoline-colorbar", made.node).getAttribute("aria-label") ?? "";
    expect(label()).toMatch(/from −1\.05 to 1\.05/);
    made.settings = { ...made.settings, map: "viridis" };
    made.show();
    expect(label()).toMatch(/from −1\.05 to 1\.05/);
  });
});

describe("saving values", () => {
  it("asks the kernel for the tensor, or for the one channel that is shown", async () => {
    const made = await mount();
    const save = (): void => byId("haoline-save-npy", made.node).click();
    save();
    expect(made.kernel.asked.at(-1)).toMatchObject({ type: "array", tensor: 0, sample: 0, channel: null });
    made.settings = { ...made.settings, channel: 7 };
    made.show();
    save();
    expect(made.kernel.asked.at(-1)).toMatchObject({ type: "array", channel: 7 });
  });

  it("says that there is no kernel to do it", async () => {
    const { node } = await mount(() => new SavedSource(""));
    byId("haoline-save-npy", node).click();
    await vi.waitFor(() => expect(byId("haoline-pictures-note", node).textContent).toContain("run the cell first"));
  });
});
