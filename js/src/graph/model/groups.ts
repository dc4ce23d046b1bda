/** Where each op hangs: scopes and control-flow bodies as one forest of raw groups. */

import type { OpGraph } from "./ops.js";

export interface RawGroups {
  /** Groups 0..scopes-1 are scope rows, the rest bodies of control-flow ops. */
  readonly count: number;
  readonly scopes: number;
  readonly parent: Int32Array;
  /** The control-flow op of each body, by group minus `scopes`. */
  readonly bodyOwner: Int32Array;
  /** The body group of each control-flow op, -1 for other ops. */
  readonly bodyOf: Int32Array;
  /** The raw group of each op. */
  readonly groupOf: Int32Array;
}

export function rawGroups(graph: OpGraph, scopeParents: Int32Array): RawGroups {
  const scopes = Math.max(scopeParents.length, 1);
  const bodies = numberBodies(graph.ownerOf, scopes);
  if (bodies.owners.length === 0) return plainGroups(graph, scopeParents, scopes, bodies.group);
  const owner = scopeOwners(graph, scopeParents, scopes);
  const parent = new Int32Array(scopes + bodies.owners.length).fill(-1);
  const groupOf = new Int32Array(graph.ops);
  const home = (scope: number, wanted: number): number =>
    wanted === owner[scope] || wanted < 0 ? scope : bodies.group[wanted]!;
  for (let op = 0; op < graph.ops; op += 1) groupOf[op] = home(graph.scopeOf[op]!, graph.ownerOf[op]!);
  for (let scope = 1; scope < scopes; scope += 1) {
    const above = clampParent(scopeParents[scope]!, scope);
    parent[scope] = owner[scope] === owner[above] || owner[scope]! < 0 ? above : bodies.group[owner[scope]!]!;
  }
  bodies.owners.forEach((op, i) => {
    parent[scopes + i] = groupOf[op]!;
  });
  const bodyOwner = Int32Array.from(bodies.owners);
  return { count: parent.length, scopes, parent, bodyOwner, bodyOf: bodies.group, groupOf };
}

/** Most models have no control flow: scopes are as they are. */
function plainGroups(graph: OpGraph, scopeParents: Int32Array, scopes: number, bodyOf: Int32Array): RawGroups {
  const parent = new Int32Array(scopes).fill(-1);
  for (let scope = 1; scope < scopes; scope += 1) parent[scope] = clampParent(scopeParents[scope]!, scope);
  return { count: scopes, scopes, parent, bodyOwner: new Int32Array(), bodyOf, groupOf: graph.scopeOf };
}

/** Children follow parents; anything else would make the tree cyclic. */
function clampParent(parent: number, scope: number): number {
  return Math.max(0, Math.min(parent, scope - 1));
}

function numberBodies(ownerOf: Int32Array, scopes: number): { owners: number[]; group: Int32Array } {
  const owners: number[] = [];
  const group = new Int32Array(ownerOf.length).fill(-1);
  for (const owner of ownerOf) {
    if (owner < 0 || group[owner] !== -1) continue;
    group[owner] = scopes + owners.length;
    owners.push(owner);
  }
  return { owners, group };
}

const UNSEEN = -2;

/** The innermost body that holds everything in a scope, -1 for none: such a scope hangs inside that body. */
function scopeOwners(graph: OpGraph, parents: Int32Array, scopes: number): Int32Array {
  const owner = new Int32Array(scopes).fill(UNSEEN);
  const depth = ownerDepths(graph.ownerOf);
  const join = (a: number, b: number): number => (a === UNSEEN ? b : commonOwner(graph.ownerOf, depth, a, b));
  for (let op = 0; op < graph.ops; op += 1) {
    const scope = graph.scopeOf[op]!;
    owner[scope] = join(owner[scope]!, graph.ownerOf[op]!);
  }
  for (let scope = scopes - 1; scope > 0; scope -= 1) {
    if (owner[scope] === UNSEEN) continue;
    const above = clampParent(parents[scope]!, scope);
    owner[above] = join(owner[above]!, owner[scope]!);
  }
  owner[0] = -1;
  return owner.map((value) => (value === UNSEEN ? -1 : value));
}

function ownerDepths(ownerOf: Int32Array): Int32Array {
  const depth = new Int32Array(ownerOf.length);
  for (let op = 0; op < depth.length; op += 1) {
    const owner = ownerOf[op]!;
    if (owner >= 0) depth[op] = depth[owner]! + 1;
  }
  return depth;
}

/** Bodies are named by their owner op; -1 is the main graph. */
function commonOwner(ownerOf: Int32Array, depth: Int32Array, first: number, second: number): number {
  let [a, b] = [first, second];
  while (a !== b) {
    if (a < 0 || b < 0) return -1;
    if (depth[a]! >= depth[b]!) a = ownerOf[a]!;
    else b = ownerOf[b]!;
  }
  return a;
}
