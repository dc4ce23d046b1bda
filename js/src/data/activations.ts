/** What a capture measured, as the views see it: a row for each tensor, a row for each of its channels, histograms. */

import { DocumentTable, type NumericColumn, readTable } from "./columns.js";
import { ContainerError, decodeContainer, isRecord } from "./container.js";
import type { Finding, GapInfo } from "./document.js";
import {
  channelAxisAt,
  channelRangeAt,
  dimsAt,
  type Layout,
  layoutAt,
  type RowRange,
  stretches,
} from "./tensor-rows.js";

export type { Layout, RowRange } from "./tensor-rows.js";

export interface SampleInfo {
  readonly label: string;
  readonly tokens: readonly string[] | null;
}

/** Outputs with and without capture. */
export interface OutputCheck {
  readonly identical: boolean | null;
  readonly max_abs_difference: number | null;
  /** As a share of the largest element of its output. */
  readonly relative_difference?: number | null;
  readonly note: string;
}

export interface ActivationsHeader {
  readonly schema: 1;
  readonly kind: "activations";
  readonly id: string;
  readonly report_id: string;
  readonly mode: string;
  readonly provider: string;
  readonly synthetic: boolean;
  readonly complete: boolean;
  readonly done: number;
  readonly sample_count: number;
  readonly origin: string;
  readonly samples: readonly SampleInfo[];
  readonly notes: readonly string[];
  readonly gaps: readonly GapInfo[];
  readonly findings: readonly Finding[];
  readonly check: OutputCheck | null;
}

/** The columns of a tensor as numbers; null where unknown. */
export type Statistics = Readonly<Record<string, number | null>>;

export interface Histogram {
  readonly low: Float64Array;
  readonly high: Float64Array;
  readonly count: Float64Array;
}

const EMPTY = new DocumentTable(0, []);

export class ActivationsDocument {
  readonly header: ActivationsHeader;
  readonly #tables: ReadonlyMap<string, DocumentTable>;
  readonly #ofTensor = new Map<number, number>();
  readonly #ofOp = new Map<number, number[]>();
  readonly #tokens = new Map<number, readonly string[]>();
  #bins: Map<number, RowRange> | null = null;

  constructor(header: ActivationsHeader, tables: ReadonlyMap<string, DocumentTable>) {
    this.header = header;
    this.#tables = tables;
    const [tensors, ops] = [this.tensors.indices("tensor"), this.tensors.indices("op")];
    for (let row = 0; row < this.tensors.rows; row += 1) {
      this.#ofTensor.set(tensors[row]!, row);
      const made = this.#ofOp.get(ops[row]!);
      if (made) made.push(row);
      else this.#ofOp.set(ops[row]!, [row]);
    }
  }

  static async decode(bytes: ArrayBufferView | ArrayBuffer): Promise<ActivationsDocument> {
    const { header, body } = await decodeContainer(bytes);
    if (header.kind !== "activations") {
      throw new ContainerError(`expected a document of kind activations, got ${String(header.kind)}`);
    }
    if (!isRecord(header.tables)) throw new ContainerError("tables is not an object");
    const tables = new Map<string, DocumentTable>();
    for (const [name, spec] of Object.entries(header.tables)) tables.set(name, readTable(name, spec, body));
    return new ActivationsDocument(headerOf(header), tables);
  }

  get id(): string {
    return this.header.id;
  }

  /** The words of a sample's token axis; null: it has none, or nobody has told them yet. */
  tokens(sample: number): readonly string[] | null {
    return this.#tokens.get(sample) ?? this.header.samples[sample]?.tokens ?? null;
  }

  /** The header has the tokens of the first samples; those of others are told when somebody looks at them. */
  tell(sample: number, tokens: readonly string[]): void {
    this.#tokens.set(sample, tokens);
  }

  /** One row for each captured tensor, in execution order. */
  get tensors(): DocumentTable {
    return this.#tables.get("activations") ?? EMPTY;
  }

  get channels(): DocumentTable {
    return this.#tables.get("channels") ?? EMPTY;
  }

  /** The row of a tensor of the report's tensor table; -1: not captured. */
  rowOfTensor(tensor: number): number {
    return this.#ofTensor.get(tensor) ?? -1;
  }

  /** The rows of what an op makes. */
  rowsOfOp(op: number): readonly number[] {
    return op < 0 ? [] : (this.#ofOp.get(op) ?? []);
  }

  /** The row of the report's tensor table; -1: no such row here. */
  tensorOf(row: number): number {
    return this.tensors.indices("tensor")[row] ?? -1;
  }

  /** The op that makes it; -1: none. */
  opOf(row: number): number {
    return this.tensors.indices("op")[row] ?? -1;
  }

  layout(row: number): Layout {
    return layoutAt(this.tensors, row);
  }

  /** Sizes of the axes, null where samples differ; empty for a scalar and where nothing is known. */
  dims(row: number): readonly (number | null)[] {
    return dimsAt(this.tensors, row);
  }

  /** Sizes of the axes; empty for a scalar and where a size is unknown. */
  shape(row: number): readonly number[] {
    const dims = this.dims(row);
    return dims.every((size) => size !== null) ? dims : [];
  }

  /** The axis of the channels, counted from the front; -1: none. */
  channelAxis(row: number): number {
    return channelAxisAt(this.tensors, row);
  }

  /** The channels of a tensor as rows of the channel table; null: it has none. */
  channelRange(row: number): RowRange | null {
    return channelRangeAt(this.tensors, this.channels, row);
  }

  /** A column of the channel table over the channels of one tensor; null: there is none. */
  channelValues(row: number, name: string): NumericColumn["values"] | null {
    const range = this.channelRange(row);
    return (range && this.channels.numeric(name)?.values.subarray(range.start, range.stop)) ?? null;
  }

  /** A number measured of a tensor; null: unknown. */
  value(row: number, name: string): number | null {
    return this.tensors.numeric(name)?.at(row) ?? null;
  }

  statistics(row: number): Statistics {
    const numbers = this.tensors.columns.filter((column) => column.kind === "number");
    return Object.fromEntries(numbers.map((column) => [column.info.name, column.at(row)]));
  }

  /** The histogram of a tensor, from low to high; null: there is none. */
  histogram(row: number): Histogram | null {
    const range = this.#binRanges().get(row);
    const table = this.#tables.get("bins");
    const [low, high, count] = ["low", "high", "count"].map((name) => {
      const values = table?.numeric(name)?.values;
      return range && values instanceof Float64Array ? values.subarray(range.start, range.stop) : null;
    });
    return low && high && count ? { low, high, count } : null;
  }

  #binRanges(): Map<number, RowRange> {
    this.#bins ??= stretches((this.#tables.get("bins") ?? EMPTY).indices("activation"));
    return this.#bins;
  }
}

/** Keys that an older or partial writer left out, so that views need not ask for each. */
function headerOf(header: Record<string, unknown>): ActivationsHeader {
  const { samples, tables: _tables, ...rest } = header;
  return {
    id: "",
    report_id: "",
    mode: "statistics",
    provider: "",
    synthetic: false,
    complete: true,
    done: 0,
    sample_count: 0,
    origin: "",
    notes: [],
    gaps: [],
    findings: [],
    check: null,
    ...rest,
    samples: Array.isArray(samples) ? samples.map(sampleOf) : [],
  } as unknown as ActivationsHeader;
}

export function sampleOf(value: unknown): SampleInfo {
  const { label, tokens } = isRecord(value) ? value : {};
  return {
    label: typeof label === "string" ? label : "",
    tokens: Array.isArray(tokens) ? tokens.map(String) : null,
  };
}
