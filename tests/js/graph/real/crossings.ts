/** Counts how often drawn edges cross, whoever laid them out. */

import type { Polyline } from "./courses";

/** Differences below this are the same place: edges that meet or run together do not cross there. */
const SAME = 1e-4;

interface Piece {
  readonly edge: number;
  /** From the upper to the lower end. */
  readonly x: number[];
  readonly y: number[];
  readonly left: number;
  readonly right: number;
}

/** The number of times that one edge of a pair passes to the other side of the other, over all pairs. */
export function countCrossings(lines: readonly Polyline[]): number {
  const pieces = lines.flatMap((line, edge) => monotonePieces(line, edge));
  pieces.sort((a, b) => a.y[0]! - b.y[0]!);
  let crossings = 0;
  pieces.forEach((a, i) => {
    for (let k = i + 1; k < pieces.length && pieces[k]!.y[0]! < a.y.at(-1)! - SAME; k += 1) {
      const b = pieces[k]!;
      if (a.edge !== b.edge && a.left <= b.right && b.left <= a.right) crossings += sideChanges(a, b);
    }
  });
  return crossings;
}

/** Cuts a line where it turns from down to up or back. */
function monotonePieces(line: Polyline, edge: number): Piece[] {
  const pieces: Piece[] = [];
  let start = 0;
  let direction = 0;
  const points = line.length / 2;
  for (let i = 1; i <= points; i += 1) {
    const step = i < points ? Math.sign(line[2 * i + 1]! - line[2 * i - 1]!) : Number.NaN;
    if (step === 0 || step === direction) continue;
    if (direction === 0 && i < points) {
      direction = step;
      continue;
    }
    if (direction !== 0) pieces.push(piece(line, start, i, edge, direction < 0));
    start = i - 1;
    direction = step;
  }
  return pieces;
}

function piece(line: Polyline, start: number, stop: number, edge: number, up: boolean): Piece {
  const x: number[] = [];
  const y: number[] = [];
  for (let i = start; i < stop; i += 1) {
    x.push(line[2 * i]!);
    y.push(line[2 * i + 1]!);
  }
  if (up) [x.reverse(), y.reverse()];
  return { edge, x, y, left: Math.min(...x), right: Math.max(...x) };
}

/** Compares the lines wherever one of them has a corner: between corners they change sides at most once. */
function sideChanges(a: Piece, b: Piece): number {
  const bottom = Math.min(a.y.at(-1)!, b.y.at(-1)!);
  let [i, k, side, changes] = [0, 0, 0, 0];
  for (let y = Math.max(a.y[0]!, b.y[0]!); ; y = Math.min(bottom, next(a, i, y), next(b, k, y))) {
    i = stepTo(a, i, y);
    k = stepTo(b, k, y);
    const difference = at(a, i, y) - at(b, k, y);
    const now = Math.abs(difference) < SAME ? side : Math.sign(difference);
    if (now === -side && side !== 0) changes += 1;
    side = now;
    if (y >= bottom) return changes;
  }
}

/** The corner at or before `y`, from corner `i` on. */
function stepTo(piece: Piece, i: number, y: number): number {
  let step = i;
  while (step + 2 < piece.y.length && piece.y[step + 1]! <= y) step += 1;
  return step;
}

function next(piece: Piece, i: number, y: number): number {
  const below = piece.y[i + 1]!;
  return below > y ? below : Number.POSITIVE_INFINITY;
}

function at(piece: Piece, i: number, y: number): number {
  const [y0, y1] = [piece.y[i]!, piece.y[i + 1]!];
  if (y1 === y0) return piece.x[i + 1]!;
  return piece.x[i]! + (piece.x[i + 1]! - piece.x[i]!) * Math.min(1, Math.max(0, (y - y0) / (y1 - y0)));
}
