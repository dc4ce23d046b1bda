/** Containers as the kernel writes them, small enough to read. */

export type Values = readonly (number | string | null)[];

export interface ColumnSpec {
  readonly name: string;
  readonly type: "f64" | "i32" | "str";
  readonly values: Values;
  readonly unit?: string;
  readonly provenance?: string;
  readonly aggregate?: string;
  readonly label?: string;
}

export type TableSpec = readonly ColumnSpec[];

const NULL = 0xffffffff;

/** Bytes of a container with these tables. */
export function encode(header: Record<string, unknown>, tables: Record<string, TableSpec>): DataView {
  const parts: Uint8Array[] = [];
  let size = 0;
  const add = (bytes: Uint8Array): { offset: number; length: number } => {
    const place = { offset: size, length: bytes.length };
    const padded = new Uint8Array(Math.ceil(bytes.length / 8) * 8);
    padded.set(bytes);
    parts.push(padded);
    size += padded.length;
    return place;
  };
  const described = Object.entries(tables).map(([name, columns]) => {
    const rows = columns[0]?.values.length ?? 0;
    return [name, { rows, columns: columns.map((column) => ({ ...meta(column), ...place(column, add) })) }];
  });
  const text = new TextEncoder().encode(JSON.stringify({ ...header, tables: Object.fromEntries(described) }));
  return join(text, parts, size);
}

function meta({ name, type, unit = "", provenance = "counted", aggregate, label }: ColumnSpec): object {
  return { name, type, unit, provenance, aggregate: aggregate ?? null, label: label ?? "", description: "" };
}

type Add = (bytes: Uint8Array) => { offset: number; length: number };

function place({ type, values }: ColumnSpec, add: Add): object {
  if (type === "f64")
    return add(bytesOf(new Float64Array(values.map((value) => (value === null ? Number.NaN : Number(value))))));
  if (type === "i32") return add(bytesOf(new Int32Array(values.map((value) => Number(value ?? -1)))));
  const words = [...new Set(values.filter((value) => value !== null))];
  const code = new Map(words.map((word, at) => [word, at]));
  const codes = new Uint32Array(values.map((value) => (value === null ? NULL : (code.get(value) ?? NULL))));
  return { ...add(bytesOf(codes)), dictionary: add(new TextEncoder().encode(JSON.stringify(words))) };
}

function bytesOf(array: Float64Array | Int32Array | Uint32Array): Uint8Array {
  return new Uint8Array(array.buffer);
}

function join(text: Uint8Array, parts: readonly Uint8Array[], size: number): DataView {
  const start = Math.ceil((8 + text.length) / 8) * 8;
  const all = new Uint8Array(start + size);
  all.set(new TextEncoder().encode("HLR1"));
  new DataView(all.buffer).setUint32(4, text.length, true);
  all.set(text, 8);
  let at = start;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return new DataView(all.buffer);
}

export const HOSTILE = '<img src=x onerror="globalThis.pwned=1"><script>globalThis.pwned=1</script>';

const H100 = {
  id: "h100-sxm",
  name: "H100",
  vendor: "NVIDIA",
  memory_bytes: 85e9,
  bandwidth: 3.35e12,
  peaks: { fp16: 9.9e14 },
};

function hardware(id: string, time: number): object {
  return {
    profile: { ...H100, id },
    count: 1,
    precision: "fp16",
    detected: null,
    estimate: {
      time_us: time,
      compute_us: 1,
      memory_us: 2,
      bound: "memory",
      utilisation: 0.2,
      memory_needed_bytes: 2e9,
      memory_parts: { weights: 1e9, activations: 5e8, overhead: 5e8 },
      fits: true,
      notes: ["half of the peak"],
    },
  };
}

/** A chain of ops: MatMul and Relu in turn, or of the given names. */
export function ops(names: readonly string[]): TableSpec {
  const each = <T extends number | string | null>(value: (row: number) => T): T[] => names.map((_, row) => value(row));
  return [
    { name: "name", type: "str", values: names, label: "Name" },
    { name: "type", type: "str", values: each((row) => (row % 2 ? "Relu" : "MatMul")), label: "Type" },
    { name: "category", type: "str", values: each((row) => (row % 2 ? "activation" : "linear")) },
    { name: "scope", type: "i32", values: each((row) => (row < 2 ? 0 : 1)) },
    {
      name: "macs",
      type: "f64",
      values: each((row) => (row % 2 ? null : (row + 1) * 100)),
      unit: "MAC",
      aggregate: "sum",
      label: "MACs",
    },
    { name: "weight_bytes", type: "f64", values: each((row) => row * 1024), unit: "B", aggregate: "sum" },
    { name: "flops", type: "f64", values: each((row) => (row + 1) * 200), unit: "FLOP", aggregate: "sum" },
    { name: "intensity", type: "f64", values: each((row) => row + 1), unit: "FLOP/B" },
    { name: "precision", type: "str", values: each(() => "float32") },
    { name: "weight_precision", type: "str", values: each(() => "float32") },
    {
      name: "estimated_us",
      type: "f64",
      values: each((row) => row + 1),
      unit: "us",
      provenance: "estimated",
      aggregate: "sum",
    },
  ];
}

