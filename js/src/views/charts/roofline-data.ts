import type { Hardware, ReportDocument } from "../../data/index.js";
import type { Scale } from "./scale.js";
import { Traffic } from "./traffic.js";

export interface OpPoint {
  readonly op: number;
  readonly category: string;
  /** FLOP per byte. */
  readonly intensity: number;
  /** FLOP per second at the estimated time. */
  readonly rate: number;
  /** Microseconds. */
  readonly time: number;
}

/** Ops that fall on one spot of the chart. */
export interface Cluster {
  readonly x: number;
  readonly y: number;
  readonly category: string;
  readonly intensity: number;
  readonly rate: number;
  time: number;
  readonly ops: number[];
}

export interface Roof {
  /** Precision whose peak this is. */
  readonly name: string;
  /** FLOP/s of all devices. */
  readonly peak: number;
  /** B/s of all devices. */
  readonly bandwidth: number;
  /** FLOP/B at which the two meet. */
  readonly ridge: number;
}

const GRID = 2;
const TOLERANCE = 1.02;

/** Ops with a known intensity, FLOPs and estimated time, at the precision of the estimate. */
export function opPoints(report: ReportDocument): OpPoint[] {
  const [flops, times] = ["flops", "estimated_us"].map((name) => report.ops.numeric(name));
  const categories = report.ops.text("category");
  const traffic = new Traffic(report);
  const points: OpPoint[] = [];
  for (let op = 0; op < report.ops.rows; op += 1) {
    const [moved, work, time] = [traffic.of(op), flops?.at(op) ?? 0, times?.at(op) ?? 0];
    if (!(moved > 0 && work > 0 && time > 0)) continue;
    points.push({
      op,
      category: categories?.at(op) || "other",
      intensity: work / moved,
      rate: work / (time * 1e-6),
      time,
    });
  }
  return points;
}

/** Points beneath the roof: what lies above it is fused and moves fewer bytes than it reads. */
export function beneath(points: readonly OpPoint[], roof: Roof | null): OpPoint[] {
  if (!roof) return [];
  const ceiling = (point: OpPoint): number => Math.min(roof.peak, roof.bandwidth * point.intensity);
  return points.filter((point) => point.rate <= ceiling(point) * TOLERANCE);
}

/** The device's roof for the heaviest op; null where a figure is missing. */
export function roofOf(report: ReportDocument, points: readonly OpPoint[]): Roof | null {
  const { hardware } = report;
  if (!hardware) return null;
  const bandwidth = (hardware.profile.bandwidth ?? 0) * hardware.count;
  const peak = peakOf(report, points) ?? (hardware.profile.peaks?.[hardware.precision ?? ""] ?? 0) * hardware.count;
  if (!(peak > 0 && bandwidth > 0)) return null;
  return { name: peakName(hardware, peak), peak, bandwidth, ridge: peak / bandwidth };
}

/** The peak behind the estimate: an op's rate over its utilisation is what the engine took. */
function peakOf(report: ReportDocument, points: readonly OpPoint[]): number | null {
  const utilisation = report.ops.numeric("utilisation");
  const work = (point: OpPoint): number => point.rate * point.time;
  const usable = points.filter((point) => (utilisation?.at(point.op) ?? 0) > 0);
  if (usable.length === 0) return null;
  const heaviest = usable.reduce((most, point) => (work(point) > work(most) ? point : most));
  return heaviest.rate / (utilisation?.at(heaviest.op) ?? 1);
}

/** Which of the device's published peaks this is. */
function peakName(hardware: Hardware, peak: number): string {
  const peaks = Object.entries(hardware.profile.peaks ?? {});
  const same = peaks.filter(([, value]) => Math.abs((value * hardware.count) / peak - 1) < 0.01).map(([name]) => name);
  return same.find((name) => name === hardware.precision) ?? same[0] ?? hardware.precision ?? "";
}

/** Merge ops that would be drawn on top of each other. */
export function cluster(points: readonly OpPoint[], x: Scale, y: Scale): Cluster[] {
  const spots = new Map<string, Cluster>();
  for (const { op, category, intensity, rate, time } of points) {
    const [left, top] = [x(intensity), y(rate)];
    const key = `${category} ${Math.round(left / GRID)} ${Math.round(top / GRID)}`;
    const spot = spots.get(key) ?? { x: left, y: top, category, intensity, rate, time: 0, ops: [] };
    spot.time += time;
    spot.ops.push(op);
    spots.set(key, spot);
  }
  return [...spots.values()].sort((a, b) => b.time - a.time);
}
