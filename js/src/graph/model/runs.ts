/** Folds sibling groups of one structure into ×N runs. */

import type { Adjacency } from "./adjacency.js";
import { GROUP, ROOT, RUN, type Tree } from "./tree.js";

export interface Naming {
  /** Structure class of a scope row, -1 unknown. */
  readonly structure: (scope: number) => number;
  readonly name: (scope: number) => string;
  /** Whether two groups of unlike class nevertheless look the same: the class also looks at where inputs come from. */
  readonly alike: (a: number, b: number) => boolean;
}

const MIN_NAMELESS = 3;
const MIN_PARALLEL = 4;

/** Inserts run items; mutates the tree while it is being built. */
export function foldRuns(tree: Tree, edges: Adjacency, naming: Naming): void {
  const groups = tree.kind.length;
  for (let item = 0; item < groups; item += 1) {
    if (tree.kind[item] === GROUP && tree.children[item]!.length > 1) foldChildren(tree, item, edges, naming);
  }
}

function foldChildren(tree: Tree, item: number, edges: Adjacency, naming: Naming): void {
  const children = tree.children[item]!;
  const folded: number[] = [];
  for (let start = 0; start < children.length; ) {
    const stop = runEnd(tree, children, start, edges, naming);
    const members = children.slice(start, stop);
    folded.push(members.length > 1 ? addRun(tree, item, members) : members[0]!);
    start = stop;
  }
  const [only] = folded;
  if (item !== ROOT && folded.length === 1 && only !== undefined && tree.owner[item] === -1)
    becomeRun(tree, item, only);
  else tree.children[item] = folded;
}

/** One past the last sibling that continues the run which begins at `start`. */
function runEnd(tree: Tree, children: readonly number[], start: number, edges: Adjacency, naming: Naming): number {
  const first = children[start]!;
  const family = familyOf(tree, first, naming);
  if (!family) return start + 1;
  let stop = start + 1;
  let links = 0;
  for (; stop < children.length; stop += 1) {
    const next = familyOf(tree, children[stop]!, naming);
    if (next?.name !== family.name) break;
    const same = next.structure === family.structure || (family.name !== "" && naming.alike(first, children[stop]!));
    if (!same) break;
    links += linked(tree, children[stop - 1]!, children[stop]!, edges) ? 1 : 0;
  }
  const count = stop - start;
  const chained = links === count - 1 && (family.name !== "" || count >= MIN_NAMELESS);
  const parallel = links === 0 && family.name !== "" && count >= MIN_PARALLEL;
  return chained || parallel ? stop : start + 1;
}

interface Family {
  readonly structure: number;
  /** The name with its numbers blanked, "" where it has none: only numbered siblings are one family by name. */
  readonly name: string;
}

function familyOf(tree: Tree, item: number, naming: Naming): Family | null {
  const scope = tree.titles[item]![0] ?? tree.ref[item]!;
  if (tree.kind[item] !== GROUP || tree.owner[item] !== -1) return null;
  const structure = naming.structure(scope);
  if (structure < 0) return null;
  const name = naming.name(scope);
  return { structure, name: /\d/.test(name) ? name.replace(/\d+/g, "#") : "" };
}

function linked(tree: Tree, first: number, second: number, edges: Adjacency): boolean {
  const [lo, hi] = [tree.lo[first]!, tree.hi[first]!];
  const stop = edges.inStart[tree.hi[second]!]!;
  for (let edge = edges.inStart[tree.lo[second]!]!; edge < stop; edge += 1) {
    const from = edges.from[edge]!;
    if (from >= lo && from < hi) return true;
  }
  return false;
}

function addRun(tree: Tree, parent: number, members: readonly number[]): number {
  const run = tree.kind.length;
  const [first, last] = [members[0]!, members.at(-1)!];
  tree.kind.push(RUN);
  tree.ref.push(-1);
  tree.owner.push(-1);
  tree.parent.push(parent);
  tree.children.push(members);
  tree.lo.push(tree.lo[first]!);
  tree.hi.push(tree.hi[last]!);
  tree.titles.push([]);
  for (const member of members) tree.parent[member] = run;
  return run;
}

/** A scope that holds nothing but a run (`layers`) is that run. */
function becomeRun(tree: Tree, item: number, run: number): void {
  if (tree.kind[run] !== RUN) {
    tree.children[item] = [run];
    return;
  }
  tree.kind[item] = RUN;
  tree.children[item] = tree.children[run]!;
  for (const member of tree.children[run]!) tree.parent[member] = item;
  // The run item stays behind, unreachable: ids must not move.
  tree.parent[run] = -1;
}
