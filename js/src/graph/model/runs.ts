/** Folds sibling groups of one structure into ×N runs. */

import type { StringColumn } from "../../data/index.js";
import type { Adjacency } from "./adjacency.js";
import { GROUP, ROOT, RUN, type TreeDraft } from "./tree.js";

export interface Likeness {
  /** Structure class of each scope row, -1 unknown. */
  readonly structure: Int32Array;
  /** Names of scopes. */
  readonly names: StringColumn | undefined;
  /** Whether two groups of unlike class nevertheless look the same: the class also looks at where inputs come from. */
  readonly alike: (a: number, b: number) => boolean;
  /** Whether nothing is connected, so that neighbours alone make a run. */
  readonly loose?: boolean;
}

const MIN_NAMELESS = 3;
const MIN_PARALLEL = 4;

/** Inserts run items. */
export function foldRuns(tree: TreeDraft, edges: Adjacency, likeness: Likeness): void {
  const folder = new Folder(tree, edges, likeness);
  for (const group of tree.groups) if (tree.children[group]!.length > 1) folder.foldChildren(group);
}

const NO_FAMILY = -1;
/** Scopes whose names have no number: only their structure can make them one family. */
const NAMELESS = 0;

class Folder {
  readonly #tree: TreeDraft;
  readonly #edges: Adjacency;
  readonly #likeness: Likeness;
  readonly #families: Families;

  constructor(tree: TreeDraft, edges: Adjacency, likeness: Likeness) {
    this.#tree = tree;
    this.#edges = edges;
    this.#likeness = likeness;
    this.#families = new Families(likeness.names);
  }

  foldChildren(item: number): void {
    const children = this.#tree.children[item]!;
    let folded: number[] | null = null;
    for (let start = 0; start < children.length; ) {
      const stop = this.#runEnd(children, start);
      if (stop - start > 1) {
        folded ??= children.slice(0, start);
        folded.push(this.#addRun(item, children.slice(start, stop)));
      } else folded?.push(children[start]!);
      start = stop;
    }
    if (folded) this.#replace(item, folded);
  }

  #replace(item: number, folded: readonly number[]): void {
    const [only] = folded;
    const just = item !== ROOT && folded.length === 1 && this.#tree.owner[item] === -1;
    if (just && only !== undefined) this.#becomeRun(item, only);
    else this.#tree.children[item] = folded;
  }

  /** One past the last sibling that continues the run which begins at `start`. */
  #runEnd(children: readonly number[], start: number): number {
    const first = children[start]!;
    const family = this.#familyOf(first);
    if (family === NO_FAMILY) return start + 1;
    let stop = start + 1;
    let links = 0;
    for (; stop < children.length && this.#continues(first, family, children[stop]!); stop += 1) {
      links += this.#linked(children[stop - 1]!, children[stop]!) ? 1 : 0;
    }
    const count = stop - start;
    const chained = links === count - 1 && (family !== NAMELESS || count >= MIN_NAMELESS);
    const fewest = this.#likeness.loose ? 2 : MIN_PARALLEL;
    const parallel = links === 0 && family !== NAMELESS && count >= fewest;
    return chained || parallel ? stop : start + 1;
  }

  #continues(first: number, family: number, next: number): boolean {
    if (this.#familyOf(next) !== family) return false;
    const { structure, alike } = this.#likeness;
    return (
      structure[this.#scope(first)] === structure[this.#scope(next)] || (family !== NAMELESS && alike(first, next))
    );
  }

  /** Groups of one family may make a run; -1 for what never does. */
  #familyOf(item: number): number {
    if (this.#tree.kind[item] !== GROUP || this.#tree.owner[item] !== -1) return NO_FAMILY;
    const scope = this.#scope(item);
    return (this.#likeness.structure[scope] ?? -1) < 0 ? NO_FAMILY : this.#families.of(scope);
  }

  #scope(item: number): number {
    return this.#tree.titles[item]![0] ?? this.#tree.ref[item]!;
  }

  #linked(first: number, second: number): boolean {
    const [lo, hi] = [this.#tree.lo[first]!, this.#tree.hi[first]!];
    const { inStart, from } = this.#edges;
    const stop = inStart[this.#tree.hi[second]!]!;
    for (let edge = inStart[this.#tree.lo[second]!]!; edge < stop; edge += 1) {
      const source = from[edge]!;
      if (source >= lo && source < hi) return true;
    }
    return false;
  }

  #addRun(parent: number, members: readonly number[]): number {
    const tree = this.#tree;
    const [first, last] = [members[0]!, members.at(-1)!];
    const run = tree.add(RUN, -1, parent, tree.lo[first]!);
    tree.hi[run] = tree.hi[last]!;
    tree.children[run] = members;
    for (const member of members) tree.parent[member] = run;
    return run;
  }

  /** A scope that holds nothing but a run (`layers`) is that run. */
  #becomeRun(item: number, run: number): void {
    const tree = this.#tree;
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
}

/** Numbers scope names by what is left of them without their numbers. */
class Families {
  readonly #names: StringColumn | undefined;
  readonly #known: Int32Array;
  readonly #stems = new Map<string, number>();

  constructor(names: StringColumn | undefined) {
    this.#names = names;
    this.#known = new Int32Array(names?.dictionary.length ?? 0).fill(-1);
  }

  of(scope: number): number {
    const code = this.#names?.codes[scope] ?? -1;
    const name = this.#names?.dictionary[code];
    if (name === undefined) return NAMELESS;
    if (this.#known[code] === -1) this.#known[code] = this.#number(name);
    return this.#known[code]!;
  }

  #number(name: string): number {
    if (!/\d/.test(name)) return NAMELESS;
    const stem = name.replace(/\d+/g, "#");
    const number = this.#stems.get(stem) ?? this.#stems.size + 1;
    this.#stems.set(stem, number);
    return number;
  }
}
