/** What each quantized part of a model costs, measured alone: what predictions are added up from. */

import { isRecord } from "./container.js";

/** Ops that are quantized or kept float together. */
export interface WhatIfUnit {
  readonly id: string;
  /** Rows of the float report. */
  readonly ops: readonly number[];
  readonly label: string;
  /** Power of the error of the outputs, as a share of their power, with only this unit quantized; null: not measured. */
  readonly noise: number | null;
  /** The same with 16-bit activations; null: not measured. */
  readonly noise_int16: number | null;
  readonly bytes_float: number | null;
  readonly bytes: number | null;
  readonly latency_float_us: number | null;
  readonly latency_us: number | null;
  /** With 16-bit activations; null: not known. */
  readonly latency_int16_us: number | null;
}

export interface WhatIf {
  readonly units: readonly WhatIfUnit[];
  /** Of the outputs with all units quantized, as measured. */
  readonly base: { readonly sqnr_db: number | null; readonly cosine: number | null };
  /** How well the sum of the parts agrees with the whole. */
  readonly check: string;
  /** Bytes of the files. */
  readonly size: { readonly float: number | null; readonly variant: number | null };
  readonly latency: { readonly float_us: number | null; readonly variant_us: number | null } | null;
}

/** null for what is none. */
export function readWhatIf(value: unknown): WhatIf | null {
  if (!isRecord(value) || !Array.isArray(value.units)) return null;
  const [base, size] = [numbersOf(value.base), numbersOf(value.size)];
  const latency = isRecord(value.latency) ? numbersOf(value.latency) : null;
  return {
    units: value.units.filter(isRecord).map(unitOf),
    base: { sqnr_db: base("sqnr_db"), cosine: base("cosine") },
    check: text(value.check),
    size: { float: size("float"), variant: size("variant") },
    latency: latency && { float_us: latency("float_us"), variant_us: latency("variant_us") },
  };
}

function unitOf(value: Record<string, unknown>): WhatIfUnit {
  const of = numbersOf(value);
  const ops = Array.isArray(value.ops) ? value.ops.filter((op) => Number.isSafeInteger(op) && op >= 0) : [];
  return {
    id: String(value.id ?? ""),
    ops,
    label: text(value.label) || String(value.id ?? ""),
    noise: of("noise"),
    noise_int16: of("noise_int16"),
    bytes_float: of("bytes_float"),
    bytes: of("bytes"),
    latency_float_us: of("latency_float_us"),
    latency_us: of("latency_us"),
    latency_int16_us: of("latency_int16_us"),
  };
}

function numbersOf(value: unknown): (name: string) => number | null {
  const record = isRecord(value) ? value : {};
  return (name) => {
    const number = record[name];
    return typeof number === "number" && Number.isFinite(number) ? number : null;
  };
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
