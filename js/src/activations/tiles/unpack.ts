/** Reads what `pack.ts` writes. A notebook comes from anywhere: every size is checked before use. */

import { isRecord } from "../../data/container.js";
import { readInput } from "./input.js";
import { keyText, SIDES, type TileKey } from "./key.js";
import type { KeptInput } from "./pack.js";
import { fromBytes } from "./pool.js";
import { type Tile, TileError } from "./tile.js";

export interface Snapshot {
  /** By `keyText`. */
  readonly tiles: ReadonlyMap<string, Tile>;
  readonly input: KeptInput | null;
}

/** Bytes of a snapshot unpacked: gzip may expand a thousandfold. */
const MOST_BYTES = 64 * 2 ** 20;
const BROKEN = "What was kept of the activations is damaged.";

export async function unpackSnapshot(text: string): Promise<Snapshot> {
  if (text === "") return { tiles: new Map(), input: null };
  const bytes = await gunzip(fromBase64(text));
  const length = bytes.length >= 4 ? new DataView(bytes.buffer).getUint32(0, true) : 0;
  const header = parse(bytes.subarray(4, 4 + length));
  const reader = new Reader(bytes.subarray(4 + length));
  const specs = Array.isArray(header["tiles"]) ? header["tiles"] : [];
  const tiles = new Map(specs.map((spec) => readTile(spec, reader)));
  return { tiles, input: readKeptInput(header["input"], reader) };
}

/** Takes bytes off one after the other. */
class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  take(length: number): Uint8Array {
    if (!Number.isSafeInteger(length) || length < 0 || this.#at + length > this.#bytes.length)
      throw new TileError(BROKEN);
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
}

function readTile(spec: unknown, reader: Reader): [string, Tile] {
  if (!isRecord(spec) || !isKey(spec["key"])) throw new TileError(BROKEN);
  const [[height, width], [fullHeight, fullWidth]] = [pair(spec["shape"]), pair(spec["full"])];
  const bits = spec["bits"] === 8 ? 8 : 16;
  const codes = bits === 8 ? fromBytes(reader.take(height * width)) : fromPlanes(reader.take(2 * height * width));
  const [low, high, mean, std] = ["low", "high", "mean", "std"].map((name) => number(spec[name]));
  const rough = bits === 8 || spec["rough"] === true;
  const range = { low: low!, high: high!, mean: mean!, std: std! };
  return [keyText(spec["key"]), { width, height, fullWidth, fullHeight, ...range, codes, rough }];
}

function readKeptInput(spec: unknown, reader: Reader): KeptInput | null {
  if (!isRecord(spec)) return null;
  const size = Array.isArray(spec["picture"]) ? pair(spec["picture"]) : null;
  const buffers = size ? [reader.take(3 * size[0] * size[1])] : [];
  return { sample: number(spec["sample"]), input: readInput({ content: spec, buffers }) };
}

function isKey(value: unknown): value is TileKey {
  if (!isRecord(value)) return false;
  const { which } = value;
  if (which !== undefined && !(SIDES as readonly unknown[]).includes(which)) return false;
  if (value["kind"] === "maps") return Number.isSafeInteger(value["channel"]);
  return value["kind"] === "plane" && Array.isArray(value["at"]);
}

function pair(value: unknown): [number, number] {
  const good =
    Array.isArray(value) && value.length === 2 && value.every((size) => Number.isSafeInteger(size) && size >= 0);
  if (!good) throw new TileError(BROKEN);
  return [value[0], value[1]];
}

function number(value: unknown): number {
  return typeof value === "number" ? value : Number.NaN;
}

function fromPlanes(bytes: Uint8Array): Uint16Array {
  const half = bytes.length >> 1;
  return Uint16Array.from({ length: half }, (_, i) => (bytes[i]! << 8) | bytes[half + i]!);
}

function parse(bytes: Uint8Array): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw new TileError(BROKEN, { cause: error });
  }
  if (!isRecord(header) || header["schema"] !== 1) throw new TileError(BROKEN);
  return header;
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch (error) {
    throw new TileError(BROKEN, { cause: error });
  }
}

async function gunzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip")).getReader();
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let total = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      total += value.length;
      if (total > MOST_BYTES) throw new TileError(BROKEN);
      chunks.push(value);
    }
  } catch (error) {
    await reader.cancel().catch(() => undefined);
    throw new TileError(BROKEN, { cause: error });
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}
