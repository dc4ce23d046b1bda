/**
 * Results of control flow come from the ops in the bodies that compute them, not from the If or Loop around: what is
 * drawn then leaves through the border of the body's frame.
 */

import type { DocumentTable, ReportDocument } from "../../data/index.js";

/** Where a tensor is seen to come from. Control flow in control flow could multiply them. */
const MOST_SOURCES = 16;

export interface Making {
  /** The node that makes each tensor, -1 for none. */
  readonly source: Int32Array;
  readonly ownerOf: Int32Array;
  /** 1 for an op whose result is fixed: it may not be drawn at all. */
  readonly constant: Uint8Array;
}

export class Yields {
  readonly #making: Making;
  /** Tensors of bodies that stand behind each result of control flow. */
  readonly #behind = new Map<number, number[]>();
  readonly #known = new Map<number, readonly number[]>();

  constructor(doc: ReportDocument, making: Making) {
    this.#making = making;
    const { op, slot, tensor } = columns(doc.table("yields"));
    if (op.length === 0) return;
    const results = resultsOf(doc, new Set(op));
    for (let i = 0; i < op.length; i += 1) {
      const result = results.get(key(op[i]!, slot[i]!));
      if (result !== undefined) this.#behind.set(result, [...(this.#behind.get(result) ?? []), tensor[i]!]);
    }
  }

  /** Whether a tensor is a result that bodies compute. */
  has(tensor: number): boolean {
    return this.#behind.has(tensor);
  }

  /** The nodes that compute a result; a branch that hands on something from outside, or a constant, is its owner. */
  sources(tensor: number): readonly number[] {
    return this.#known.get(tensor) ?? this.#find(tensor);
  }

  #find(tensor: number): readonly number[] {
    const owner = this.#making.source[tensor]!;
    // Entered first: hostile tables may run in circles.
    this.#known.set(tensor, [owner]);
    const found = new Set<number>();
    for (const inner of this.#behind.get(tensor) ?? []) {
      const nodes = this.has(inner) ? this.sources(inner) : [this.#making.source[inner] ?? -1];
      for (const node of nodes) if (found.size < MOST_SOURCES) found.add(this.#drawn(node, owner) ? node : owner);
    }
    const sources = found.size === 0 ? [owner] : [...found];
    this.#known.set(tensor, sources);
    return sources;
  }

  /** Whether a node lies in a body of `owner` and cannot be hidden as a constant. */
  #drawn(node: number, owner: number): boolean {
    const { ownerOf, constant } = this.#making;
    if (node < 0 || node >= ownerOf.length || constant[node] === 1) return false;
    for (let at = ownerOf[node]!; at >= 0; at = ownerOf[at]!) if (at === owner) return true;
    return false;
  }
}

/** Tensors that some ops make, by op and slot. */
function resultsOf(doc: ReportDocument, owners: ReadonlySet<number>): Map<number, number> {
  const { op, slot, tensor } = columns(doc.makes);
  const results = new Map<number, number>();
  for (let i = 0; i < op.length; i += 1) if (owners.has(op[i]!)) results.set(key(op[i]!, slot[i]!), tensor[i]!);
  return results;
}

function columns(table: DocumentTable): { op: Int32Array; slot: Int32Array; tensor: Int32Array } {
  return { op: table.indices("op"), slot: table.indices("slot"), tensor: table.indices("tensor") };
}

function key(op: number, slot: number): number {
  return op * 65536 + slot;
}
