/** Typed columns over the body of a container. */

import { ContainerError, isRecord } from "./container.js";

export type ColumnType = "f64" | "i32" | "u8" | "str";
export type Provenance = "counted" | "estimated" | "measured" | "declared";
export type Aggregate = "sum" | "max" | "min" | "mean";
export type ScaleHint = "linear" | "log" | "diverging" | "categorical" | "ordinal";
export type NumericArray = Float64Array | Int32Array | Uint8Array;

export interface ColumnInfo {
  readonly name: string;
  /** Words for people, never empty: falls back to the name. */
  readonly label: string;
  readonly unit: string;
  readonly provenance: string;
  /** How a group shows its members; null where a group has no such value. */
  readonly aggregate: Aggregate | null;
  readonly description: string;
  readonly type: ColumnType;
  /** How values become colours; null where the view judges by the values. */
  readonly scale?: ScaleHint | null;
  /** Where a diverging scale turns; null: 0. */
  readonly center?: number | null;
}

/** Code of a null in a string column. */
export const NULL_CODE = 0xffffffff;

export class NumericColumn {
  readonly kind = "number";

  constructor(
    readonly info: ColumnInfo,
    readonly values: NumericArray,
  ) {}

  get length(): number {
    return this.values.length;
  }

  /** The value of a row, null where unknown (NaN, or -1 of an index column). */
  at(row: number): number | null {
    const value = this.values[row];
    if (value === undefined || Number.isNaN(value)) return null;
    return this.info.type === "i32" && value === -1 ? null : value;
  }
}

export class StringColumn {
  readonly kind = "string";
  readonly #load: () => string[];
  #dictionary: string[] | null = null;

  constructor(
    readonly info: ColumnInfo,
    readonly codes: Uint32Array,
    load: () => string[],
  ) {
    this.#load = load;
  }

  get length(): number {
    return this.codes.length;
  }

  /** The distinct strings; parsed on first use. */
  get dictionary(): readonly string[] {
    this.#dictionary ??= this.#load();
    return this.#dictionary;
  }

  at(row: number): string | null {
    const code = this.codes[row];
    if (code === undefined || code === NULL_CODE) return null;
    return this.dictionary[code] ?? null;
  }
}

export type Column = NumericColumn | StringColumn;

/** An ordered set of equally long columns. */
export class DocumentTable {
  readonly #columns: Map<string, Column>;

  constructor(
    readonly rows: number,
    columns: Iterable<Column>,
  ) {
    this.#columns = new Map();
    for (const column of columns) this.#columns.set(column.info.name, column);
  }

  get columns(): Column[] {
    return [...this.#columns.values()];
  }

  column(name: string): Column | undefined {
    return this.#columns.get(name);
  }

  numeric(name: string): NumericColumn | undefined {
    const column = this.#columns.get(name);
    return column instanceof NumericColumn ? column : undefined;
  }

  text(name: string): StringColumn | undefined {
    const column = this.#columns.get(name);
    return column instanceof StringColumn ? column : undefined;
  }

  /** An i32 column as it lies, or a column of -1 where the document has none. */
  indices(name: string): Int32Array {
    const values = this.numeric(name)?.values;
    return values instanceof Int32Array ? values : new Int32Array(this.rows).fill(-1);
  }

  /** This table with `other`'s columns added, those of the same name replaced. */
  merged(other: DocumentTable): DocumentTable {
    if (other.rows !== this.rows) {
      throw new ContainerError(`overlay has ${other.rows} rows, the report ${this.rows}`);
    }
    return new DocumentTable(this.rows, [...this.columns, ...other.columns]);
  }
}

const ITEM_BYTES: Record<ColumnType, number> = { f64: 8, i32: 4, u8: 1, str: 4 };
const AGGREGATES: readonly unknown[] = ["sum", "max", "min", "mean"];
const SCALES: readonly unknown[] = ["linear", "log", "diverging", "categorical", "ordinal"];

export function readTable(name: string, spec: unknown, body: Uint8Array<ArrayBuffer>): DocumentTable {
  if (!isRecord(spec) || !isCount(spec.rows) || !Array.isArray(spec.columns)) {
    throw new ContainerError(`table ${name} is malformed`);
  }
  const rows = spec.rows;
  return new DocumentTable(
    rows,
    spec.columns.map((column: unknown) => readColumn(name, column, rows, body)),
  );
}

function readColumn(table: string, spec: unknown, rows: number, body: Uint8Array<ArrayBuffer>): Column {
  if (!isRecord(spec)) throw new ContainerError(`table ${table} has a malformed column`);
  const info = readInfo(table, spec);
  const where = `column ${table}.${info.name}`;
  const bytes = slice(where, spec, body);
  if (bytes.length !== rows * ITEM_BYTES[info.type]) {
    throw new ContainerError(`${where} has ${bytes.length} bytes for ${rows} rows`);
  }
  if (info.type !== "str") return new NumericColumn(info, numbers(where, info.type, bytes, rows));
  const codes = view(where, Uint32Array, bytes, rows);
  const words = isRecord(spec.dictionary) ? slice(where, spec.dictionary, body) : null;
  if (!words) throw new ContainerError(`${where} has no dictionary`);
  return new StringColumn(info, codes, () => parseDictionary(where, words));
}

function readInfo(table: string, spec: Record<string, unknown>): ColumnInfo {
  const { name, type } = spec;
  if (typeof name !== "string") throw new ContainerError(`table ${table} has a nameless column`);
  if (typeof type !== "string" || !Object.hasOwn(ITEM_BYTES, type)) {
    throw new ContainerError(`column ${table}.${name} has unknown type ${String(type)}`);
  }
  return {
    name,
    type: type as ColumnType,
    label: text(spec.label) || name,
    unit: text(spec.unit),
    provenance: text(spec.provenance),
    aggregate: AGGREGATES.includes(spec.aggregate) ? (spec.aggregate as Aggregate) : null,
    description: text(spec.description),
    scale: SCALES.includes(spec.scale) ? (spec.scale as ScaleHint) : null,
    center: typeof spec.center === "number" && Number.isFinite(spec.center) ? spec.center : null,
  };
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function slice(where: string, spec: Record<string, unknown>, body: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const { offset, length } = spec;
  if (!isCount(offset) || !isCount(length) || offset + length > body.length) {
    throw new ContainerError(`${where} lies outside the document`);
  }
  return body.subarray(offset, offset + length);
}

function numbers(
  where: string,
  type: Exclude<ColumnType, "str">,
  bytes: Uint8Array<ArrayBuffer>,
  rows: number,
): NumericArray {
  if (type === "u8") return bytes;
  return type === "f64" ? view(where, Float64Array, bytes, rows) : view(where, Int32Array, bytes, rows);
}

function view<T>(
  where: string,
  make: { new (buffer: ArrayBuffer, offset: number, length: number): T; BYTES_PER_ELEMENT: number },
  bytes: Uint8Array<ArrayBuffer>,
  rows: number,
): T {
  if (bytes.byteOffset % make.BYTES_PER_ELEMENT !== 0) {
    throw new ContainerError(`${where} is not aligned`);
  }
  return new make(bytes.buffer, bytes.byteOffset, rows);
}

function parseDictionary(where: string, bytes: Uint8Array): string[] {
  let words: unknown;
  try {
    words = JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw new ContainerError(`${where} has a malformed dictionary`, { cause: error });
  }
  if (!Array.isArray(words)) throw new ContainerError(`${where} has a malformed dictionary`);
  return words.map(String);
}
