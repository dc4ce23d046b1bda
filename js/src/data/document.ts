/** The report as the views see it: a typed header and tables of typed columns. */

import { type Column, DocumentTable, readTable } from "./columns.js";
import { ContainerError, decodeContainer, isRecord } from "./container.js";
import { type Architecture, type Holds, readArchitecture, readHolds } from "./formats.js";

export interface TensorInfo {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly (number | string | null)[] | null;
  readonly declared?: readonly (number | string | null)[] | null;
}

export interface ModelInfo {
  readonly name: string;
  readonly format: string;
  readonly producer: string;
  readonly opsets: Readonly<Record<string, number>>;
  readonly ir_version?: number | null;
  readonly file_bytes?: number | null;
  /** What the rows of the op table are. */
  readonly holds?: Holds;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
}

export interface Binding {
  readonly size: number;
  readonly source: string;
}

export interface Assumption {
  readonly what: string;
  readonly value: unknown;
  readonly why: string;
}

export interface GapInfo {
  readonly what: string;
  readonly ops: readonly number[];
}

export interface Finding {
  readonly id: string;
  readonly severity: "info" | "warning" | "error";
  readonly title: string;
  readonly ops: readonly number[];
  readonly evidence: unknown;
  readonly advice: string;
}

export interface Profile {
  readonly id: string;
  readonly name: string;
  readonly vendor: string;
  readonly memory_bytes?: number | null;
  readonly bandwidth?: number | null;
  readonly peaks?: Readonly<Record<string, number>>;
  readonly [key: string]: unknown;
}

export interface Estimate {
  readonly time_us: number | null;
  readonly compute_us?: number | null;
  readonly memory_us?: number | null;
  readonly bound?: string | null;
  readonly utilisation?: number | null;
  readonly memory_needed_bytes?: number | null;
  readonly memory_parts?: Readonly<Record<string, number | null>>;
  readonly fits?: boolean | null;
  readonly notes?: readonly string[];
}

export interface Hardware {
  readonly profile: Profile;
  readonly count: number;
  readonly precision: string | null;
  readonly detected: string | null;
  readonly estimate: Estimate | null;
}

export interface ReportHeader {
  readonly schema: 1;
  readonly kind: "report";
  readonly id: string;
  readonly generator: string;
  readonly model: ModelInfo;
  /** Model totals by column name; null where unknown. */
  readonly totals: Readonly<Record<string, number | null>>;
  readonly ranges: Readonly<Record<string, readonly [number, number]>>;
  readonly bindings: Readonly<Record<string, Binding>>;
  readonly assumptions: readonly Assumption[];
  readonly gaps: readonly GapInfo[];
  readonly findings: readonly Finding[];
  readonly hardware: Hardware | null;
  readonly [key: string]: unknown;
}

/** Before the names of the second report's tables. */
const OTHER = "other/";

type Tables = ReadonlyMap<string, DocumentTable>;

const EMPTY = new DocumentTable(0, []);

export class ReportDocument {
  readonly header: ReportHeader;
  readonly #tables: Tables;
  #other: ReportDocument | null = null;

  constructor(header: ReportHeader, tables: Tables) {
    this.header = header;
    this.#tables = tables;
  }

  static async decode(bytes: ArrayBufferView | ArrayBuffer): Promise<ReportDocument> {
    const { header, tables } = await decode(bytes, "report");
    return new ReportDocument(withDefaults(header), tables);
  }

