/** The tree of items that the view shows: model inputs, ops, groups, runs of equal groups, model outputs. */

import type { RawGroups } from "./groups.js";
import { foldLoose } from "./loose.js";
import { type Members, placeNodes } from "./members.js";
import type { OpGraph } from "./ops.js";

export const OP = 0;
export const INPUT = 1;
export const OUTPUT = 2;
/** A scope; with `owner` ≥ 0 the body of a control-flow op; with neither scope nor owner, loose ops folded together. */
export const GROUP = 3;
/** Sibling groups of one structure, drawn as one ×N group; its children are the instances. */
export const RUN = 4;

export interface Tree {
  readonly kind: Int32Array;
  /** Op row, tensor row, scope row, or for a run the scope row that names it (-1: its first instance does). */
  readonly ref: Int32Array;
  /** Control-flow op of a body group, else -1. */
  readonly owner: Int32Array;
  readonly parent: Int32Array;
  readonly children: (readonly number[])[];
  /** Leaves are numbered depth first; an item holds leaves `lo..hi-1`. */
  readonly lo: Int32Array;
  readonly hi: Int32Array;
  /** Scope rows whose only content was this item, outermost first: their names belong to its title. */
  readonly titles: (readonly number[])[];
  /** Leaf number of each node, -1 where hidden. */
  readonly leafOf: Int32Array;
  /** Item of each leaf. */
  readonly itemOf: Int32Array;
}

export const ROOT = 0;
const NONE: readonly number[] = [];
const MAX_TITLES = 3;

/** Builds the tree without runs. Nodes with `hidden` 1 are left out, as are groups that have nothing else. */
export function buildTree(
  graph: OpGraph,
  groups: RawGroups,
  hidden: Uint8Array,
  heavy: (op: number) => boolean,
): TreeDraft {
  const members = placeNodes(graph, groups, hidden);
  foldLoose(graph, members, heavy);
  return new Builder(graph, groups, members).build();
}

/** A tree that may still get items: arrays have room for more than there are. */
export class TreeDraft implements Tree {
  readonly kind: Int32Array;
  readonly ref: Int32Array;
  readonly owner: Int32Array;
  readonly parent: Int32Array;
  readonly children: (readonly number[])[];
  readonly lo: Int32Array;
  readonly hi: Int32Array;
  readonly titles: (readonly number[])[];
  readonly leafOf: Int32Array;
  readonly itemOf: Int32Array;
  /** All groups, outer before inner. */
  readonly groups: number[] = [];
  count = 0;

  constructor(items: number, leaves: number, nodes: number) {
    const array = (): Int32Array => new Int32Array(items);
    [this.kind, this.ref, this.owner, this.parent] = [array(), array(), array(), array()];
    [this.lo, this.hi] = [array(), array()];
    this.children = new Array<readonly number[]>(items).fill(NONE);
    this.titles = new Array<readonly number[]>(items).fill(NONE);
    this.leafOf = new Int32Array(nodes).fill(-1);
    this.itemOf = new Int32Array(leaves);
  }

  add(kind: number, ref: number, parent: number, leaf: number): number {
    const item = this.count++;
    this.kind[item] = kind;
    this.ref[item] = ref;
    this.owner[item] = -1;
    this.parent[item] = parent;
    this.lo[item] = leaf;
    this.hi[item] = leaf;
    if (kind === GROUP) this.groups.push(item);
    return item;
  }

  finish(): Tree {
    const { count, children, titles, leafOf, itemOf } = this;
    children.length = count;
    titles.length = count;
    const cut = (array: Int32Array): Int32Array => array.subarray(0, count);
    const [kind, ref, owner, parent] = [cut(this.kind), cut(this.ref), cut(this.owner), cut(this.parent)];
    return { kind, ref, owner, parent, lo: cut(this.lo), hi: cut(this.hi), children, titles, leafOf, itemOf };
  }
}

