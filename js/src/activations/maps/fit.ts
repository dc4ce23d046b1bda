import { Geometry } from "./geometry.js";

const USUAL = 96;
const SIZES = [224, 192, 160, 128, 112, USUAL, 84, 72];

/** The largest size of pictures with which a grid needs no scroll bar, or the usual one. */
export function fittingSize(
  [width, height]: readonly [number, number],
  count: number,
  [mapHeight, mapWidth]: readonly [number, number],
): number {
  return SIZES.find((size) => new Geometry(width, count, size, mapHeight, mapWidth).height <= height) ?? USUAL;
}
