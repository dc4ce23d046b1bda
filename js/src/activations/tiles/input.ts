/** What a sample feeds the model, as the kernel tells it. */

import { isRecord } from "../../data/container.js";
import type { Answer } from "../../data/host.js";
import type { InputArray, SampleInput } from "../source.js";
import { TileError } from "./tile.js";

export type Picture = NonNullable<SampleInput["picture"]>;

export function readInput({ content, buffers }: Answer): SampleInput {
  const { label, tokens, arrays } = content;
  return {
    label: typeof label === "string" ? label : "",
    picture: readPicture(content["picture"], buffers[0]),
    tokens: Array.isArray(tokens) ? tokens.map(String) : null,
    arrays: Array.isArray(arrays) ? arrays.filter(isRecord).map(readArray) : [],
  };
}

export function readPicture(size: unknown, buffer: ArrayBufferView | undefined): Picture | null {
  if (!Array.isArray(size) || !buffer) return null;
  const [height, width] = size.map(Number);
  if (height! * width! * 3 !== buffer.byteLength) throw new TileError("The kernel sent a picture of another size.");
  const rgb = new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  return { height: height!, width: width!, rgb: rgb.slice() };
}

function readArray(array: Record<string, unknown>): InputArray {
  const { name, dtype, shape, text } = array;
  return {
    name: String(name ?? ""),
    dtype: String(dtype ?? ""),
    shape: Array.isArray(shape) ? shape.map(Number) : [],
    text: String(text ?? ""),
  };
}

/** The picture with at most so many pixels a side: every second, third, … row and column of it. */
export function thinned(picture: Picture, most: number): Picture {
  const step = Math.ceil(Math.max(picture.height, picture.width) / most);
  if (step <= 1) return picture;
  const [height, width] = [Math.ceil(picture.height / step), Math.ceil(picture.width / step)];
  const rgb = new Uint8Array(height * width * 3);
  for (let row = 0; row < height; row += 1) {
    for (let column = 0; column < width; column += 1) {
      const from = 3 * (row * step * picture.width + column * step);
      rgb.set(picture.rgb.subarray(from, from + 3), 3 * (row * width + column));
    }
  }
  return { height, width, rgb };
}
