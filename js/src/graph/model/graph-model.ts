/** A document as the graph sees it: the tree of items, the edges between leaves, the words. */

import type { ReportDocument } from "../../data/index.js";
import { type Adjacency, buildAdjacency } from "./adjacency.js";
import { type Borders, findBorders } from "./borders.js";
import { classify } from "./classes.js";
import { rawGroups } from "./groups.js";
import { Labels } from "./labels.js";
import { type OpGraph, readOpGraph } from "./ops.js";
import { findQuantizers, withoutQuantizers } from "./quantizers.js";
import { foldRuns } from "./runs.js";
import { buildTree, GROUP, OP, RUN, type Tree } from "./tree.js";
import { Twins } from "./twins.js";

export interface ModelOptions {
  /** Draw ops that depend on weights alone. */
  readonly constants: boolean;
  /** Draw QuantizeLinear and DequantizeLinear; without them edges run past. */
  readonly quantizers?: boolean;
}

export class GraphModel {
  readonly graph: OpGraph;
  readonly tree: Tree;
  readonly edges: Adjacency;
  readonly labels: Labels;
  /** How many ops the view leaves out because they depend on weights alone. */
  readonly hiddenOps: number;
  /** How many ops quantize or dequantize, drawn or not. */
  readonly quantizerOps: number;

  readonly #shapeData: Uint8Array;
  #doc: ReportDocument;
  #borders: Borders | null = null;
  #classes: Int32Array | null = null;

  constructor(
    doc: ReportDocument,
    readonly options: ModelOptions = { constants: false },
  ) {
    this.#doc = doc;
    this.#shapeData = shapeData(doc);
    const graph = readOpGraph(doc);
    const hidden = hiddenOps(graph, options);
    this.hiddenOps = hidden.reduce((sum, value) => sum + value, 0);
    const quantizers = findQuantizers(doc);
    this.quantizerOps = quantizers.reduce((sum, value) => sum + value, 0);
    const without = options.quantizers === false && hideToo(hidden, quantizers);
    this.graph = without ? withoutQuantizers(doc, graph, quantizers) : graph;
    const groups = rawGroups(this.graph, doc.scopes.indices("parent"));
    const draft = buildTree(this.graph, groups, hidden, heavyOps(doc));
    this.edges = buildAdjacency(this.graph, draft);
    const twins = new Twins(doc, draft, this.edges);
    foldRuns(draft, this.edges, {
      structure: doc.scopes.indices("structure"),
      names: doc.scopes.text("name"),
      alike: (a, b) => twins.alike(a, b),
      loose: doc.holds === "weights",
    });
    this.tree = draft.finish();
    this.labels = new Labels(doc, this.tree);
  }

  get doc(): ReportDocument {
    return this.#doc;
  }

  /** Which edges run inside each group, and which cross its border. */
  get borders(): Borders {
    this.#borders ??= findBorders(this.tree, this.edges);
    return this.#borders;
  }

  /** Structural class of each group: one layout serves all of a class. -1 for leaves. */
  get classes(): Int32Array {
    this.#classes ??= classify(this);
    return this.#classes;
  }

  /** Takes the same report with other columns; ops, tensors and scopes must be the same. */
  setColumns(doc: ReportDocument): void {
    this.#doc = doc;
  }

  /** Whether a tensor is small and integer: dims and indices on their way, not what the model works on. */
  isShapeData(tensor: number): boolean {
    return this.#shapeData[tensor] === 1;
  }

  isGroup(item: number): boolean {
    const kind = this.tree.kind[item];
    return kind === GROUP || kind === RUN;
  }

  /** Op rows of an item in drawing order; a group's include all below it. */
  opsOf(item: number): number[] {
    const { lo, hi, itemOf, kind, ref } = this.tree;
    const ops: number[] = [];
    for (let leaf = lo[item]!; leaf < hi[item]!; leaf += 1) {
      if (kind[itemOf[leaf]!] === OP) ops.push(ref[itemOf[leaf]!]!);
    }
    return ops;
  }

  /** The item of an op, -1 where it is hidden. */
  itemOfOp(op: number): number {
    const leaf = op >= 0 && op < this.graph.ops ? this.tree.leafOf[op]! : -1;
    return leaf < 0 ? -1 : this.tree.itemOf[leaf]!;
  }
}

const HEAVY = /MatMul|Gemm|Conv|Attention|Softmax|Einsum|LSTM|GRU|RNN|Loop|Scan|^If$/;

function heavyOps(doc: ReportDocument): (op: number) => boolean {
  const types = doc.ops.text("type");
  const heavy = types?.dictionary.map((type) => HEAVY.test(type)) ?? [];
  return (op) => heavy[types?.codes[op] ?? -1] ?? false;
}

const INDICES = /^(u?int(8|16|32|64)|bool)$/;
const SMALL = 1024;

function shapeData(doc: ReportDocument): Uint8Array {
  const dtypes = doc.tensors.text("dtype");
  const index = dtypes?.dictionary.map((dtype) => INDICES.test(dtype)) ?? [];
  const nbytes = doc.tensors.numeric("nbytes")?.values;
  const small = new Uint8Array(doc.tensors.rows);
  const codes = dtypes?.codes;
  if (!codes || !index.includes(true)) return small;
  for (let row = 0; row < small.length; row += 1) {
    if (index[codes[row]!] === true && (nbytes?.[row] ?? 0) <= SMALL) small[row] = 1;
  }
  return small;
}

/** A model that is all constants would otherwise be an empty page. */
function hiddenOps(graph: OpGraph, options: ModelOptions): Uint8Array {
  return options.constants || !graph.constant.includes(0) ? new Uint8Array(graph.ops) : graph.constant.slice();
}

/** Adds ops to the hidden ones, unless there is none of them or nothing would be left. */
function hideToo(hidden: Uint8Array, more: Uint8Array): boolean {
  if (!more.includes(1) || hidden.every((value, op) => value === 1 || more[op] === 1)) return false;
  more.forEach((value, op) => {
    if (value === 1) hidden[op] = 1;
  });
  return true;
}
