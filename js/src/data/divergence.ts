/** How far a variant of a model is from it, as the views see it: a row for each comparable tensor of the float model. */

import { type OutputCheck, type SampleInfo, sampleOf } from "./activations.js";
import { DocumentTable, type NumericColumn, readTable } from "./columns.js";
import { ContainerError, decodeContainer, isRecord } from "./container.js";
import type { Finding, GapInfo } from "./document.js";
import { readSuggestions, type Suggestion } from "./suggestion.js";
import {
  channelAxisAt,
  channelRangeAt,
  dimsAt,
  type Layout,
  layoutAt,
  type RowRange,
  stretches,
} from "./tensor-rows.js";
import { readWhatIf, type WhatIf } from "./what-if.js";

export type { WhatIf, WhatIfUnit } from "./what-if.js";

/** An output of the model, over all samples and for each; null: unknown or of no meaning for its task. */
export interface OutputDivergence {
  readonly name: string;
  readonly task: string;
  readonly sqnr_db: number | null;
  readonly cosine: number | null;
  readonly mse: number | null;
  readonly max_abs: number | null;
  readonly relative: number | null;
  readonly top1_agreement: number | null;
  readonly kl: number | null;
  readonly samples: {
    readonly cosine: readonly (number | null)[];
    readonly sqnr_db: readonly (number | null)[];
  };
}

/** Microseconds of a run of the whole model. */
export interface Latency {
  readonly p50_us: number | null;
  readonly p95_us: number | null;
}

export interface DivergenceHeader {
  readonly schema: 1;
  readonly kind: "divergence";
  readonly id: string;
  readonly report_id: string;
  readonly variant_report_id: string;
  readonly model: string;
  readonly variant: string;
  readonly scheme: string | null;
  readonly provider: string;
  readonly synthetic: boolean;
  readonly complete: boolean;
  readonly done: number;
  readonly sample_count: number;
  readonly samples: readonly SampleInfo[];
  readonly notes: readonly string[];
  readonly gaps: readonly GapInfo[];
  readonly findings: readonly Finding[];
  readonly origin: string;
  readonly check: OutputCheck | null;
  readonly outputs: readonly OutputDivergence[];
  /** Bytes of the files. */
  readonly sizes: { readonly float: number | null; readonly variant: number | null };
  readonly latency: { readonly float: Latency; readonly variant: Latency } | null;
  readonly summary: string;
  readonly what_if: WhatIf | null;
  /** Changes that lint suggests; null: it was not asked. */
  readonly suggestions: readonly Suggestion[] | null;
}

/** Both sides counted over the same bins, from low to high. */
export interface SharedHistogram {
  readonly low: Float64Array;
  readonly high: Float64Array;
  readonly float: Float64Array;
  readonly variant: Float64Array;
}

/** What the integers of a tensor can stand for; null where that differs by channel or is unknown. */
export interface QuantizationGrid {
  readonly scale: number | null;
  readonly zeroPoint: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly bits: number | null;
}

/** An error seen where it arrives, or made by the op alone when it is fed what the float model has there. */
export type ErrorKind = "accumulated" | "local";

const SQNR: Readonly<Record<ErrorKind, string>> = { accumulated: "sqnr_db", local: "local_sqnr_db" };
const EXACT: Readonly<Record<ErrorKind, string>> = { accumulated: "exact", local: "local_exact" };
const EMPTY = new DocumentTable(0, []);

export class DivergenceDocument {
  readonly header: DivergenceHeader;
  readonly #tables: ReadonlyMap<string, DocumentTable>;
  readonly #ofTensor = new Map<number, number>();
  readonly #ofOp = new Map<number, number[]>();
  #ofVariantOp: Map<number, number[]> | null = null;
  #bins: Map<number, RowRange> | null = null;

