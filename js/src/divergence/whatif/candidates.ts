/** The ops that a reader may keep, those that cost most first. */

import type { DivergenceDocument } from "../../data/divergence.js";
import { errors, opNoise } from "../measures.js";

export interface Candidate {
  readonly op: number;
  /** Power of the error that it puts into the outputs, or, before that is measured, of the error it makes. */
  readonly noise: number;
  readonly bytes: number | null;
  readonly bytesFloat: number | null;
}

export function candidates(doc: DivergenceDocument): Candidate[] {
  const found = doc.header.what_if ? measured(doc) : guessed(doc);
  return found.sort((a, b) => b.noise - a.noise || a.op - b.op);
}

/** A unit without noise or bytes only carries the time of an op that is float anyway. */
function measured(doc: DivergenceDocument): Candidate[] {
  const noise = opNoise(doc);
  const alone = new Map(
    doc.header.what_if!.units.flatMap((unit) => (unit.ops.length === 1 ? [[unit.ops[0]!, unit]] : [])),
  );
  const ops = new Set(doc.header.what_if!.units.flatMap((unit) => [...unit.ops]));
  return [...ops]
    .map((op) => {
      const { bytes = null, bytes_float: bytesFloat = null } = alone.get(op) ?? {};
      return { op, noise: noise.get(op) ?? 0, bytes, bytesFloat };
    })
    .filter(({ noise: cost, bytesFloat }) => cost > 0 || (bytesFloat ?? 0) > 0);
}

/** Ops that make an error of their own are quantized. */
function guessed(doc: DivergenceDocument): Candidate[] {
  const local = errors(doc, "local");
  const found = new Map<number, number>();
  for (const [row, error] of local.entries()) {
    const op = doc.opOf(row);
    if (error > 0 && op >= 0) found.set(op, (found.get(op) ?? 0) + error * error);
  }
  return [...found].map(([op, noise]) => ({ op, noise, bytes: null, bytesFloat: null }));
}
