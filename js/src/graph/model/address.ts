/**
 * Names of items that survive a reload, another session and a change of what is hidden; item numbers do not.
 *
 * A scope group is its scope path; a run the path of the scope that holds just it, else `first…last` of its instances'
 * paths; a control-flow body its owner's name; an op its name; an input or output its tensor's name; the root is "".
 * A second bearer of a name is `name#2`.
 */

import type { StringColumn } from "../../data/index.js";
import type { GraphModel } from "./graph-model.js";
import { OP, ROOT, RUN } from "./tree.js";

export function addressOf(model: GraphModel, item: number): string {
  const table = tableOf(model);
  return (model.isGroup(item) ? table.groups : table.all()).ofItem.get(item) ?? "";
}

/** The item of an address, -1 where the model has none. Scopes that were drawn into their only member lead to it. */
export function itemAt(model: GraphModel, address: string): number {
  const table = tableOf(model);
  return table.groups.items.get(address) ?? table.aliases.get(address) ?? table.all().items.get(address) ?? -1;
}

const tables = new WeakMap<GraphModel, AddressTable>();

function tableOf(model: GraphModel): AddressTable {
  let table = tables.get(model);
  if (!table) {
    table = new AddressTable(model);
    tables.set(model, table);
  }
  return table;
}

interface Names {
  readonly items: Map<string, number>;
  readonly ofItem: Map<number, string>;
  /** How often each name was wanted: a hostile file may give one to everything. */
  readonly wanted: Map<string, number>;
}

/** Groups are named at once, leaves when one is asked for: there may be a hundred thousand. */
class AddressTable {
  readonly groups: Names = { items: new Map(), ofItem: new Map(), wanted: new Map() };
  readonly aliases = new Map<string, number>();
  readonly #model: GraphModel;
  readonly #paths: StringColumn | undefined;
  readonly #names: StringColumn | undefined;
  #all: Names | null = null;

  constructor(model: GraphModel) {
    this.#model = model;
    this.#paths = model.doc.scopes.text("path");
    this.#names = model.doc.ops.text("name");
    const { kind, parent, titles } = model.tree;
    for (let item = 0; item < kind.length; item += 1) {
      if (!model.isGroup(item) || (item !== ROOT && parent[item] === -1)) continue;
      give(this.groups, item, item === ROOT ? "" : this.#groupName(item));
      for (const scope of titles[item]!) this.#alias(this.#path(scope), item);
    }
  }

  all(): Names {
    if (this.#all) return this.#all;
    const all = { items: new Map(this.groups.items), ofItem: new Map(), wanted: new Map(this.groups.wanted) };
    for (const item of this.#model.tree.itemOf) give(all, item, this.#leafName(item));
    this.#all = all;
    return all;
  }

  #alias(path: string, item: number): void {
    if (!this.aliases.has(path)) this.aliases.set(path, item);
  }

  #groupName(item: number): string {
    const { kind, ref, owner, children, lo, hi, itemOf } = this.#model.tree;
    if (owner[item]! >= 0) return this.#opName(owner[item]!);
    if (ref[item]! >= 0) return this.#path(ref[item]!);
    if (kind[item] !== RUN) return `${this.#leafName(itemOf[lo[item]!]!)}…${this.#leafName(itemOf[hi[item]! - 1]!)}`;
    const members = children[item]!;
    return `${this.#path(ref[members[0]!]!)}…${this.#path(ref[members.at(-1)!]!)}`;
  }

  #leafName(item: number): string {
    const ref = this.#model.tree.ref[item]!;
    if (this.#model.tree.kind[item] === OP) return this.#opName(ref);
    return this.#model.doc.tensors.text("name")?.at(ref) ?? "";
  }

  #path(scope: number): string {
    return this.#paths?.at(scope) ?? "";
  }

  #opName(op: number): string {
    return this.#names?.at(op) ?? "";
  }
}

function give(names: Names, item: number, name: string): void {
  let count = names.wanted.get(name) ?? 0;
  let unique = name;
  do {
    count += 1;
    unique = count === 1 ? name : `${name}#${count}`;
  } while (names.items.has(unique));
  names.wanted.set(name, count);
  names.items.set(unique, item);
  names.ofItem.set(item, unique);
}
