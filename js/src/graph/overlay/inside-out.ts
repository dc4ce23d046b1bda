/** Adding up over the tree: every op once, then every group from its parts. */

import type { GraphModel } from "../model/graph-model.js";
import { OP, ROOT, type Tree } from "../model/tree.js";

/**
 * Calls `take` with each op and the item that it counts for, then `join` with each item and the group around it, inner
 * ones first. An op that is not drawn counts for the innermost drawn group: its costs belong there all the same.
 */
export function insideOut(
  model: GraphModel,
  take: (item: number, op: number) => void,
  join: (group: number, part: number) => void,
): void {
  const { tree } = model;
  for (let item = 0; item < tree.kind.length; item += 1) if (tree.kind[item] === OP) take(item, tree.ref[item]!);
  let homes: Int32Array | null = null;
  for (let op = 0; op < model.graph.ops; op += 1) {
    if (tree.leafOf[op] !== -1) continue;
    homes ??= groupsOfScopes(model);
    take(homes[model.graph.scopeOf[op]!] ?? ROOT, op);
  }
  const order = topDown(tree);
  for (let i = order.length - 1; i > 0; i -= 1) join(tree.parent[order[i]!]!, order[i]!);
}

const orders = new WeakMap<Tree, Int32Array>();

/** All items, each before what it holds. */
function topDown(tree: Tree): Int32Array {
  const known = orders.get(tree);
  if (known) return known;
  const order = new Int32Array(tree.kind.length);
  let count = 1;
  for (let at = 0; at < count; at += 1) {
    const children = tree.children[order[at]!]!;
    for (let i = 0; i < children.length; i += 1) order[count++] = children[i]!;
  }
  const found = order.subarray(0, count);
  orders.set(tree, found);
  return found;
}

/** The innermost drawn group around each scope. */
function groupsOfScopes(model: GraphModel): Int32Array {
  const parents = model.doc.scopes.indices("parent");
  const groups = ownGroups(model, Math.max(1, parents.length));
  groups[0] = ROOT;
  for (let scope = 1; scope < groups.length; scope += 1) {
    const parent = parents[scope]!;
    if (groups[scope] === -1) groups[scope] = parent >= 0 && parent < scope ? groups[parent]! : ROOT;
  }
  return groups;
}

/** The group that is drawn for each scope, -1 where none is. */
function ownGroups(model: GraphModel, scopes: number): Int32Array {
  const { tree } = model;
  const groups = new Int32Array(scopes).fill(-1);
  for (let item = 1; item < tree.kind.length; item += 1) {
    if (!model.isGroup(item) || tree.parent[item]! < 0 || tree.ref[item]! <= 0) continue;
    for (const scope of [...tree.titles[item]!, tree.ref[item]!]) if (scope < scopes) groups[scope] = item;
  }
  return groups;
}