  constructor(header: DivergenceHeader, tables: ReadonlyMap<string, DocumentTable>) {
    this.header = header;
    this.#tables = tables;
    const [tensors, ops] = [this.tensors.indices("tensor"), this.tensors.indices("op")];
    for (let row = 0; row < this.tensors.rows; row += 1) {
      this.#ofTensor.set(tensors[row]!, row);
      push(this.#ofOp, ops[row]!, row);
    }
  }

  static async decode(bytes: ArrayBufferView | ArrayBuffer): Promise<DivergenceDocument> {
    const { header, body } = await decodeContainer(bytes);
    if (header.kind !== "divergence") {
      throw new ContainerError(`expected a document of kind divergence, got ${String(header.kind)}`);
    }
    if (!isRecord(header.tables)) throw new ContainerError("tables is not an object");
    const tables = new Map<string, DocumentTable>();
    for (const [name, spec] of Object.entries(header.tables)) tables.set(name, readTable(name, spec, body));
    return new DivergenceDocument(headerOf(header), tables);
  }

  /** This document with another what-if, which is measured after the rest. */
  withWhatIf(whatIf: unknown): DivergenceDocument {
    return new DivergenceDocument({ ...this.header, what_if: readWhatIf(whatIf) }, this.#tables);
  }

  /** This document with what lint suggests, which is asked after the rest. */
  withSuggestions(suggestions: unknown): DivergenceDocument {
    return new DivergenceDocument({ ...this.header, suggestions: readSuggestions(suggestions) }, this.#tables);
  }

  get id(): string {
    return this.header.id;
  }

  /** The words of a sample's token axis; null: it has none. */
  tokens(sample: number): readonly string[] | null {
    return this.header.samples[sample]?.tokens ?? null;
  }

  /** One row for each comparable tensor of the float model, in execution order. */
  get tensors(): DocumentTable {
    return this.#tables.get("divergence") ?? EMPTY;
  }

  get channels(): DocumentTable {
    return this.#tables.get("channels") ?? EMPTY;
  }

  /** The row of a tensor of the float report's tensor table; -1: not compared. */
  rowOfTensor(tensor: number): number {
    return this.#ofTensor.get(tensor) ?? -1;
  }

  /** The rows of what an op of the float report makes. */
  rowsOfOp(op: number): readonly number[] {
    return op < 0 ? [] : (this.#ofOp.get(op) ?? []);
  }

  /** The rows whose counterpart an op of the variant makes. */
  rowsOfVariantOp(op: number): readonly number[] {
    if (!this.#ofVariantOp) {
      this.#ofVariantOp = new Map();
      for (const [row, made] of this.tensors.indices("variant_op").entries()) push(this.#ofVariantOp, made, row);
    }
    return op < 0 ? [] : (this.#ofVariantOp.get(op) ?? []);
  }

  tensorOf(row: number): number {
    return this.tensors.indices("tensor")[row] ?? -1;
  }

  opOf(row: number): number {
    return this.tensors.indices("op")[row] ?? -1;
  }

  /** Rows of the other report; -1: no counterpart. */
  variantTensorOf(row: number): number {
    return this.tensors.indices("variant_tensor")[row] ?? -1;
  }

  variantOpOf(row: number): number {
    return this.tensors.indices("variant_op")[row] ?? -1;
  }

  matched(row: number): boolean {
    return this.flag(row, "matched");
  }

  flag(row: number, name: string): boolean {
    return this.tensors.numeric(name)?.at(row) === 1;
  }

  /** A number of a tensor; null: unknown. */
  value(row: number, name: string): number | null {
    return this.tensors.numeric(name)?.at(row) ?? null;
  }

  text(row: number, name: string): string {
    return this.tensors.text(name)?.at(row) ?? "";
  }

  /** In dB; infinite without any error, null where unknown. */
  sqnr(row: number, kind: ErrorKind): number | null {
    return this.flag(row, EXACT[kind]) ? Number.POSITIVE_INFINITY : this.value(row, SQNR[kind]);
  }

  /** Power of the error as a share of the power of the signal; 0 without any error, null where unknown. */
  noise(row: number, kind: ErrorKind): number | null {
    const db = this.sqnr(row, kind);
    return db === null ? null : 10 ** (-db / 10);
  }

  layout(row: number): Layout {
    return layoutAt(this.tensors, row);
  }

  /** Sizes of the axes of the float tensor, null where samples differ. */
  dims(row: number): readonly (number | null)[] {
    return dimsAt(this.tensors, row);
  }

  /** Sizes of the axes; empty for a scalar and where a size is unknown. */
  shape(row: number): readonly number[] {
    const dims = this.dims(row);
    return dims.every((size) => size !== null) ? dims : [];
  }

  channelAxis(row: number): number {
    return channelAxisAt(this.tensors, row);
  }

  channelRange(row: number): RowRange | null {
    return channelRangeAt(this.tensors, this.channels, row);
  }

  /** `sqnr_db`, `local_sqnr_db`, `mse` or `max_abs` over the channels of one tensor; null: there is none. */
  channelValues(row: number, name: string): NumericColumn["values"] | null {
    const range = this.channelRange(row);
    return (range && this.channels.numeric(name)?.values.subarray(range.start, range.stop)) ?? null;
  }

  grid(row: number): QuantizationGrid {
    return {
      scale: this.value(row, "scale"),
      zeroPoint: this.value(row, "zero_point"),
      low: this.value(row, "grid_low"),
      high: this.value(row, "grid_high"),
      bits: this.value(row, "bits"),
    };
  }

  /** The histograms of both sides; null: there are none. */
  histogram(row: number): SharedHistogram | null {
    const table = this.#tables.get("bins");
    this.#bins ??= stretches((table ?? EMPTY).indices("row"));
    const range = this.#bins.get(row);
    const [low, high, float, variant] = ["low", "high", "float_count", "variant_count"].map((name) => {
      const values = table?.numeric(name)?.values;
      return range && values instanceof Float64Array ? values.subarray(range.start, range.stop) : null;
    });
    return low && high && float && variant ? { low, high, float, variant } : null;
  }
}

function push(map: Map<number, number[]>, key: number, row: number): void {
  const rows = map.get(key);
  if (rows) rows.push(row);
  else map.set(key, [row]);
}

/** Keys that an older or partial writer left out, so that views need not ask for each. */
function headerOf(header: Record<string, unknown>): DivergenceHeader {
  const { samples, outputs, sizes, latency, what_if, suggestions, tables: _tables, ...rest } = header;
  return {
    id: "",
    report_id: "",
    variant_report_id: "",
    model: "",
    variant: "",
    scheme: null,
    provider: "",
    synthetic: false,
    complete: true,
    done: 0,
    sample_count: 0,
    notes: [],
    gaps: [],
    findings: [],
    origin: "",
    check: null,
    summary: "",
    ...rest,
    samples: list(samples).map(sampleOf),
    outputs: list(outputs).map(outputOf),
    sizes: { float: number(record(sizes).float), variant: number(record(sizes).variant) },
    latency: isRecord(latency) ? { float: latencyOf(latency.float), variant: latencyOf(latency.variant) } : null,
    what_if: readWhatIf(what_if),
    suggestions: readSuggestions(suggestions),
  } as unknown as DivergenceHeader;
}

function outputOf(value: unknown): OutputDivergence {
  const output = record(value);
  const samples = record(output.samples);
  const numbers = ["sqnr_db", "cosine", "mse", "max_abs", "relative", "top1_agreement", "kl"] as const;
  return {
    name: String(output.name ?? ""),
    task: String(output.task ?? ""),
    ...(Object.fromEntries(numbers.map((name) => [name, number(output[name])])) as Record<
      (typeof numbers)[number],
      number | null
    >),
    samples: { cosine: list(samples.cosine).map(number), sqnr_db: list(samples.sqnr_db).map(number) },
  };
}

export function latencyOf(value: unknown): Latency {
  const { p50_us, p95_us } = record(value);
  return { p50_us: number(p50_us), p95_us: number(p95_us) };
}

function record(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function number(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}
