import { format, type ReportDocument } from "../../data/index.js";
import { put, s, style } from "../dom.js";
import { categoryColor } from "../palette.js";
import { peakText } from "../profiles.js";
import { readout } from "../tooltip.js";
import { plural } from "../units.js";
import type { Scene } from "../view.js";
import { type Box, Frame, label, line, round } from "./frame.js";
import { beneath, type Cluster, cluster, type OpPoint, opPoints, type Roof, roofOf } from "./roofline-data.js";
import { logarithmic, type Scale } from "./scale.js";

const { count, micros, percent } = format;
const LARGEST_DOT = 15;
const SMALLEST_DOT = 2.5;
const RIDGE_LABEL = 110;

/** Rate over arithmetic intensity, both logarithmic: the roof of the device and the ops beneath it. */
export class RooflineChart {
  #scene: Scene;
  #frame: Frame;
  #points: OpPoint[] = [];
  #roof: Roof | null = null;
  #time = 0;
  #selected = new Set<number>();

  constructor(scene: Scene) {
    this.#scene = scene;
    const margin = { left: 92, top: 24, right: 18, bottom: 42 };
    const testid = "haoline-roofline";
    this.#frame = new Frame({ testid, height: 300, margin, draw: (plot, width) => this.#draw(plot, width) });
    this.#frame.svg.setAttribute("role", "group");
    this.update(scene.report);
  }

  node(): HTMLElement {
    return this.#frame.node();
  }

  /** Categories drawn, most time first. */
  get categories(): string[] {
    const time = new Map<string, number>();
    for (const point of this.#points) time.set(point.category, (time.get(point.category) ?? 0) + point.time);
    return [...time].sort((a, b) => b[1] - a[1]).map(([name]) => name);
  }

  /** Ops that have no place in the chart: no FLOPs, fused into another, or time or intensity unknown. */
  get left(): number {
    return this.#scene.report.ops.rows - this.#points.length;
  }

  update(report: ReportDocument): void {
    const points = opPoints(report);
    this.#roof = roofOf(report, points);
    this.#points = beneath(points, this.#roof);
    this.#time = this.#points.reduce((sum, point) => sum + point.time, 0);
    this.#frame.svg.setAttribute("aria-label", `Roofline: ${plural(this.#points.length, "op")} by intensity and rate`);
    this.#frame.redraw();
  }

  select(ops: readonly number[]): void {
    this.#selected = new Set(ops);
    this.#frame.redraw();
  }

  dispose(): void {
    this.#frame.dispose();
  }

  #draw(plot: Box, width: number): void {
    const { svg } = this.#frame;
    const roof = this.#roof;
    if (!roof || this.#points.length === 0) {
      return put(svg, label(width / 2, 140, "Choose hardware with a published peak to see its roofline.", "middle"));
    }
    const xs = [...this.#points.map((point) => point.intensity), roof.ridge, roof.ridge * 4];
    const ys = [...this.#points.map((point) => point.rate), roof.peak * 1.5];
    const x = logarithmic(least(xs), most(xs), plot.left, plot.right);
    const y = logarithmic(least(ys), most(ys), plot.bottom, plot.top);
    put(svg, ...axes(plot, x, y), ...this.#roofline(plot, x, y, roof), ...this.#dots(x, y));
  }

  #roofline(plot: Box, x: Scale, y: Scale, roof: Roof): SVGElement[] {
    const start = Math.max(x.invert(plot.left), y.invert(plot.bottom) / roof.bandwidth);
    const corner = { x: x(roof.ridge), y: y(roof.peak) };
    const path = `M${round(x(start))} ${round(y(start * roof.bandwidth))}L${round(corner.x)} ${round(corner.y)}H${plot.right}`;
    const slope = (x(start) + corner.x) / 2;
    return [
      line(corner.x, corner.y, corner.x, plot.bottom, "hl-ridge"),
      s("path", { d: path, class: "hl-roof" }),
      label(plot.right, corner.y - 7, `${roof.name} ${peakText(roof.name, roof.peak)}`, "end", "hl-roof-label"),
      label(
        slope - 8,
        (y(start * roof.bandwidth) + corner.y) / 2 - 6,
        count(roof.bandwidth, "B/s"),
        "end",
        "hl-roof-label",
      ),
      ridgeLabel(plot, corner.x, roof.ridge),
    ];
  }

  #dots(x: Scale, y: Scale): SVGElement[] {
    const clusters = cluster(this.#points, x, y);
    const longest = most(clusters.map((dot) => dot.time));
    return clusters.map((dot) => this.#dot(dot, longest));
  }

  #dot(dot: Cluster, longest: number): SVGElement {
    const radius = Math.max(SMALLEST_DOT, LARGEST_DOT * Math.sqrt(dot.time / longest));
    const chosen = dot.ops.some((op) => this.#selected.has(op));
    const circle = s("circle", {
      cx: round(dot.x),
      cy: round(dot.y),
      r: round(radius),
      class: chosen ? "hl-op hl-chosen" : "hl-op",
    });
    style(circle, "fill", categoryColor(dot.category));
    circle.addEventListener("pointermove", (event) =>
      this.#scene.tooltip.at(event.clientX, event.clientY, ...this.#tell(dot)),
    );
    circle.addEventListener("pointerleave", () => this.#scene.tooltip.hide());
    circle.addEventListener("click", () => this.#scene.select(dot.ops));
    return circle;
  }

  #tell(dot: Cluster): ReturnType<typeof readout> {
    const name = this.#scene.report.ops.text("name")?.at(dot.ops[0] ?? -1) ?? "";
    const title = dot.ops.length === 1 ? name : `${plural(dot.ops.length, "op")} like ${name}`;
    const share = this.#time > 0 ? ` (${percent(dot.time / this.#time)})` : "";
    return readout(title, [
      ["Category", dot.category],
      ["Intensity", count(dot.intensity, "FLOP/B")],
      ["Rate", count(dot.rate, "FLOP/s")],
      ["Time", micros(dot.time) + share],
    ]);
  }
}

/** Beside the ridge, on the side that has room. */
function ridgeLabel(plot: Box, x: number, ridge: number): SVGElement {
  const room = plot.right - x > RIDGE_LABEL;
  const text = `ridge ${count(ridge, "FLOP/B")}`;
  return label(room ? x + 5 : x - 5, plot.bottom - 6, text, room ? "start" : "end", "hl-roof-label");
}

function axes(plot: Box, x: Scale, y: Scale): SVGElement[] {
  const columns = x.ticks.flatMap((tick) => [
    line(x(tick), plot.top, x(tick), plot.bottom, "hl-gridline"),
    label(x(tick), plot.bottom + 16, count(tick), "middle"),
  ]);
  const rows = y.ticks.flatMap((tick) => [
    line(plot.left, y(tick), plot.right, y(tick), "hl-gridline"),
    label(plot.left - 8, y(tick) + 4, count(tick, "FLOP/s"), "end"),
  ]);
  const middle = (plot.left + plot.right) / 2;
  const title = label(
    middle,
    plot.bottom + 34,
    "Arithmetic intensity (FLOP per byte moved)",
    "middle",
    "hl-axis-title",
  );
  return [...columns, ...rows, line(plot.left, plot.bottom, plot.right, plot.bottom, "hl-axis"), title];
}

function least(values: readonly number[]): number {
  return values.reduce((low, value) => Math.min(low, value), Number.POSITIVE_INFINITY);
}

function most(values: readonly number[]): number {
  return values.reduce((high, value) => Math.max(high, value), Number.MIN_VALUE);
}
