import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Channels } from "../../../js/src/activations/maps/channels.js";
import { ChannelStrip } from "../../../js/src/activations/panels/channel-strip.js";
import { DepthChart } from "../../../js/src/activations/panels/depth.js";
import { HistogramChart } from "../../../js/src/activations/panels/histogram.js";
import type { PanelScene } from "../../../js/src/activations/panels/scene.js";
import { ReportDocument } from "../../../js/src/data/index.js";
import { Tooltip } from "../../../js/src/views/tooltip.js";
import { report } from "../views/fixture.js";
import { captured } from "./panel-fixture.js";

/** happy-dom lays nothing out: whoever observes a size is told this width. */
const WIDTH = 466;

beforeEach(() => {
  vi.stubGlobal(
    "ResizeObserver",
    class {
      readonly #tell: (entries: unknown[]) => void;
      constructor(tell: (entries: unknown[]) => void) {
        this.#tell = tell;
      }
      observe(): void {
        queueMicrotask(() => this.#tell([{ contentRect: { width: WIDTH, height: 200 } }]));
      }
      disconnect(): void {}
    },
  );
});

afterEach(() => {
  vi.unstubAllGlobals();
  document.body.replaceChildren();
});

async function svgOf(chart: { node(): HTMLElement }): Promise<SVGSVGElement> {
  document.body.append(chart.node());
  await Promise.resolve();
  return chart.node().querySelector("svg") as SVGSVGElement;
}

function point(svg: SVGSVGElement, type: string, x: number): void {
  svg.dispatchEvent(new MouseEvent(type, { clientX: x, clientY: 60 }));
}

async function scene(): Promise<PanelScene & { readonly tooltip: Tooltip }> {
  const tooltip = new Tooltip();
  document.body.append(tooltip.node());
  const made = { report: await ReportDocument.decode(report()), tooltip, select: vi.fn(), pick: vi.fn() };
  return { ...made, show: vi.fn(), change: vi.fn(), say: vi.fn() } as unknown as PanelScene & { tooltip: Tooltip };
}

describe("the depth chart", () => {
  it("marks what is wrong where it is, and names only the marks that occur", async () => {
    const chart = new DepthChart(await scene());
    const svg = await svgOf(chart);
    chart.update(await captured());
    // Four tensors on the 402 pixels after 52: the second has a dead channel, the fourth is NaN.
    const flags = [...svg.querySelectorAll(".hl-flag")].map((flag) => [flag.textContent, flag.getAttribute("x")]);
    expect(flags).toEqual([
      ["■", "203"],
      ["✕", "404"],
    ]);
    expect(chart.node().textContent).toContain("dead channels");
    expect(chart.node().textContent).not.toContain("saturated");
    // A tensor without finite values has no range.
    expect(svg.querySelector(".hl-range-all")?.getAttribute("d")?.split("M").length).toBe(4);
  });

  it("reads a tensor under the pointer and selects its op at a click", async () => {
    const around = await scene();
    const chart = new DepthChart(around);
    const svg = await svgOf(chart);
    chart.update(await captured());
    point(svg, "pointermove", 210);
    for (const word of ["b", "Relu, 1×3×2×2", "0 to 4", "50 %", "1 of 3"]) {
      expect(around.tooltip.node().textContent).toContain(word);
    }
    point(svg, "click", 300);
    expect(around.select).toHaveBeenCalledWith([1]);
    expect(around.pick).toHaveBeenCalledWith(3);
    point(svg, "pointerleave", 0);
    expect(around.tooltip.node().hidden).toBe(true);
  });

  it("marks all tensors of the selected ops, and the one that is shown", async () => {
    const chart = new DepthChart(await scene());
    const svg = await svgOf(chart);
    chart.update(await captured());
    chart.select([1], 2);
    expect(svg.querySelectorAll(".hl-depth-selected")).toHaveLength(1);
    expect(svg.querySelectorAll(".hl-depth-shown")).toHaveLength(1);
    chart.select([], 0);
    expect(svg.querySelectorAll(".hl-depth-selected, .hl-depth-shown")).toHaveLength(1);
  });

  it("says that nothing was captured", async () => {
    const around = await scene();
    const chart = new DepthChart(around);
    const svg = await svgOf(chart);
    chart.update(await captured({}, await noRows()));
    expect(svg.textContent).toContain("Nothing was captured");
    svg.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter" }));
    point(svg, "click", 200);
    expect(around.select).not.toHaveBeenCalled();
  });
});

/** The columns of the fixture without rows. */
async function noRows(): Promise<Record<string, Float64Array | Int32Array | string[]>> {
  const { tensors } = await captured();
  const empty = tensors.columns.map(({ info }) => [
    info.name,
    info.type === "str" ? [] : info.type === "i32" ? new Int32Array() : new Float64Array(),
  ]);
  return Object.fromEntries(empty);
}

describe("the histogram", () => {
  it("draws quantiles only where they are known, and reads bar by bar", async () => {
    const { tooltip } = await scene();
    const chart = new HistogramChart(tooltip);
    const svg = await svgOf(chart);
    const doc = await captured();
    const quantiles = { q01: -1, q25: 0, q50: 0.5, q75: 2, q99: 3.5 };
    const shown = { histogram: doc.histogram(0), bins: "linear", counts: "linear", robust: false } as const;
    chart.show({ ...shown, statistics: doc.statistics(0) });
    expect(svg.querySelector(".hl-quantile-box")).toBeNull();
    chart.show({ ...shown, statistics: { ...doc.statistics(0), ...quantiles } });
    expect(svg.querySelector(".hl-quantile-box")).not.toBeNull();
    // Few values: the bins as they are, zero among them; −2 lies at pixel 52, 4 at 452.
    point(svg, "pointermove", 252);
    expect(tooltip.node().textContent).toBe("0.5 to 216 values (44.4 %)");
    point(svg, "pointermove", 185);
    expect(tooltip.node().textContent).toBe("04 values (11.1 %)");
    point(svg, "pointermove", 150);
    expect(tooltip.node().hidden).toBe(true);
  });

  it("says that there is nothing to count", async () => {
    const chart = new HistogramChart((await scene()).tooltip);
    const svg = await svgOf(chart);
    const statistics = (await captured()).statistics(3);
    chart.show({ histogram: null, statistics, bins: "log", counts: "log", robust: true });
    expect(svg.textContent).toContain("no finite values");
  });
});

describe("the strip of channels", () => {
  it("tells dead channels and outliers apart by shape, and a click picks one", async () => {
    const pick = vi.fn();
    const chart = new ChannelStrip((await scene()).tooltip, pick);
    const svg = await svgOf(chart);
    const doc = await captured();
    chart.show({ channels: new Channels(doc, 1), order: [2, 1, 0], axis: "log", word: "channel", chosen: 1 });
    expect(svg.querySelector("rect.hl-mark-dead")?.getAttribute("x")).toBe("248");
    expect(svg.querySelectorAll(".hl-selected-line")).toHaveLength(1);
    point(svg, "click", 400);
    expect(pick).toHaveBeenCalledWith(0);
    chart.show({ channels: new Channels(doc, 0), order: [0, 1, 2], axis: "linear", word: "channel", chosen: null });
    expect(svg.querySelectorAll("path.hl-mark-outlier")).toHaveLength(1);
    expect(svg.querySelector(".hl-selected-line")).toBeNull();
  });
});
