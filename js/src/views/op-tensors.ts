import { type DocumentTable, format, type ReportDocument } from "../data/index.js";

export interface TensorFacts {
  readonly row: number;
  readonly slot: number;
  readonly name: string;
  readonly kind: string;
  readonly dtype: string;
  readonly shape: string;
  readonly nbytes: number | null;
  /** How its elements stand for numbers, in a line; "" where they are what they say. */
  readonly quantization: string;
  /** Stored bits for each weight, scales and zero points included. */
  readonly bits: number | null;
}

/** Which tensors each op reads and writes, in slot order. */
export class OpTensors {
  #tensors: DocumentTable;
  #uses: Edges;
  #makes: Edges;

  constructor(report: ReportDocument) {
    this.#tensors = report.tensors;
    this.#uses = new Edges(report.uses, report.ops.rows);
    this.#makes = new Edges(report.makes, report.ops.rows);
  }

  inputs(op: number): TensorFacts[] {
    return this.#uses.of(op).map((edge) => this.#facts(edge));
  }

  outputs(op: number): TensorFacts[] {
    return this.#makes.of(op).map((edge) => this.#facts(edge));
  }

  /** Shape of what an op makes first, "" where it makes nothing. */
  outputShape(op: number): string {
    const [first] = this.#makes.of(op);
    return first ? (this.#tensors.text("shape")?.at(first.tensor) ?? format.UNKNOWN) : "";
  }

  #facts({ slot, tensor }: Edge): TensorFacts {
    const text = (name: string): string => this.#tensors.text(name)?.at(tensor) ?? "";
    return {
      row: tensor,
      slot,
      name: text("name"),
      kind: text("kind"),
      dtype: text("dtype") || format.UNKNOWN,
      shape: text("shape") || format.UNKNOWN,
      nbytes: this.#tensors.numeric("nbytes")?.at(tensor) ?? null,
      quantization: text("quantization"),
      bits: this.#tensors.numeric("bits")?.at(tensor) ?? null,
    };
  }
}

interface Edge {
  readonly slot: number;
  readonly tensor: number;
}

/** Edges grouped by op: those of op `n` are `order[start[n]]` up to `order[start[n + 1]]`. */
class Edges {
  #slots: Int32Array;
  #tensors: Int32Array;
  #start: Uint32Array;
  #order: Uint32Array;

  constructor(table: DocumentTable, ops: number) {
    const op = table.indices("op");
    this.#slots = table.indices("slot");
    this.#tensors = table.indices("tensor");
    this.#start = starts(op, ops);
    this.#order = new Uint32Array(table.rows);
    const next = this.#start.slice();
    for (const [edge, row] of op.entries()) {
      if (row < 0 || row >= ops) continue;
      const at = next[row] ?? 0;
      this.#order[at] = edge;
      next[row] = at + 1;
    }
  }

  of(op: number): Edge[] {
    const range = this.#order.subarray(this.#start[op] ?? 0, this.#start[op + 1] ?? 0);
    const edges = Array.from(range, (at) => ({ slot: this.#slots[at] ?? 0, tensor: this.#tensors[at] ?? -1 }));
    return edges.sort((a, b) => a.slot - b.slot);
  }
}

function starts(op: Int32Array, ops: number): Uint32Array {
  const start = new Uint32Array(ops + 1);
  for (const row of op) if (row >= 0 && row < ops) start[row + 1] = (start[row + 1] ?? 0) + 1;
  for (let at = 1; at <= ops; at += 1) start[at] = (start[at] ?? 0) + (start[at - 1] ?? 0);
  return start;
}
