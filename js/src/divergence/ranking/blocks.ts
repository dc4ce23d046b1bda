/** The blocks of a model as a chart has room for: scopes, those with most ops divided first. */

import type { DivergenceDocument } from "../../data/divergence.js";
import type { ReportDocument } from "../../data/index.js";

export interface Group {
  readonly name: string;
  /** Where it is in the model, for a reader who points at it. */
  readonly path: string;
  /** Rows of the comparison, in execution order. */
  readonly rows: readonly number[];
}

const MOST = 24;
/** Fewer blocks tell nothing: they are divided into more than there is room for, as a deep model has layers. */
const FEW = 4;
const MANY = 256;
/** Blocks of fewer rows are not divided. */
const LEAST = 8;
const SEPARATOR = " › ";

interface Scopes {
  readonly parents: Int32Array;
  readonly names: (scope: number) => string;
}

/** Groups in execution order. Ops outside of the blocks of their scope are a group by its name. */
export function blocks(doc: DivergenceDocument, report: ReportDocument, most = MOST): Group[] {
  const words = report.scopes.text("name");
  const scopes: Scopes = { parents: report.scopes.indices("parent"), names: (scope) => words?.at(scope) ?? "" };
  const own = report.ops.indices("scope");
  const rows = Array.from({ length: doc.tensors.rows }, (_, row) => row);
  const chains = rows.map((row) => chain(own[doc.opOf(row)] ?? -1, scopes.parents));
  const parts = divided({ rows, depth: 0, scope: 0 }, chains, most).filter((part) => part.rows.length > 0);
  return named(
    parts.sort((a, b) => a.rows[0]! - b.rows[0]!),
    scopes,
  );
}

export function categories(doc: DivergenceDocument, report: ReportDocument): Group[] {
  const words = report.ops.text("category");
  const found = new Map<string, number[]>();
  for (let row = 0; row < doc.tensors.rows; row += 1) {
    const name = words?.at(doc.opOf(row)) || "other";
    const rows = found.get(name);
    if (rows) rows.push(row);
    else found.set(name, [row]);
  }
  return [...found].map(([name, rows]) => ({ name, path: name, rows }));
}

interface Part {
  readonly rows: readonly number[];
  /** How many scopes of their chains the rows share. */
  readonly depth: number;
  /** The last scope that they share. */
  readonly scope: number;
}

/** Parts of about one size are divided together, so that layers of one kind are shown alike. */
function divided(whole: Part, chains: readonly (readonly number[])[], most: number): Part[] {
  let parts = [whole];
  for (;;) {
    const inner = parts.map((part) => (part.rows.length < LEAST ? [] : split(part, chains)));
    const large = parts.reduce(
      (size, part, at) => (inner[at]!.length > 0 ? Math.max(size, part.rows.length) : size),
      0,
    );
    if (large === 0) return parts;
    const next = parts.flatMap((part, at) =>
      inner[at]!.length > 0 && part.rows.length > large / 2 ? inner[at]! : [part],
    );
    if (next.length > (parts.length < FEW ? MANY : most)) return parts;
    parts = next;
  }
}

/** One level deeper; empty where all rows are in the scope itself. */
function split(part: Part, chains: readonly (readonly number[])[]): Part[] {
  const found = new Map<number, number[]>();
  for (const row of part.rows) {
    const scope = chains[row]![part.depth] ?? -1;
    const rows = found.get(scope);
    if (rows) rows.push(row);
    else found.set(scope, [row]);
  }
  if (found.size === 1 && found.has(-1)) return [];
  return [...found].map(([scope, rows]) => ({
    rows,
    depth: scope < 0 ? Number.POSITIVE_INFINITY : part.depth + 1,
    scope: scope < 0 ? part.scope : scope,
  }));
}

/** Scopes that hold an op, from the outermost in; the root, which holds all, is left out. */
function chain(scope: number, parents: Int32Array): number[] {
  const found: number[] = [];
  // A parent comes before its children: a document that says otherwise must not keep us here.
  for (let at = scope; at > 0; ) {
    found.unshift(at);
    const above = parents[at] ?? -1;
    at = above < at ? above : -1;
  }
  return found;
}

/** As short as tells blocks apart: `attention`, or `layer.0 › attention` where every layer has one. */
function named(parts: readonly Part[], { parents, names }: Scopes): Group[] {
  const paths = parts.map(({ scope }) => counted(chain(scope, parents).map(names)));
  const lengths = paths.map(() => 1);
  const name = (at: number): string => paths[at]!.slice(-lengths[at]!).join(SEPARATOR);
  for (let deeper = true; deeper; ) {
    const shared = paths.map((_, at) => paths.some((_, other) => other !== at && name(other) === name(at)));
    deeper = false;
    for (const [at, path] of paths.entries()) {
      if (!shared[at] || lengths[at]! >= path.length) continue;
      lengths[at]! += 1;
      deeper = true;
    }
  }
  return parts.map(({ rows }, at) => ({
    name: name(at) || "model",
    path: paths[at]!.join(SEPARATOR) || "not in any block",
    rows,
  }));
}

/** A number says nothing without what it counts: `layer`, `3` are `layer.3`. */
function counted(path: readonly string[]): string[] {
  const parts: string[] = [];
  for (const part of path) {
    if (/^\d+$/.test(part) && parts.length > 0) parts.push(`${parts.pop()}.${part}`);
    else parts.push(part);
  }
  return parts;
}
