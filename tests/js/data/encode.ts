/** Writes containers, so that the decoder is tested against bytes and not against itself. */

export type Values = Float64Array | Int32Array | Uint8Array | (string | null)[];
export interface ColumnSpec {
  readonly values: Values;
  readonly [key: string]: unknown;
}
export type TableSpec = Record<string, Values | ColumnSpec>;

export function encode(header: Record<string, unknown>, tables: Record<string, TableSpec>): Uint8Array<ArrayBuffer> {
  const buffers: Uint8Array[] = [];
  let size = 0;
  const add = (bytes: Uint8Array): { offset: number; length: number } => {
    const place = { offset: size, length: bytes.length };
    const padded = new Uint8Array(Math.ceil(bytes.length / 8) * 8);
    padded.set(bytes);
    buffers.push(padded);
    size += padded.length;
    return place;
  };
  const described = Object.fromEntries(Object.entries(tables).map(([name, table]) => [name, describe(table, add)]));
  return assemble({ schema: 1, kind: "report", id: "r1", ...header, tables: described }, buffers, size);
}

export function assemble(header: unknown, buffers: Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const begin = Math.ceil((8 + text.length) / 8) * 8;
  const all = new Uint8Array(begin + size);
  all.set([0x48, 0x4c, 0x52, 0x31]);
  new DataView(all.buffer).setUint32(4, text.length, true);
  all.set(text, 8);
  let at = begin;
  for (const buffer of buffers) {
    all.set(buffer, at);
    at += buffer.length;
  }
  return all;
}

function describe(table: TableSpec, add: (bytes: Uint8Array) => { offset: number; length: number }): unknown {
  let rows = 0;
  const columns = Object.entries(table).map(([name, given]) => {
    const spec = isColumn(given) ? given : { values: given };
    const { values, ...meta } = spec;
    rows = values.length;
    return { name, ...meta, ...write(values, add) };
  });
  return { rows, columns };
}

function isColumn(given: Values | ColumnSpec): given is ColumnSpec {
  return !Array.isArray(given) && !ArrayBuffer.isView(given);
}

function write(
  values: Values,
  add: (bytes: Uint8Array) => { offset: number; length: number },
): Record<string, unknown> {
  if (ArrayBuffer.isView(values)) {
    const type = values instanceof Float64Array ? "f64" : values instanceof Int32Array ? "i32" : "u8";
    return { type, ...add(new Uint8Array(values.buffer, values.byteOffset, values.byteLength)) };
  }
  const words = [...new Set(values.filter((value) => value !== null))];
  const code = new Map(words.map((word, i) => [word, i]));
  const codes = Uint32Array.from(values, (value) => (value === null ? 0xffffffff : code.get(value)!));
  const place = add(new Uint8Array(codes.buffer));
  return { type: "str", ...place, dictionary: add(new TextEncoder().encode(JSON.stringify(words))) };
}

export async function gzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
