/** A document as the graph sees it: the tree of items, the edges between leaves, the words. */

import type { ReportDocument } from "../../data/index.js";
import { type Adjacency, buildAdjacency } from "./adjacency.js";
import { rawGroups } from "./groups.js";
import { Labels } from "./labels.js";
import { type OpGraph, readOpGraph } from "./ops.js";
import { foldRuns } from "./runs.js";
import { buildTree, GROUP, OP, RUN, type Tree } from "./tree.js";
import { Twins } from "./twins.js";

export interface ModelOptions {
  /** Draw ops that depend on weights alone. */
  readonly constants: boolean;
}

export class GraphModel {
  readonly graph: OpGraph;
  readonly tree: Tree;
  readonly edges: Adjacency;
  readonly labels: Labels;
  /** How many ops the view leaves out because they depend on weights alone. */
  readonly hiddenOps: number;

  readonly #shapeData: Uint8Array;
  #doc: ReportDocument;

  constructor(
    doc: ReportDocument,
    readonly options: ModelOptions = { constants: false },
  ) {
    this.#doc = doc;
    this.#shapeData = shapeData(doc);
    this.graph = readOpGraph(doc);
    const hidden = hiddenOps(this.graph, options);
    this.hiddenOps = hidden.reduce((sum, value) => sum + value, 0);
    const groups = rawGroups(this.graph, doc.scopes.indices("parent"));
    this.tree = buildTree(this.graph, groups, hidden, heavyOps(doc));
    this.edges = buildAdjacency(this.graph, this.tree);
    this.labels = new Labels(doc, this.tree);
    const twins = new Twins(doc, this.tree, this.edges);
    const structure = doc.scopes.indices("structure");
    foldRuns(this.tree, this.edges, {
      structure: (scope) => structure[scope] ?? -1,
      name: (scope) => this.labels.scopeName(scope),
      alike: (a, b) => twins.alike(a, b),
    });
  }

  get doc(): ReportDocument {
    return this.#doc;
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
  return Uint8Array.from({ length: doc.tensors.rows }, (_, row) =>
    index[dtypes?.codes[row] ?? -1] && (nbytes?.[row] ?? 0) <= SMALL ? 1 : 0,
  );
}

/** A model that is all constants would otherwise be an empty page. */
function hiddenOps(graph: OpGraph, options: ModelOptions): Uint8Array {
  const none = new Uint8Array(graph.ops);
  return options.constants || !graph.constant.includes(0) ? none : graph.constant;
}