  /** This report under an overlay: its columns and header keys replace those of the same name. */
  async withOverlay(bytes: ArrayBufferView | ArrayBuffer): Promise<ReportDocument> {
    const overlay = await decode(bytes, "overlay");
    if (overlay.header.id !== this.id) {
      throw new ContainerError("the overlay belongs to another report");
    }
    const { schema: _schema, kind: _kind, tables: _tables, ...changed } = overlay.header;
    return new ReportDocument(
      { ...this.header, ...changed } as ReportHeader,
      mergeTables(withoutDropped(this.#tables, this.header.user_columns, changed.user_columns), overlay.tables),
    );
  }

  get id(): string {
    return this.header.id;
  }

  get model(): ModelInfo {
    return this.header.model;
  }

  get hardware(): Hardware | null {
    return this.header.hardware;
  }

  /** What the rows of the op table are. */
  get holds(): Holds {
    return readHolds(this.header.model.holds);
  }

  get architecture(): Architecture | null {
    return readArchitecture(this.header["architecture"]);
  }

  /** What only this format states. */
  get facts(): Readonly<Record<string, unknown>> {
    const { facts } = this.header;
    return isRecord(facts) ? facts : {};
  }

  /** A table by name; an empty one where the document has none. */
  table(name: string): DocumentTable {
    return this.#tables.get(name) ?? EMPTY;
  }

  get ops(): DocumentTable {
    return this.table("ops");
  }

  get tensors(): DocumentTable {
    return this.table("tensors");
  }

  get scopes(): DocumentTable {
    return this.table("scopes");
  }

  get uses(): DocumentTable {
    return this.table("uses");
  }

  get makes(): DocumentTable {
    return this.table("makes");
  }

  get memory(): DocumentTable {
    return this.table("memory");
  }

  /** The report that this one was compared with, where the document holds two. */
  get other(): ReportDocument | null {
    const { other } = this.header;
    if (!isRecord(other)) return null;
    this.#other ??= new ReportDocument(withDefaults(other), tablesUnder(this.#tables, OTHER));
    return this.#other;
  }

  /** A column of the op table. */
  column(name: string): Column | undefined {
    return this.ops.column(name);
  }

  total(name: string): number | null {
    const value = this.header.totals[name];
    return typeof value === "number" && Number.isFinite(value) ? value : null;
  }
}

interface Decoded {
  readonly header: Record<string, unknown>;
  readonly tables: Map<string, DocumentTable>;
}

async function decode(bytes: ArrayBufferView | ArrayBuffer, kind: string): Promise<Decoded> {
  const { header, body } = await decodeContainer(bytes);
  if (header.kind !== kind) {
    throw new ContainerError(`expected a document of kind ${kind}, got ${String(header.kind)}`);
  }
  const specs = header.tables ?? {};
  if (!isRecord(specs)) throw new ContainerError("tables is not an object");
  const tables = new Map<string, DocumentTable>();
  for (const [name, spec] of Object.entries(specs)) tables.set(name, readTable(name, spec, body));
  return { header, tables };
}

/** Keys that an older or partial writer left out, so that views need not ask for each. */
function withDefaults(header: Record<string, unknown>): ReportHeader {
  const model = isRecord(header.model) ? header.model : {};
  return {
    id: "",
    generator: "",
    totals: {},
    ranges: {},
    bindings: {},
    assumptions: [],
    gaps: [],
    findings: [],
    hardware: null,
    ...header,
    model: {
      name: "model",
      format: "",
      producer: "",
      opsets: {},
      metadata: {},
      inputs: [],
      outputs: [],
      ...model,
    },
  } as unknown as ReportHeader;
}

/** The user's columns come and go: those that the overlay names no more are gone. */
function withoutDropped(base: Tables, before: unknown, now: unknown): Tables {
  if (!isRecord(before) || !isRecord(now)) return base;
  const kept = new Map(base);
  for (const [name, columns] of Object.entries(before)) {
    const left = Array.isArray(now[name]) ? now[name] : [];
    const dropped = new Set((Array.isArray(columns) ? columns : []).filter((column) => !left.includes(column)));
    const table = base.get(name);
    if (!table || dropped.size === 0) continue;
    const staying = table.columns.filter((column) => !dropped.has(column.info.name));
    kept.set(name, new DocumentTable(table.rows, staying));
  }
  return kept;
}

function tablesUnder(tables: Tables, prefix: string): Tables {
  const inside = [...tables].filter(([name]) => name.startsWith(prefix));
  return new Map(inside.map(([name, table]) => [name.slice(prefix.length), table]));
}

function mergeTables(base: Tables, overlay: Tables): Tables {
  const merged = new Map(base);
  for (const [name, table] of overlay) {
    const old = base.get(name);
    merged.set(name, old ? old.merged(table) : table);
  }
  return merged;
}
