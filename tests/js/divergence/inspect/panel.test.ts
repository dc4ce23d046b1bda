import { afterEach, describe, expect, it, vi } from "vitest";
import { byId, press } from "../../views/helpers.js";
import { compared, SUGGESTIONS, WHAT_IF } from "../compared-fixture.js";
import { mount, settled, unmount } from "./mount.js";

afterEach(() => {
  vi.restoreAllMocks();
  unmount();
});

/** happy-dom lays nothing out: charts are as wide as they are told. */
class Observer {
  static readonly all: Observer[] = [];
  readonly #callback: ResizeObserverCallback;

  constructor(callback: ResizeObserverCallback) {
    this.#callback = callback;
    Observer.all.push(this);
  }

  observe(): void {
    const entry = { contentRect: { width: 600, height: 200 } } as ResizeObserverEntry;
    this.#callback([entry], this as unknown as ResizeObserver);
  }

  unobserve(): void {
    // Nothing is watched.
  }

  disconnect(): void {
    // Nothing is watched.
  }
}

const tab = (node: HTMLElement, id: string): HTMLElement => byId(`haoline-tab-${id}`, node);

describe("the head of an inspection", () => {
  it("names the op, its tensor and the error in figures, and says where it comes from", async () => {
    const { node } = await mount();
    const head = byId("haoline-inspect-head", node).textContent ?? "";
    for (const part of [
      "int8",
      "1×2×2×2",
      "Seen here20.0 dB",
      "Made here20.0 dB",
      "Cosine0.995",
      "Weights34.0 dB",
      "2 % clipped",
    ]) {
      expect(head).toContain(part);
    }
    expect(byId("haoline-inspect-verdict", node).textContent).toContain(
      "Most of the error seen here is made by this op",
    );
  });

  it("claims no figures where nothing was matched", async () => {
    const { node } = await mount({ row: 1 });
    expect(node.querySelector(".hl-inspect-figures")).toBeNull();
    expect(node.querySelector('[data-testid="haoline-inspect-verdict"]')).toBeNull();
  });

  it("has the error of the weights of an op that runs as part of another", async () => {
    const divergence = await compared({}, { weight_sqnr_db: Float64Array.from([34, 31, Number.NaN, Number.NaN]) });
    const { node } = await mount({ row: 1, divergence });
    expect(node.querySelector(".hl-inspect-figures")?.textContent).toBe("Weights31.0 dB");
  });

  it("gives way to the worst ops where nothing is selected", async () => {
    const made = await mount();
    made.show({ row: -1, ops: [] });
    const hint = byId("haoline-inspect-hint", made.node);
    expect(hint.hidden).toBe(false);
    expect(hint.textContent).toContain("Click an op");
    hint.querySelector<HTMLElement>("button")?.click();
    expect(made.selected).toEqual([[0]]);
    made.show({ row: -1, ops: [2] });
    expect(hint.textContent).toContain("Nothing was compared of");
    made.show({ row: 0, ops: [0] });
    expect(hint.hidden).toBe(true);
  });
});

describe("the distribution", () => {
  it("has both histograms, the levels, what lies beyond them, and its figures", async () => {
    vi.stubGlobal("ResizeObserver", Observer);
    const divergence = await compared({}, { grid_high: Float64Array.from([0.5, Number.NaN, Number.NaN, Number.NaN]) });
    const { node } = await mount({ tab: "distribution", divergence });
    vi.unstubAllGlobals();
    const chart = byId("haoline-grid-chart", node);
    expect(chart.querySelector(".hl-float-bars")?.getAttribute("d")).toMatch(/^M/);
    expect(chart.querySelector(".hl-variant-line")?.getAttribute("d")).toMatch(/^M/);
    expect(chart.querySelector(".hl-ruler-levels")?.getAttribute("d")).toMatch(/^M/);
    // The grid ends above at 0.5 and below at −1.5: both are in sight.
    expect(chart.querySelectorAll(".hl-grid-end")).toHaveLength(2);
    expect(chart.textContent).toContain("grid ends at 0.5");
    const facts = byId("haoline-grid-facts", node).textContent ?? "";
    for (const part of ["Float values−1 to 1", "Grid−1.5 to 0.5, 2 % clipped", "Step0.5", "Zero point3", "Bits8"]) {
      expect(facts).toContain(part);
    }
    press(chart, "Home");
    expect(chart.getAttribute("aria-valuetext")).toContain("float");
  });

  it("says so where there is no grid, and where nothing was counted", async () => {
    const without = await mount({ tab: "distribution", row: 3 });
    expect(byId("haoline-divergence-distribution", without.node).textContent).toContain("No grid");
    const unmatched = await mount({ tab: "distribution", row: 1 });
    expect(byId("haoline-divergence-distribution", unmatched.node).textContent).toContain("folded into");
    const uncounted = await mount({ tab: "distribution", row: 2 });
    expect(byId("haoline-divergence-distribution", uncounted.node).textContent).toContain("were not counted");
  });

  it("leads from a channel of the strip to its pictures, worst first", async () => {
    vi.stubGlobal("ResizeObserver", Observer);
    const made = await mount({ tab: "distribution" });
    vi.unstubAllGlobals();
    const strip = byId("haoline-error-strip", made.node);
    press(strip, "Home");
    expect(strip.getAttribute("aria-valuetext")).toBe("channel 0, 12.0 dB");
    press(strip, "ArrowRight");
    expect(strip.getAttribute("aria-valuetext")).toBe("channel 1, 30.0 dB");
    press(strip, "Enter");
    await settled();
    expect(made.now).toMatchObject({ tab: "values", settings: { channel: 1 } });
  });
});