interface Open {
  readonly item: number;
  readonly members: Members;
  next: number;
  readonly children: number[];
}

class Builder {
  readonly #graph: OpGraph;
  readonly #groups: RawGroups;
  readonly #members: readonly Members[];
  readonly #tree: TreeDraft;
  #leaves = 0;

  constructor(graph: OpGraph, groups: RawGroups, members: readonly Members[]) {
    this.#graph = graph;
    this.#groups = groups;
    this.#members = members;
    const [filled, leaves] = census(members);
    // A run has two instances at least, and no group is in two runs.
    this.#tree = new TreeDraft(leaves + filled + (filled >> 1) + 1, leaves, graph.nodes);
  }

  /** Depth first with a stack of its own: a hostile file may nest scopes thousands deep. */
  build(): TreeDraft {
    const open: Open[] = [];
    open.push({ item: this.#tree.add(GROUP, ROOT, -1, 0), members: this.#rootMembers(), next: 0, children: [] });
    for (let top = open.at(-1); top; top = open.at(-1)) {
      if (top.next < top.members.length) this.#enter(top, top.members[top.next++]!, open);
      else {
        this.#tree.children[top.item] = top.children;
        this.#tree.hi[top.item] = this.#leaves;
        open.pop();
      }
    }
    return this.#tree;
  }

  #enter(top: Open, member: number, open: Open[]): void {
    let last = member;
    while (last < 0 && this.#members[~last]!.length === 1) last = this.#members[~last]![0]!;
    const item = last >= 0 ? this.#leaf(last, top.item) : this.#group(~last, top.item);
    if (last !== member) this.#tree.titles[item] = this.#passed(member, last);
    top.children.push(item);
    if (last < 0) open.push({ item, members: this.#members[~last]!, next: 0, children: [] });
  }

  /** The scopes with a single member on the way from one to the other. */
  #passed(member: number, last: number): readonly number[] {
    const titles: number[] = [];
    for (let at = member; at !== last; at = this.#members[~at]![0]!) if (~at < this.#groups.scopes) titles.push(~at);
    return titles.slice(-MAX_TITLES);
  }

  /** A lone group beside the inputs and outputs adds nothing but a frame: its members move to the root. */
  #rootMembers(): Members {
    let members = Array.from(this.#members[ROOT]!);
    for (;;) {
      const groups = members.filter((member) => member < 0 || member < this.#graph.ops);
      const only = groups[0];
      if (groups.length !== 1 || only === undefined || only >= 0 || ~only >= this.#groups.scopes) return members;
      members = members.flatMap((member) => (member === only ? Array.from(this.#members[~only]!) : [member]));
    }
  }

  #leaf(node: number, parent: number): number {
    const { ops, inputs, outputs } = this.#graph;
    const tree = this.#tree;
    const leaf = this.#leaves++;
    const after = node - ops - inputs.length;
    const item =
      node < ops
        ? tree.add(OP, node, parent, leaf)
        : after < 0
          ? tree.add(INPUT, inputs[node - ops]!, parent, leaf)
          : tree.add(OUTPUT, outputs[after]!, parent, leaf);
    tree.leafOf[node] = leaf;
    tree.itemOf[leaf] = item;
    tree.hi[item] = leaf + 1;
    return item;
  }

  #group(group: number, parent: number): number {
    const body = group - this.#groups.scopes;
    const item = this.#tree.add(GROUP, body < 0 ? group : -1, parent, this.#leaves);
    if (body >= 0) this.#tree.owner[item] = this.#groups.bodyOwner[body] ?? -1;
    return item;
  }
}

/** How many groups have members, and how many nodes there are in all. */
function census(members: readonly Members[]): [groups: number, nodes: number] {
  let [groups, nodes] = [0, 0];
  for (const list of members) {
    if (list.length > 0) groups += 1;
    for (let i = 0; i < list.length; i += 1) if (list[i]! >= 0) nodes += 1;
  }
  return [groups, nodes];
}