function edges(rows: number, shift: number): TableSpec {
  const list = Array.from({ length: rows }, (_, row) => row);
  return [
    { name: "op", type: "i32", values: list },
    { name: "slot", type: "i32", values: list.map(() => 0) },
    { name: "tensor", type: "i32", values: list.map((row) => row + shift) },
  ];
}

function tensors(rows: number, name: string): TableSpec {
  const list = Array.from({ length: rows + 1 }, (_, row) => row);
  return [
    { name: "name", type: "str", values: list.map((row) => `${name}${row}`) },
    {
      name: "kind",
      type: "str",
      values: list.map((row) => (row === 0 ? "input" : row === rows ? "output" : "activation")),
    },
    { name: "dtype", type: "str", values: list.map(() => "float32") },
    { name: "shape", type: "str", values: list.map((row) => `1×${row + 1}`) },
    { name: "nbytes", type: "f64", values: list.map((row) => (row + 1) * 4) },
    { name: "producer", type: "i32", values: list.map((row) => row - 1) },
  ];
}

export interface ReportSpec {
  readonly names?: readonly string[];
  /** More columns of the op table. */
  readonly columns?: TableSpec;
  readonly text?: string;
  readonly header?: Record<string, unknown>;
}

/** A whole report; `text` stands wherever a file may put words of its own. */
export function report({
  names = ["a", "b", "c", "d"],
  columns = [],
  text = "m",
  header = {},
}: ReportSpec = {}): DataView {
  const rows = names.length;
  const scopes: TableSpec = [
    { name: "path", type: "str", values: ["", text] },
    { name: "name", type: "str", values: [text, text] },
    { name: "parent", type: "i32", values: [-1, 0] },
    { name: "structure", type: "i32", values: [0, 1] },
  ];
  const memory: TableSpec = [
    { name: "op", type: "i32", values: names.map((_, row) => row) },
    { name: "live_bytes", type: "f64", values: names.map((_, row) => (row === 2 ? 4096 : 1024)) },
  ];
  const made = encode(
    { ...headerOf(text), ...header },
    {
      ops: [...ops(names), ...columns],
      tensors: tensors(rows, text),
      scopes,
      uses: edges(rows, 0),
      makes: edges(rows, 1),
      memory,
    },
  );
  return made;
}

/** Another device for the report: new header key, new times. */
export function overlay(rows: number, id = "l4", time = 99): DataView {
  const column = { name: "estimated_us", type: "f64", unit: "us", provenance: "estimated", aggregate: "sum" } as const;
  const values = Array.from({ length: rows }, () => time);
  return encode(
    { schema: 1, kind: "overlay", id: "r1", hardware: hardware(id, time) },
    { ops: [{ ...column, values }] },
  );
}

/** An overlay after the user added or took columns. */
export function ownColumns(columns: TableSpec, names: readonly string[]): DataView {
  const rows = columns[0]?.values.length ?? 4;
  const estimated = { name: "estimated_us", type: "f64", values: Array.from({ length: rows }, () => 1) } as const;
  const user_columns = { ops: names, tensors: [] };
  return encode({ schema: 1, kind: "overlay", id: "r1", user_columns }, { ops: [estimated, ...columns] });
}

function headerOf(text: string): Record<string, unknown> {
  return {
    schema: 1,
    kind: "report",
    id: "r1",
    generator: "test",
    model: {
      name: text,
      format: "onnx",
      producer: text,
      opsets: { "ai.onnx": 17 },
      metadata: { [text]: text },
      inputs: [],
      outputs: [],
    },
    totals: {
      parameters: 25_557_032,
      macs: 4_089_184_000,
      flops: null,
      weight_bytes: 1024,
      peak_activation_bytes: 4096,
    },
    ranges: {},
    bindings: { [text]: { size: 1, source: "default" } },
    assumptions: [{ what: text, value: 1, why: text }],
    gaps: [{ what: text, ops: [1] }],
    findings: [{ id: "f", severity: "warning", title: text, ops: [1, 2], evidence: text, advice: text }],
    hardware: hardware("h100-sxm", 12),
  };
}
