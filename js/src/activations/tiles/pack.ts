/**
 * What is on screen, small enough for a notebook: base64 of gzip of `u32 LE header length | header (JSON) | bytes`. The
 * codes of a tile are two planes, high bytes then low ones, or one plane of coarser codes where those are too many.
 */

import type { SampleInput } from "../source.js";
import { thinned } from "./input.js";
import type { TileKey } from "./key.js";
import { pooled, toBytes } from "./pool.js";
import type { Tile } from "./tile.js";

/** The input of a sample. */
export interface KeptInput {
  readonly sample: number;
  readonly input: SampleInput;
}

export interface ShownTile {
  readonly key: TileKey;
  readonly tile: Tile;
}

/** Characters of base64. */
export const MOST_CHARACTERS = 300_000;
/** Pixels a side of the input's picture. */
const MOST_PICTURE = 128;
const MOST_TOKENS = 4096;
/** What cannot be squeezed so far is not worth a try. */
const BEST_RATIO = 12;

interface Level {
  readonly bits: 8 | 16;
  readonly factor: number;
}

const LEVELS: readonly Level[] = [
  { bits: 16, factor: 1 },
  { bits: 8, factor: 1 },
  { bits: 8, factor: 2 },
  { bits: 8, factor: 4 },
  { bits: 8, factor: 8 },
];

/** As fine as fits; "" where nothing is on screen or even the coarsest is too much. */
export async function packSnapshot(
  tiles: readonly ShownTile[],
  input: KeptInput | null,
  most = MOST_CHARACTERS,
): Promise<string> {
  if (tiles.length === 0 && !input) return "";
  for (const level of LEVELS) {
    const bytes = assemble(tiles, input, level);
    if (bytes.length * (4 / 3) > most * BEST_RATIO) continue;
    const text = base64(await gzip(bytes));
    if (text.length <= most) return text;
  }
  return tiles.length > 1 ? packSnapshot(tiles.slice(0, tiles.length >> 1), input, most) : "";
}

function assemble(tiles: readonly ShownTile[], input: KeptInput | null, level: Level): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  const described = tiles.map(({ key, tile }) => describe(key, coarser(tile, level), level.bits, parts));
  const header = { schema: 1, tiles: described, input: input && describeInput(input, parts) };
  const text = new TextEncoder().encode(JSON.stringify(header));
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, text.length, true);
  return concat([length, text, ...parts]);
}

/** Small tiles stay as they are: they cost little and lose most. */
function coarser(tile: Tile, { factor }: Level): Tile {
  const most = Math.floor(Math.min(tile.width, tile.height) / 8);
  return factor > 1 && most > 1 ? pooled(tile, Math.min(factor, most)) : tile;
}

function describe(key: TileKey, tile: Tile, bits: 8 | 16, parts: Uint8Array[]): unknown {
  parts.push(bits === 8 ? toBytes(tile.codes) : planes(tile.codes));
  const { width, height, fullWidth, fullHeight, low, high, mean, std, rough } = tile;
  return { key, bits, shape: [height, width], full: [fullHeight, fullWidth], low, high, mean, std, rough };
}

function describeInput({ sample, input }: KeptInput, parts: Uint8Array[]): unknown {
  const picture = input.picture && thinned(input.picture, MOST_PICTURE);
  if (picture) parts.push(picture.rgb);
  const { label, tokens, arrays } = input;
  return {
    sample,
    label,
    tokens: tokens?.slice(0, MOST_TOKENS) ?? null,
    arrays,
    picture: picture && [picture.height, picture.width],
  };
}

function planes(codes: Uint16Array): Uint8Array {
  const bytes = new Uint8Array(2 * codes.length);
  codes.forEach((code, i) => {
    bytes[i] = code >> 8;
    bytes[codes.length + i] = code & 255;
  });
  return bytes;
}

function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

async function gzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Characters for `String.fromCharCode` at once: engines limit arguments. */
const CHUNK = 8192;

function base64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += CHUNK) text += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  return btoa(text);
}
