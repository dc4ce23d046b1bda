/** The tree of items that the view shows: model inputs, ops, groups, runs of equal groups, model outputs. */

import type { RawGroups } from "./groups.js";
import { foldLoose } from "./loose.js";
import type { OpGraph } from "./ops.js";

export const OP = 0;
export const INPUT = 1;
export const OUTPUT = 2;
/** A scope; with `owner` ≥ 0 the body of a control-flow op; with neither scope nor owner, loose ops folded together. */
export const GROUP = 3;
/** Sibling groups of one structure, drawn as one ×N group; its children are the instances. */
export const RUN = 4;

export interface Tree {
  readonly kind: number[];
  /** Op row, tensor row, scope row, or for a run the scope row that names it (-1: its first instance does). */
  readonly ref: number[];
  /** Control-flow op of a body group, else -1. */
  readonly owner: number[];
  readonly parent: number[];
  readonly children: (readonly number[])[];
  /** Leaves are numbered depth first; an item holds leaves `lo..hi-1`. */
  readonly lo: number[];
  readonly hi: number[];
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
export function buildTree(graph: OpGraph, groups: RawGroups, hidden: Uint8Array, heavy: (op: number) => boolean): Tree {
  const members = placeNodes(graph, groups, hidden);
  foldLoose(graph, members, heavy);
  return new Builder(graph, groups, members).build();
}

/**
 * Members of each raw group in execution order: a node, or `~group`.
 *
 * A control-flow op is drawn as the first member of its own body, which stands in its place.
 */
function placeNodes(graph: OpGraph, groups: RawGroups, hidden: Uint8Array): number[][] {
  const members: number[][] = Array.from({ length: groups.count }, () => []);
  const placed = new Uint8Array(groups.count);
  placed[ROOT] = 1;
  const last = new Int32Array(groups.count).fill(-1);
  const place = (node: number, home: number): void => {
    members[home]!.push(node);
    for (let group = home; node < graph.ops && group >= 0; group = groups.parent[group]!) last[group] = node;
    for (let group = home; placed[group] === 0; group = groups.parent[group]!) {
      placed[group] = 1;
      members[groups.parent[group]!]!.push(~group);
    }
  };
  for (let i = 0; i < graph.inputs.length; i += 1) place(graph.ops + i, ROOT);
  for (let op = 0; op < graph.ops; op += 1) {
    if (hidden[op] === 0) place(op, groups.bodyOf[op] === -1 ? groups.groupOf[op]! : groups.bodyOf[op]!);
  }
  for (let node = graph.ops + graph.inputs.length; node < graph.nodes; node += 1) place(node, ROOT);
  return members.map((list) => uninterrupted(list, last));
}

/** An op that runs amid a group, such as a mask that all layers share, stands before it, not between two layers. */
function uninterrupted(members: readonly number[], last: Int32Array): number[] {
  const out: number[] = [];
  for (const member of members) {
    const before = out.at(-1);
    if (member >= 0 && before !== undefined && before < 0 && last[~before]! > member) out.splice(-1, 0, member);
    else out.push(member);
  }
  return out;
}

class Builder {
  readonly #graph: OpGraph;
  readonly #groups: RawGroups;
  readonly #members: readonly (readonly number[])[];
  readonly #tree: Tree;
  #leaves = 0;

  constructor(graph: OpGraph, groups: RawGroups, members: readonly (readonly number[])[]) {
    this.#graph = graph;
    this.#groups = groups;
    this.#members = members;
    this.#tree = {
      kind: [],
      ref: [],
      owner: [],
      parent: [],
      children: [],
      lo: [],
      hi: [],
      titles: [],
      leafOf: new Int32Array(graph.nodes).fill(-1),
      itemOf: new Int32Array(graph.nodes),
    };
  }

  /** Depth first with a stack of its own: a hostile file may nest scopes thousands deep. */
  build(): Tree {
    const open: { item: number; members: readonly number[]; next: number; children: number[] }[] = [];
    const enter = (item: number, members: readonly number[]): void => {
      open.push({ item, members, next: 0, children: [] });
    };
    enter(this.#add(GROUP, ROOT, -1), this.#rootMembers());
    for (let top = open.at(-1); top; top = open.at(-1)) {
      const member = top.members[top.next++];
      if (member === undefined) {
        this.#tree.children[top.item] = top.children;
        this.#tree.hi[top.item] = this.#leaves;
        open.pop();
        continue;
      }
      const { last, titles } = this.#unwrap(member);
      const item = last >= 0 ? this.#leaf(last, top.item) : this.#group(~last, top.item);
      this.#tree.titles[item] = titles;
      top.children.push(item);
      if (last < 0) enter(item, this.#members[~last]!);
    }
    return { ...this.#tree, itemOf: this.#tree.itemOf.slice(0, this.#leaves) };
  }

  /** A lone group beside the inputs and outputs adds nothing but a frame: its members move to the root. */
  #rootMembers(): readonly number[] {
    let members: readonly number[] = this.#members[ROOT]!;
    for (;;) {
      const groups = members.filter((member) => member < 0 || member < this.#graph.ops);
      const only = groups[0];
      if (groups.length !== 1 || only === undefined || only >= 0 || ~only >= this.#groups.scopes) return members;
      members = members.flatMap((member) => (member === only ? this.#members[~only]! : [member]));
    }
  }

  /** Follows groups that have a single member; a body with more than its own op keeps its frame. */
  #unwrap(member: number): { last: number; titles: readonly number[] } {
    let last = member;
    let titles = NONE;
    while (last < 0 && this.#members[~last]!.length === 1) {
      if (~last < this.#groups.scopes) titles = [...titles, ~last].slice(-MAX_TITLES);
      last = this.#members[~last]![0]!;
    }
    return { last, titles };
  }

  #leaf(node: number, parent: number): number {
    const { ops, inputs, outputs } = this.#graph;
    const after = node - ops - inputs.length;
    const item =
      node < ops
        ? this.#add(OP, node, parent)
        : after < 0
          ? this.#add(INPUT, inputs[node - ops]!, parent)
          : this.#add(OUTPUT, outputs[after]!, parent);
    this.#tree.leafOf[node] = this.#leaves;
    this.#tree.itemOf[this.#leaves] = item;
    this.#leaves += 1;
    this.#tree.hi[item] = this.#leaves;
    return item;
  }

  #group(group: number, parent: number): number {
    const body = group - this.#groups.scopes;
    const item = this.#add(GROUP, body < 0 ? group : -1, parent);
    if (body >= 0) this.#tree.owner[item] = this.#groups.bodyOwner[body] ?? -1;
    return item;
  }

  #add(kind: number, ref: number, parent: number): number {
    const tree = this.#tree;
    tree.kind.push(kind);
    tree.ref.push(ref);
    tree.owner.push(-1);
    tree.parent.push(parent);
    tree.children.push(NONE);
    tree.lo.push(this.#leaves);
    tree.hi.push(this.#leaves);
    tree.titles.push(NONE);
    return tree.kind.length - 1;
  }
}
