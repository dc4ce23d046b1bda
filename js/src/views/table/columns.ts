import type { Column, Holds, ReportDocument } from "../../data/index.js";
import { scopePaths } from "../scopes.js";
import { maximum } from "../totals.js";
import { cellText } from "../units.js";
import type { Scene } from "../view.js";
import type { Cell } from "./csv.js";

/** A column as the layer table shows it. */
export interface TableColumn {
  readonly id: string;
  readonly label: string;
  readonly unit: string;
  readonly provenance: string;
  readonly description: string;
  readonly numeric: boolean;
  readonly width: number;
  /** Largest value, for the bar in a cell; 0 draws none. */
  readonly largest: number;
  /** What a cell reads. */
  text(row: number): string;
  /** What sorting and export see. */
  value(row: number): Cell;
}

const HIDDEN = new Set(["parent"]);
/** The category of a weight is its role; no op makes it. */
const HIDDEN_OF_WEIGHTS = new Set(["parent", "role", "domain", "attributes", "type"]);
const WIDTHS: Readonly<Record<string, number>> = {
  name: 200,
  type: 136,
  category: 110,
  scope: 240,
  domain: 110,
  bound: 90,
  estimated_us: 124,
  engine_us: 112,
  engine_precision: 140,
  fate: 92,
  parameters: 106,
  bits_per_weight: 124,
  quantization: 236,
  source_ops: 220,
  input_formats: 170,
  output_formats: 170,
  tactic: 220,
};
/** Names of weights are paths, whose other columns are short words. */
const WEIGHT_WIDTHS: Readonly<Record<string, number>> = {
  name: 284,
  category: 104,
  shape: 112,
  weight_precision: 100,
};
const NUMBER_WIDTH = 92;
const TEXT_WIDTH = 124;

/** Columns a new table starts with, in this order; the rest follow and are a click away. */
export const FIRST_SHOWN: Readonly<Record<Holds, readonly string[]>> = {
  ops: [
    "name",
    "type",
    "engine_us",
    "engine_precision",
    "fate",
    "output_shape",
    "parameters",
    "macs",
    "weight_bytes",
    "estimated_us",
    "output_bytes",
    "precision",
  ],
  weights: [
    "name",
    "category",
    "shape",
    "weight_precision",
    "bits_per_weight",
    "parameters",
    "weight_bytes",
    "quantization",
  ],
  layers: [
    "name",
    "type",
    "measured_us",
    "share",
    "precision",
    "output_shape",
    "parameters",
    "weight_bytes",
    "input_formats",
    "output_formats",
    "source_ops",
    "tactic",
  ],
};

/** Every column of the op table and the shape of what an op makes. */
export function tableColumns(report: ReportDocument, scene: Scene): TableColumn[] {
  const weights = report.holds === "weights";
  const hidden = weights ? HIDDEN_OF_WEIGHTS : HIDDEN;
  const shown = report.ops.columns.filter((column) => !hidden.has(column.info.name));
  const columns = shown.map((column) =>
    column.info.name === "scope" ? scopeColumn(report) : fromColumn(column, weights),
  );
  if (!weights) columns.push(shapeColumn(scene));
  const first = FIRST_SHOWN[report.holds];
  const rank = ({ id }: TableColumn): number => (first.includes(id) ? first.indexOf(id) : first.length);
  return columns.sort((a, b) => rank(a) - rank(b));
}

/** The category of a weight is what it does. */
const ROLE = "Role";

function fromColumn(column: Column, weights: boolean): TableColumn {
  const { name, unit, provenance, description } = column.info;
  const label = weights && name === "category" ? ROLE : column.info.label;
  const about = { id: name, label, unit, provenance, description };
  if (column.kind === "string") {
    const role = weights && name === "category";
    const value = (row: number): string | null =>
      role ? (column.at(row)?.replaceAll("_", " ") ?? null) : column.at(row);
    const width = (weights ? WEIGHT_WIDTHS[name] : undefined) ?? WIDTHS[name] ?? TEXT_WIDTH;
    return { ...about, numeric: false, width, largest: 0, value, text: (row) => value(row) ?? "" };
  }
  return {
    ...about,
    numeric: true,
    width: WIDTHS[name] ?? NUMBER_WIDTH,
    largest: column.info.aggregate === "sum" ? maximum(column.values) : 0,
    value: (row) => column.at(row),
    text: (row) => cellText(column.at(row), column.info, shownUnit(unit)),
  };
}

/** The heading says MACs; its cells need not. */
function shownUnit(unit: string): string {
  return unit === "B" || unit === "us" || unit === "%" ? unit : "";
}

function scopeColumn(report: ReportDocument): TableColumn {
  const paths = scopePaths(report);
  const scope = report.ops.indices("scope");
  const value = (row: number): string => paths[scope[row] ?? -1] ?? "";
  return textColumn("scope", "Scope", "Module that holds the op", value);
}

function shapeColumn(scene: Scene): TableColumn {
  const value = (row: number): string => scene.tensors.outputShape(row);
  return textColumn("output_shape", "Output shape", "Shape of the first output", value);
}

function textColumn(id: string, label: string, description: string, value: (row: number) => string): TableColumn {
  const width = WIDTHS[id] ?? TEXT_WIDTH;
  return {
    id,
    label,
    unit: "",
    provenance: "counted",
    description,
    numeric: false,
    width,
    largest: 0,
    value,
    text: value,
  };
}
