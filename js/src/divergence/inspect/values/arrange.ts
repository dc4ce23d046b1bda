/** How pictures of one size share a stage so that each is as large as can be. */

import { fitScale, type Size } from "../../../activations/plane/camera.js";
import { mapSize, type Showing } from "../../../activations/showing.js";
import type { Inspected } from "../scene.js";

export type Flow = "across" | "down";

/** Pixels that a picture's axes and name take. */
const AROUND: Size = { width: 48, height: 58 };
/** Below this a grid of channels has no room for one column of pictures. */
const LEAST_GRID = 116;

/** Beside one another or below; `values`: of the picture, null for a grid, which fills any room. */
export function flowOf(stage: Size, count: number, values: Size | null, square: boolean): Flow {
  if (!values) return stage.width / count >= LEAST_GRID ? "across" : "down";
  const across = area({ width: stage.width / count, height: stage.height }, values, square);
  const down = area({ width: stage.width, height: stage.height / count }, values, square);
  return across >= down ? "across" : "down";
}

function area(room: Size, values: Size, square: boolean): number {
  const plot = { width: Math.max(1, room.width - AROUND.width), height: Math.max(1, room.height - AROUND.height) };
  const scale = fitScale(values, plot, square);
  return Math.min(plot.width, values.width * scale.x) * Math.min(plot.height, values.height * scale.y);
}

/** Sizes of the picture, null for a grid; and whether its values are as high as wide. */
export function pictureSize({ divergence, row }: Inspected, what: Showing): [size: Size | null, square: boolean] {
  if (what.kind === "channel") {
    const [height, width] = mapSize(divergence, row);
    return [{ width, height }, true];
  }
  if (what.kind !== "plane") return [null, true];
  const dims = divergence.dims(row);
  const { rows, columns } = what.slice;
  return [{ width: dims[columns] ?? 1, height: dims[rows] ?? 1 }, divergence.layout(row) === "attention"];
}
