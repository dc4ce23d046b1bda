import type { ReportDocument } from "../data/index.js";

/** Rows of the largest tensors alive while an op runs, largest first; by the rules of the liveness curve. */
export function aliveAt(report: ReportDocument, position: number, amount: number): number[] {
  const order = positions(report);
  const last = lastUses(report, order);
  const sizes = report.tensors.numeric("nbytes");
  const kinds = report.tensors.text("kind");
  const producers = report.tensors.indices("producer");
  const counted = countedTensors(report, producers);
  const alive: number[] = [];
  for (const [tensor, producer] of producers.entries()) {
    if (counted[tensor] === 0) continue;
    const until = kinds?.at(tensor) === "output" ? Number.POSITIVE_INFINITY : (last[tensor] ?? -1);
    const from = order.get(producer) ?? -1;
    if (from <= position && (until >= position || from === position)) alive.push(tensor);
  }
  const size = (tensor: number): number => sizes?.at(tensor) ?? 0;
  return alive.sort((a, b) => size(b) - size(a)).slice(0, amount);
}

/** The caller owns what it feeds, and stored constants are weights: neither is an activation. */
function countedTensors(report: ReportDocument, producers: Int32Array): Uint8Array {
  const kinds = report.tensors.text("kind");
  return Uint8Array.from(producers, (producer, tensor) => (producer >= 0 && kinds?.at(tensor) !== "constant" ? 1 : 0));
}

function positions(report: ReportDocument): Map<number, number> {
  const order = new Map<number, number>();
  for (const [position, op] of report.memory.indices("op").entries()) order.set(op, position);
  return order;
}

function lastUses(report: ReportDocument, order: ReadonlyMap<number, number>): Float64Array {
  const last = new Float64Array(report.tensors.rows).fill(-1);
  const tensors = report.uses.indices("tensor");
  for (const [use, op] of report.uses.indices("op").entries()) {
    const tensor = tensors[use] ?? -1;
    if (tensor >= 0) last[tensor] = Math.max(last[tensor] ?? -1, order.get(op) ?? -1);
  }
  return last;
}