describe("advice", () => {
  it("has the findings of the op and what its figures suggest, counted on the tab", async () => {
    const { node } = await mount({ tab: "advice" });
    const cards = [...node.querySelectorAll('[data-testid="haoline-advice-card"] h4')].map(
      (title) => title.textContent,
    );
    expect(cards).toEqual(expect.arrayContaining(["wide range", "Values are clipped"]));
    expect(tab(node, "advice").querySelector(".hl-badge")?.textContent).toBe(String(cards.length));
  });

  it("writes what to keep float or 16-bit into the plan, one of the two", async () => {
    const made = await mount({ tab: "advice" });
    const choose = (choice: string): void => made.node.querySelector<HTMLElement>(`[data-choice="${choice}"]`)?.click();
    choose("float");
    expect(made.now.plan).toEqual({ keep_float: [0], int16: [], changes: [] });
    const pressed = made.node.querySelector<HTMLElement>('[data-choice="float"]');
    expect(pressed?.getAttribute("aria-pressed")).toBe("true");
    expect(document.activeElement).toBe(pressed);
    choose("int16");
    expect(made.now.plan).toEqual({ keep_float: [], int16: [0], changes: [] });
    choose("int8");
    expect(made.now.plan).toEqual({ keep_float: [], int16: [], changes: [] });
  });

  it("predicts what keeping the op float brings where that was measured", async () => {
    const { node } = await mount({ tab: "advice", divergence: await compared({ what_if: WHAT_IF }) });
    const said = byId("haoline-advice-predicted", node).textContent ?? "";
    // Of noises 0.006, 0.003 and 0.001 the first goes: 10 log10(1 / 0.004).
    expect(said).toContain("24.0 dB in place of 20.0 dB");
    const unknown = await mount({ tab: "advice" });
    expect(byId("haoline-advice-predicted", unknown.node).textContent).toContain("What if");
  });

  it("has what lint suggests for the op, to be ticked", async () => {
    const made = await mount({ tab: "advice", divergence: await compared({ suggestions: SUGGESTIONS }) });
    const box = (): HTMLInputElement => made.node.querySelector<HTMLInputElement>("input[type=checkbox]")!;
    expect(made.node.querySelectorAll("input[type=checkbox]")).toHaveLength(1);
    expect(box().parentElement?.textContent).toContain("Leave them in float");
    box().click();
    expect(made.now.plan).toEqual({ keep_float: [0, 2], int16: [], changes: [] });
    expect([box().checked, document.activeElement === box()]).toEqual([true, true]);
    made.show({ row: 3 });
    expect(box().parentElement?.textContent).toContain("Clip the mask");
    made.show({ row: 1 });
    expect(box()).toBeNull();
  });

  it("takes words of a model as text", async () => {
    const hostile = "<img src=x onerror=alert(1)>";
    const findings = [{ id: "x", severity: "error", title: hostile, ops: [0], evidence: hostile, advice: hostile }];
    const { node } = await mount({ tab: "advice", divergence: await compared({ findings }) });
    expect(node.querySelector("img")).toBeNull();
    expect(node.textContent).toContain(hostile);
  });
});
