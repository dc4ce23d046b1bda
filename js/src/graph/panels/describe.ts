/** Items and edges in words, for the tooltip and for screen readers. */

import { type Column, format, NumericColumn } from "../../data/index.js";
import type { GraphModel } from "../model/graph-model.js";
import { INPUT, OP, OUTPUT, RUN } from "../model/tree.js";
import type { Coloring } from "../overlay/coloring.js";
import type { Frame } from "../scene/frame.js";
import type { Session } from "../scene/session.js";
import { differenceFacts } from "./describe-differences.js";

export interface Fact {
  readonly label: string;
  readonly value: string;
}

const OP_COLUMNS = [
  "shape",
  "parameters",
  "macs",
  "flops",
  "weight_bytes",
  "weight_precision",
  "quantization",
  "bits_per_weight",
  "intensity",
  "precision",
  "estimated_us",
  "measured_us",
  "bound",
];
const NOUNS = { ops: "Ops", weights: "Weights", layers: "Layers" } as const;
const GROUP_COLUMNS = ["parameters", "macs", "flops", "weight_bytes", "measured_us"];
const MOST_TENSORS = 4;

export function titleOf(session: Session, item: number): string {
  const { labels, tree } = session.model;
  const count = tree.kind[item] === RUN ? ` ×${tree.children[item]!.length}` : "";
  return `${labels.title(item)}${count}`;
}

export function factsOf(session: Session, item: number): Fact[] {
  const { model } = session;
  const kind = model.tree.kind[item];
  const own = kind === OP ? opFacts(session, item) : kind === INPUT || kind === OUTPUT ? [] : groupFacts(session, item);
  const tensor = kind === INPUT || kind === OUTPUT ? tensorFacts(model, model.tree.ref[item]!) : [];
  return [...own, ...tensor, ...colorFact(session.coloring, item)].filter((fact) => fact.value !== "");
}

export function edgeFacts(model: GraphModel, frame: Frame, edge: number): { title: string; facts: Fact[] } {
  const tensor = frame.edges.tensor[edge]!;
  const name = model.doc.tensors.text("name")?.at(tensor) ?? "";
  const facts = tensorFacts(model, tensor);
  const change = model.doc.tensors.text("precision_change")?.at(tensor);
  if (change) facts.push({ label: "Precision", value: change });
  if (frame.skip[edge]) facts.push({ label: "Path", value: "skip connection" });
  if (frame.layout.stub[edge]) facts.push({ label: "Path", value: "shared by many; click to go to its source" });
  return { title: name, facts };
}

/** One line for the live region. */
export function spoken(session: Session, item: number): string {
  const { model, expansion } = session;
  const state = model.isGroup(item) ? (expansion.isOpen(item) ? ", expanded" : ", collapsed") : "";
  const facts = factsOf(session, item).slice(0, 5);
  return `${titleOf(session, item)}${state}. ${facts.map(({ label, value }) => `${label} ${value}`).join(", ")}`;
}

function opFacts(session: Session, item: number): Fact[] {
  const { model } = session;
  const op = model.tree.ref[item]!;
  const columns = OP_COLUMNS.flatMap((name) => columnFact(model.doc.column(name), op));
  const scope = model.doc.scopes.text("path")?.at(model.graph.scopeOf[op]!) ?? "";
  return [
    { label: "Name", value: model.labels.opName(op) },
    { label: "Scope", value: scope },
    ...tensorLines(model, "In", "uses", op),
    ...tensorLines(model, "Out", "makes", op),
    ...columns,
  ];
}

function columnFact(column: Column | undefined, row: number): Fact[] {
  const value = column?.at(row) ?? null;
  if (!column || value === null) return [];
  const { label, unit, provenance } = column.info;
  const text = typeof value === "number" ? format.withUnit(value, unit) : value;
  return [{ label, value: provenance === "estimated" ? `${text} (estimated)` : text }];
}

/** The inputs or outputs of an op. `uses` and `makes` are sorted by op. */
function tensorLines(model: GraphModel, label: string, table: "uses" | "makes", op: number): Fact[] {
  const ops = model.doc.table(table).indices("op");
  const tensors = model.doc.table(table).indices("tensor");
  const lines: Fact[] = [];
  let count = 0;
  for (let row = lowerBound(ops, op); row < ops.length && ops[row] === op; row += 1) {
    count += 1;
    if (count <= MOST_TENSORS) lines.push({ label, value: tensorText(model, tensors[row]!) });
  }
  if (count > MOST_TENSORS) lines.push({ label, value: `and ${count - MOST_TENSORS} more` });
  return lines;
}

function lowerBound(sorted: Int32Array, value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function tensorText(model: GraphModel, tensor: number): string {
  const nbytes = model.doc.tensors.numeric("nbytes")?.at(tensor) ?? null;
  const kind = model.doc.tensors.text("kind")?.at(tensor);
  const size = nbytes === null ? "" : format.bytes(nbytes);
  const note = kind === "initializer" || kind === "constant" ? "weight" : "";
  return [model.labels.tensorLine(tensor) || "unknown shape", size, note].filter(Boolean).join(" · ");
}

function tensorFacts(model: GraphModel, tensor: number): Fact[] {
  const nbytes = model.doc.tensors.numeric("nbytes")?.at(tensor) ?? null;
  return [
    { label: "Type", value: model.doc.tensors.text("dtype")?.at(tensor) ?? "" },
    { label: "Shape", value: model.labels.tensorShape(tensor) },
    { label: "Size", value: nbytes === null ? "" : format.bytes(nbytes) },
  ];
}

function groupFacts(session: Session, item: number): Fact[] {
  const { model, summaries } = session;
  const scope = model.labels.scopeOf(item);
  const path = scope < 0 ? "" : (model.doc.scopes.text("path")?.at(scope) ?? "");
  return [
    { label: "Class", value: model.labels.className(item) },
    { label: "Scope", value: path },
    { label: NOUNS[model.doc.holds], value: format.exact(summaries.opCount(item)) },
    ...GROUP_COLUMNS.flatMap((name) => groupColumn(session, item, name)),
    ...differenceFacts(session, item),
  ];
}

function groupColumn(session: Session, item: number, name: string): Fact[] {
  const column = session.model.doc.column(name);
  const value = session.summaries.total(item, name);
  if (!(column instanceof NumericColumn) || value === null) return [];
  return [{ label: column.info.label, value: format.withUnit(value, column.info.unit) }];
}

function colorFact(coloring: Coloring | null, item: number): Fact[] {
  if (!coloring) return [];
  const { label, name, provenance } = coloring.column.info;
  if (OP_COLUMNS.includes(name)) return [];
  const note = provenance === "estimated" ? " (estimated)" : "";
  return [{ label, value: coloring.text(item) + note }];
}
