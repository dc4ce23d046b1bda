/** How good a variant is, as headline numbers. */

import { figure } from "../../activations/panels/figures.js";
import type { DivergenceHeader, Latency, OutputDivergence } from "../../data/divergence.js";
import { bytes, exact, micros, percent, UNKNOWN } from "../../data/format.js";
import type { Stat } from "../../views/stat-tile.js";
import { cosine, decibels, times } from "../words.js";

export interface OutputStat {
  readonly id: string;
  readonly stat: Stat;
  readonly mood: "" | "good" | "warning" | "error";
}

export function outputStats(output: OutputDivergence): OutputStat[] {
  const stats: OutputStat[] = [];
  if (output.top1_agreement !== null) {
    const stat = measured("Top-1 agreement", percent(output.top1_agreement), "Samples whose likeliest class stays.");
    stats.push({ id: "top1", stat, mood: mood(output.top1_agreement, 0.99, 0.95) });
  }
  const details = outputDetails(output);
  stats.push({
    id: "cosine",
    stat: {
      ...measured("Cosine of the output", cosine(output.cosine), "Angle between what both models put out; 1 is equal."),
      details,
    },
    mood: mood(output.cosine, 0.99, 0.95),
  });
  stats.push({
    id: "sqnr",
    stat: {
      ...measured(
        "Signal to noise",
        decibels(output.sqnr_db ?? exactDb(output)),
        "20 dB: the error is 10 % of the signal.",
      ),
      details,
    },
    mood: "",
  });
  if (output.kl !== null) {
    const text = `${figure(Number(output.kl.toPrecision(3)))} nat`;
    stats.push({
      id: "kl",
      stat: measured("KL divergence", text, "Mean over the samples, of the classes' probabilities."),
      mood: "",
    });
  }
  return stats;
}

export function costStats({ sizes, latency }: DivergenceHeader): OutputStat[] {
  const { float, variant } = sizes;
  const share = float && variant ? `${percent(variant / float)} of ${bytes(float)}` : "";
  const size: Stat = {
    ...measured("Size", bytes(variant), "Of the files, with weights kept beside them."),
    provenance: "counted",
    note: share,
    details: [
      ["Float", bytes(float)],
      ["Variant", bytes(variant)],
    ],
  };
  const stats: OutputStat[] = [{ id: "size", stat: size, mood: "" }];
  if (latency) stats.push({ id: "latency", stat: latencyStat(latency.float, latency.variant), mood: slower(latency) });
  return stats;
}

function latencyStat(float: Latency, variant: Latency): Stat {
  return {
    ...measured("Latency", micros(variant.p50_us), "Runs of both models by turns, here; half of the runs are faster."),
    note: times(float.p50_us, variant.p50_us, "faster", "slower"),
    details: [
      ["Float, p50 · p95", `${micros(float.p50_us)} · ${micros(float.p95_us)}`],
      ["Variant, p50 · p95", `${micros(variant.p50_us)} · ${micros(variant.p95_us)}`],
    ],
  };
}

function slower({ float, variant }: { float: Latency; variant: Latency }): OutputStat["mood"] {
  return float.p50_us && variant.p50_us && variant.p50_us > float.p50_us * 1.05 ? "warning" : "";
}

function outputDetails(output: OutputDivergence): [string, string][] {
  const number = (value: number | null): string => (value === null ? UNKNOWN : exact(Number(value.toPrecision(4))));
  return [
    ["Output", output.name],
    ["Cosine", cosine(output.cosine)],
    ["Error of the signal", percent(output.relative)],
    ["Largest difference", number(output.max_abs)],
    ["Mean squared error", number(output.mse)],
  ];
}

/** No error at all leaves no number of dB. */
function exactDb({ mse }: OutputDivergence): number | null {
  return mse === 0 ? Number.POSITIVE_INFINITY : null;
}

function measured(label: string, value: string, explanation: string): Stat {
  return { label, value, provenance: "measured", details: [], explanation };
}

function mood(value: number | null, good: number, poor: number): OutputStat["mood"] {
  if (value === null) return "";
  if (value >= good) return "good";
  return value >= poor ? "warning" : "error";
}
