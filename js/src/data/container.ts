/** Decodes the binary container `HLR1` that carries a report or an overlay from the kernel to the views. */

export class ContainerError extends Error {
  override readonly name = "ContainerError";
}

export interface Container {
  /** The parsed JSON header; not yet checked beyond being an object of a known schema. */
  readonly header: Record<string, unknown>;
  /** The bytes after the header, starting on an 8-byte boundary of their buffer. */
  readonly body: Uint8Array<ArrayBuffer>;
}

const MAGIC = [0x48, 0x4c, 0x52, 0x31]; // "HLR1"
const PREFIX = 8;
/** A gzip stream may expand a thousandfold; a page should refuse rather than die. */
const MAX_BYTES = 1 << 30;

export async function decodeContainer(bytes: ArrayBufferView | ArrayBuffer): Promise<Container> {
  const given = asBytes(bytes);
  return parse(isGzip(given) ? await gunzip(given) : aligned(given));
}

function asBytes(bytes: ArrayBufferView | ArrayBuffer): Uint8Array {
  if (bytes instanceof ArrayBuffer) return new Uint8Array(bytes);
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Typed-array views need 8-byte alignment; a DataView from a widget message may start anywhere. */
function aligned(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const own = bytes.buffer instanceof ArrayBuffer && bytes.byteOffset % 8 === 0;
  return own ? (bytes as Uint8Array<ArrayBuffer>) : new Uint8Array(bytes);
}

function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

async function gunzip(bytes: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([new Uint8Array(bytes)]).stream().pipeThrough(new DecompressionStream("gzip"));
  const chunks: Uint8Array[] = [];
  let total = 0;
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      total += value.length;
      if (total > MAX_BYTES) throw new ContainerError(`document expands beyond ${MAX_BYTES} bytes`);
      chunks.push(value);
    }
  } catch (error) {
    await reader.cancel().catch(() => undefined);
    if (error instanceof ContainerError) throw error;
    throw new ContainerError("document is not a complete gzip stream", { cause: error });
  }
  return concat(chunks, total);
}

function concat(chunks: Uint8Array[], total: number): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(total);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}

function parse(bytes: Uint8Array<ArrayBuffer>): Container {
  if (bytes.length < PREFIX || MAGIC.some((byte, i) => bytes[i] !== byte)) {
    throw new ContainerError("not a HaoLine document (magic HLR1 is missing)");
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = PREFIX + view.getUint32(4, true);
  if (end > bytes.length) {
    throw new ContainerError(`header ends at byte ${end}, the document has ${bytes.length}`);
  }
  const header = parseHeader(bytes.subarray(PREFIX, end));
  return { header, body: bytes.subarray(Math.min(roundUp8(end), bytes.length)) };
}

function roundUp8(value: number): number {
  return Math.ceil(value / 8) * 8;
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw new ContainerError("header is not valid JSON", { cause: error });
  }
  if (!isRecord(header)) throw new ContainerError("header is not an object");
  if (header.schema !== 1) {
    throw new ContainerError(`document has schema ${String(header.schema)}, this view reads 1`);
  }
  return header;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
