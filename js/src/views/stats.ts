import { format, type Holds, isRecord, type ReportDocument } from "../data/index.js";
import { quietGap } from "./gaps.js";
import type { Stat } from "./stat-tile.js";

const { bytes, count, exact, micros, percent } = format;
type Detail = readonly [string, string];

interface NamedStat {
  readonly id: string;
  readonly of: (report: ReportDocument) => Stat;
}

/** The headline numbers by what a report holds, in the order of the tiles. */
export const STATS: Readonly<Record<Holds, readonly NamedStat[]>> = {
  ops: [
    { id: "parameters", of: parameters },
    { id: "weight_bytes", of: weights },
    { id: "macs", of: macs },
    { id: "flops", of: flops },
    { id: "peak", of: peak },
    { id: "time", of: time },
  ],
  weights: [
    { id: "parameters", of: parameters },
    { id: "weight_bytes", of: weights },
    { id: "bits", of: bits },
    { id: "tensors", of: tensors },
  ],
  layers: [
    { id: "engine_layers", of: layers },
    { id: "engine_time", of: measured },
    { id: "parameters", of: parameters },
    { id: "weight_bytes", of: weights },
  ],
};

function parameters(report: ReportDocument): Stat {
  const value = report.total("parameters");
  return {
    label: "Parameters",
    // Of parameters people say 35 B, of MACs 35 G.
    value: count(value).replace(/ G$/, " B"),
    ...known(value, "counted"),
    details: [["Exactly", exact(value)]],
    explanation: explain(report, "parameters", "Logical weight elements; shared weights once."),
  };
}

function weights(report: ReportDocument): Stat {
  const value = report.total("weight_bytes");
  const file = report.model.file_bytes;
  return {
    label: "Weights",
    value: bytes(value),
    ...known(value, "counted"),
    details: [
      ["Exactly", `${exact(value)} B`],
      ["File", bytes(file)],
    ],
    explanation: explain(report, "weight_bytes", "Bytes as stored: an int4 weight is half a byte."),
  };
}

function bits(report: ReportDocument): Stat {
  const value = report.total("bits_per_weight");
  return {
    label: "Bits per weight",
    value: value === null ? format.UNKNOWN : format.digits(value),
    ...known(value, "counted"),
    details: [["Exactly", exact(value)]],
    explanation: "Bytes stored, scales and zero points included, over the weights they stand for.",
  };
}

function tensors(report: ReportDocument): Stat {
  const value = report.total("tensors") ?? report.tensors.rows;
  return {
    label: "Tensors",
    value: exact(value),
    ...known(value, "counted"),
    details: [
      ["Stored tensors", exact(value)],
      ["Weights", exact(report.ops.rows)],
    ],
    explanation: "A packed weight is stored as several tensors: its elements, scales and zero points.",
  };
}

function layers(report: ReportDocument): Stat {
  return {
    label: "Layers",
    value: exact(report.ops.rows),
    provenance: "counted",
    details: [["Layers", exact(report.ops.rows)]],
    explanation: "What the engine runs, after fusion; one layer may stand for many ops of the source.",
  };
}

function measured(report: ReportDocument): Stat {
  const { engine } = report.facts;
  const profile = isRecord(engine) && isRecord(engine.profile) ? engine.profile : {};
  const { total_ms: total, count: runs } = profile;
  const value = typeof total === "number" ? total * 1000 : null;
  const note = typeof runs === "number" && runs > 1 ? `mean of ${exact(runs)} runs` : "";
  return {
    label: "Time per run",
    value: micros(value),
    ...(value === null ? { provenance: "", note: "no profile given" } : known(value, "measured", note)),
    details: [["Sum of the layers", micros(value)]],
    explanation: "Mean time of each layer in the profile of the engine, added up.",
  };
}

function macs(report: ReportDocument): Stat {
  const value = report.total("macs");
  return {
    label: "MACs",
    value: count(value),
    ...known(value, "counted", range(report, "macs")),
    details: exactly(report, "macs", value),
    explanation: explain(report, "macs", "Multiply-accumulates for the shapes shown below."),
  };
}

function flops(report: ReportDocument): Stat {
  const value = report.total("flops");
  return {
    label: "FLOPs",
    value: count(value),
    ...known(value, "counted", range(report, "flops")),
    details: exactly(report, "flops", value),
    explanation: explain(report, "flops", "2 × MACs plus elementwise, normalisation and activation operations."),
  };
}

function peak(report: ReportDocument): Stat {
  const value = report.total("peak_activation_bytes");
  return {
    label: "Peak activations",
    value: bytes(value),
    ...known(value, "counted"),
    details: [["Exactly", `${exact(value)} B`]],
    explanation: "Largest sum of tensors alive at one op, by liveness over the execution order. Weights are apart.",
  };
}

function time(report: ReportDocument): Stat {
  const { hardware } = report;
  const estimate = hardware?.estimate;
  const value = estimate?.time_us ?? null;
  return {
    label: "Time per run",
    value: micros(value),
    ...(hardware
      ? known(value, "estimated", estimate?.bound ? `${estimate.bound}-bound` : "")
      : { provenance: "", note: "no hardware chosen" }),
    details: [
      ["Hardware", hardware ? hardwareName(report) : "not chosen"],
      ["Compute alone", micros(estimate?.compute_us)],
      ["Memory alone", micros(estimate?.memory_us)],
      ["Utilisation", percent(estimate?.utilisation)],
    ],
    explanation: "Roofline estimate; nothing was run. The Hardware tab lists its assumptions.",
  };
}

/** `H100 SXM ×2`. */
export function hardwareName(report: ReportDocument): string {
  const { hardware } = report;
  if (!hardware) return "no hardware";
  return hardware.count > 1 ? `${hardware.profile.name} ×${hardware.count}` : hardware.profile.name;
}

function known(value: number | null, provenance: string, note = ""): Pick<Stat, "provenance" | "note"> {
  return value === null ? { provenance: "unknown", note: "" } : { provenance, note };
}

function exactly(report: ReportDocument, name: string, value: number | null): Detail[] {
  const span = report.header.ranges[name];
  const rows: Detail[] = [["Exactly", exact(value)]];
  if (span) rows.push(["Range over If branches", `${exact(span[0])} – ${exact(span[1])}`]);
  return rows;
}

function range(report: ReportDocument, name: string): string {
  const span = report.header.ranges[name];
  return span && span[0] !== span[1] ? `${count(span[0])} – ${count(span[1])}` : "";
}

function explain(report: ReportDocument, column: string, fallback: string): string {
  const gaps = report.header.gaps.filter((gap) => gap !== quietGap(report)).length;
  const text = report.column(column)?.info.description || fallback;
  const stop = /[.!?]$/.test(text) ? "" : ".";
  return gaps > 0 ? `${text}${stop} Not in it: see the gaps of this report.` : text;
}
