/** Words on items: what a node is called and what stands in its second line. */

import { type ReportDocument, rowNoun } from "../../data/index.js";
import { GROUP, INPUT, OP, OUTPUT, RUN, type Tree } from "./tree.js";

/** Text from a file may hold line breaks and control characters, and be as long as it likes. */
const MAX_TEXT = 400;

export function clean(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: exactly those are to go
  return text.slice(0, MAX_TEXT).replace(/[\u0000-\u001f\u007f\u200e\u200f\u202a-\u202e\u2066-\u2069]+/g, " ");
}

export class Labels {
  readonly #doc: ReportDocument;
  readonly #tree: Tree;

  constructor(doc: ReportDocument, tree: Tree) {
    this.#doc = doc;
    this.#tree = tree;
  }

  /** `op`, `weight`, `layer`: what the leaves are. */
  get noun(): string {
    return rowNoun(this.#doc.holds);
  }

  /** Op type, or name of a weight; scope name, or tensor name. */
  title(item: number): string {
    const ref = this.#tree.ref[item]!;
    switch (this.#tree.kind[item]) {
      case OP:
        return this.#doc.holds === "weights" ? this.#weightName(item, ref) : this.opType(ref);
      case INPUT:
      case OUTPUT:
        return clean(this.#doc.tensors.text("name")?.at(ref) ?? "");
      default:
        return this.#groupTitle(item);
    }
  }

  /** The name of an op, the class of a group, the shape of an input. */
  subtitle(item: number): string {
    const ref = this.#tree.ref[item]!;
    switch (this.#tree.kind[item]) {
      case OP:
        return this.#doc.holds === "weights" ? this.#weightLine(ref) : this.#opName(item, ref);
      case INPUT:
      case OUTPUT:
        return this.tensorLine(ref);
      default:
        return this.className(item);
    }
  }

  opType(op: number): string {
    return clean(this.#doc.ops.text("type")?.at(op) ?? "?");
  }

  opName(op: number): string {
    return clean(this.#doc.ops.text("name")?.at(op) ?? "");
  }

  className(item: number): string {
    const owner = this.#tree.owner[item]!;
    if (owner >= 0) return this.opName(owner);
    const scope = this.scopeOf(item);
    const name = scope < 0 ? "" : clean(this.#doc.scopes.text("class_name")?.at(scope) ?? "");
    return name.slice(name.lastIndexOf(".") + 1);
  }

  /** Scope row behind a group; for a run that of its first instance unless a scope holds just the run. */
  scopeOf(item: number): number {
    const ref = this.#tree.ref[item]!;
    if (this.#tree.kind[item] !== RUN) return this.#tree.kind[item] === GROUP ? ref : -1;
    const first = this.#tree.children[item]![0];
    return first === undefined ? ref : this.#tree.ref[first]!;
  }

  scopeName(scope: number): string {
    return clean(this.#doc.scopes.text("name")?.at(scope) ?? "");
  }

  /** `float32 1×128×768`. */
  tensorLine(tensor: number): string {
    const shape = this.#doc.tensors.text("shape")?.at(tensor);
    const dtype = this.#doc.tensors.text("dtype")?.at(tensor);
    return clean([dtype, shape === "" ? "scalar" : shape].filter(Boolean).join(" "));
  }

  tensorShape(tensor: number): string {
    const shape = this.#doc.tensors.text("shape")?.at(tensor);
    return clean(shape === "" ? "scalar" : (shape ?? ""));
  }

  #groupTitle(item: number): string {
    const owner = this.#tree.owner[item]!;
    if (owner >= 0) return this.opType(owner);
    const ref = this.#tree.ref[item]!;
    if (this.#tree.kind[item] === RUN && ref < 0) return this.#runTitle(item);
    if (ref < 0) return this.#looseTitle(item);
    const own = this.scopeName(ref);
    const outer = this.#tree.titles[item]!.map((scope) => this.scopeName(scope));
    return [...outer, own].filter(Boolean).join(" / ") || "group";
  }

  #looseTitle(item: number): string {
    const { lo, hi, itemOf, ref } = this.#tree;
    const type = (leaf: number): string => this.opType(ref[itemOf[leaf]!]!);
    return `${type(lo[item]!)} … ${type(hi[item]! - 1)}`;
  }

  /** `block.0`, `block.1`, … → `block.0…11`; a bare `0…11` says nothing, so the class stands for it. */
  #runTitle(item: number): string {
    const members = this.#tree.children[item]!;
    const [first, last] = [this.#instanceName(members[0]!), this.#instanceName(members.at(-1)!)];
    const stem = commonPrefix(first, last);
    // Digits at the end are the beginning of a number that goes on; those before a separator belong to the name.
    const name = stem.replace(/\d+$/, "").replace(/[._\-/]+$/, "");
    const bare = /^[\d._\-/]*$/.test(name) ? "" : name;
    return bare || this.className(item) || `${first}…${last.slice(stem.length) || last}`;
  }

  #instanceName(item: number): string {
    return this.scopeName(this.#tree.titles[item]![0] ?? this.#tree.ref[item]!);
  }

  /** What its name has beyond the scope around it: `q_proj`, `q_proj.bias`. */
  #weightName(item: number, op: number): string {
    const name = this.opName(op);
    const scope = this.#doc.ops.indices("scope")[op] ?? -1;
    const path = clean(this.#doc.scopes.text("path")?.at(scope) ?? "").split(/[./]/);
    const parts = name.split(".");
    const own = parts.findIndex((part, at) => part !== path[at] || at === parts.length - 1);
    // A scope that holds nothing else is not drawn: its name belongs to the title.
    const from = this.#tree.titles[item]!.length > 0 ? Math.max(0, own - 1) : own;
    const shown = parts.slice(from).slice(-3).join(".");
    return shown.replace(/(?<=.)\.weight$/, "");
  }

  /** `4096×4096 · float16`. */
  #weightLine(op: number): string {
    const shape = this.#doc.ops.text("shape")?.at(op);
    const quantization = this.#doc.ops.text("quantization")?.at(op);
    const stored = quantization || this.#doc.ops.text("weight_precision")?.at(op);
    return clean([shape === "" ? "scalar" : shape, stored].filter(Boolean).join(" · "));
  }

  #opName(item: number, op: number): string {
    const titles = this.#tree.titles[item]!;
    if (titles.length > 0) return titles.map((scope) => this.scopeName(scope)).join(" / ");
    const name = this.opName(op);
    const parts = name.split("/").filter(Boolean);
    return parts.at(-1) ?? name;
  }
}

function commonPrefix(a: string, b: string): string {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length += 1;
  return a.slice(0, length);
}
