/** What the table of a comparison says of each tensor. */

import { opName, opType, tensorName } from "../../activations/panels/scene.js";
import type { DivergenceDocument } from "../../data/divergence.js";
import { exact, micros } from "../../data/format.js";
import type { ReportDocument } from "../../data/index.js";
import { scopePaths } from "../../views/scopes.js";
import type { TableColumn } from "../../views/table/columns.js";
import type { Cell } from "../../views/table/csv.js";
import { errors } from "../measures.js";
import { cosine, decibels, share } from "../words.js";

/** Columns whose smallest values are the worst. */
export const LEAST_FIRST: ReadonlySet<string> = new Set([
  "sqnr_db",
  "local_sqnr_db",
  "weight_sqnr_db",
  "cosine",
  "local_cosine",
  "sqnr_min_db",
]);

/** What a new table shows; the rest is a click away. */
export const SHOWN_FIRST = [
  "name",
  "outputs",
  "local",
  "accumulated",
  "local_sqnr_db",
  "sqnr_db",
  "weight_sqnr_db",
  "precision",
  "type",
  "cosine",
  "clipped",
  "float_us",
  "variant_us",
];

interface Words {
  readonly id: string;
  readonly label: string;
  readonly description: string;
  readonly width?: number;
  readonly unit?: string;
}

/** Columns without any value are left out. */
export function compareColumns(doc: DivergenceDocument, report: ReportDocument): TableColumn[] {
  const rows = Array.from({ length: doc.tensors.rows }, (_, row) => row);
  const all = [
    ...names(doc, report),
    ...errorColumns(doc),
    ...figures(doc),
    ...latencies(doc, report),
    ...remarks(doc, report),
  ];
  return all
    .filter((column) => column.id === "name" || rows.some((row) => (column.value(row) ?? "") !== ""))
    .sort((a, b) => rank(a) - rank(b));
}

function rank({ id }: TableColumn): number {
  const at = SHOWN_FIRST.indexOf(id);
  return at < 0 ? SHOWN_FIRST.length : at;
}

function names(doc: DivergenceDocument, report: ReportDocument): TableColumn[] {
  return [
    text({ id: "name", label: "Op", description: "Op of the float model", width: 230 }, (row) =>
      opName(report, doc.opOf(row)),
    ),
    text({ id: "type", label: "Type", description: "", width: 118 }, (row) => opType(report, doc.opOf(row))),
    text({ id: "precision", label: "Runs in", description: "What the variant computes it in", width: 100 }, (row) =>
      doc.text(row, "precision"),
    ),
  ];
}

function errorColumns(doc: DivergenceDocument): TableColumn[] {
  const [local, accumulated, outputs] = [errors(doc, "local"), errors(doc, "accumulated"), errors(doc, "outputs")];
  const of = (values: Float64Array) => (row: number) => (Number.isNaN(values[row]) ? null : (values[row] ?? null));
  return [
    barred(
      { id: "local", label: "Made here", description: "Error of the op alone, as a share of the signal" },
      of(local),
      local,
    ),
    decibelColumn({ id: "local_sqnr_db", label: "Local SQNR", description: "The same in dB" }, (row) =>
      doc.sqnr(row, "local"),
    ),
    barred(
      {
        id: "accumulated",
        label: "Seen here",
        description: "Error with all that came before, as a share of the signal",
      },
      of(accumulated),
      accumulated,
    ),
    decibelColumn({ id: "sqnr_db", label: "SQNR", description: "The same in dB" }, (row) =>
      doc.sqnr(row, "accumulated"),
    ),
    decibelColumn({ id: "weight_sqnr_db", label: "Weight SQNR", description: "Of the stored weights alone" }, (row) =>
      doc.value(row, "weight_sqnr_db"),
    ),
    barred(
      { id: "outputs", label: "Costs", description: "Error of the model's outputs with nothing but this op quantized" },
      of(outputs),
      outputs,
    ),
    decibelColumn(
      { id: "sqnr_min_db", label: "Worst sample", description: "SQNR of the sample that fares worst" },
      (row) => doc.value(row, "sqnr_min_db"),
    ),
    decibelColumn(
      { id: "sqnr_std_db", label: "Spread", description: "Standard deviation of the SQNR over the samples" },
      (row) => doc.value(row, "sqnr_std_db"),
    ),
  ];
}

function figures(doc: DivergenceDocument): TableColumn[] {
  const of = (name: string) => (row: number) => doc.value(row, name);
  const plain = (value: number | null): string => (value === null ? "" : exact(Number(value.toPrecision(4))));
  return [
    number(
      { id: "cosine", label: "Cosine", description: "Angle between float and variant; 1 is equal" },
      of("cosine"),
      (value) => (value === null ? "" : cosine(value)),
    ),
    number(
      { id: "max_abs", label: "Max difference", description: "Largest difference of an element", width: 116 },
      of("max_abs"),
      plain,
    ),
    number({ id: "mse", label: "MSE", description: "Mean squared error" }, of("mse"), plain),
    number(
      { id: "clipped", label: "Clipped", description: "Float values beyond the ends of the grid" },
      of("clipped"),
      (value) => (value === null ? "" : share(value)),
    ),
    number(
      { id: "bits", label: "Bits", description: "Of the integers that stand for it", width: 60 },
      of("bits"),
      plain,
    ),
  ];
}

/** What each side took for an op: by its report, else as it was measured with what each op costs. */
function latencies(doc: DivergenceDocument, report: ReportDocument): TableColumn[] {
  const column = (of: ReportDocument | null) => of?.ops.numeric("latency_us");
  const [float, variant] = [column(report), column(report.other)];
  const units = (doc.header.what_if?.units ?? []).filter(({ ops }) => ops.length === 1);
  const timed = (name: "latency_float_us" | "latency_us"): Map<number, number> =>
    new Map(units.flatMap((unit) => (unit[name] === null ? [] : [[unit.ops[0]!, unit[name]] as const])));
  const [floatTimes, variantTimes] = [timed("latency_float_us"), timed("latency_us")];
  const told = (value: number | null): string => (value === null ? "" : micros(value));
  return [
    number(
      { id: "float_us", label: "Float time", description: "Latency of the op in the float model", unit: "us" },
      (row) => float?.at(doc.opOf(row)) ?? floatTimes.get(doc.opOf(row)) ?? null,
      told,
    ),
    number(
      {
        id: "variant_us",
        label: "Variant time",
        description: "Latency of its counterpart in the variant",
        unit: "us",
        width: 104,
      },
      (row) => variant?.at(doc.variantOpOf(row)) ?? variantTimes.get(doc.opOf(row)) ?? null,
      told,
    ),
  ];
}

function remarks(doc: DivergenceDocument, report: ReportDocument): TableColumn[] {
  const paths = scopePaths(report);
  const scopes = report.ops.indices("scope");
  const other = report.other;
  return [
    text(
      {
        id: "matched",
        label: "Matched by",
        description: "How its counterpart was found, or why there is none",
        width: 190,
      },
      (row) => (doc.matched(row) ? doc.text(row, "how") : `not compared: ${doc.text(row, "why") || "no counterpart"}`),
    ),
    text({ id: "variant_op", label: "Op of the variant", description: "", width: 190 }, (row) =>
      other ? opName(other, doc.variantOpOf(row)) : "",
    ),
    text(
      { id: "unit", label: "Runs as one with", description: "Ops that the variant runs as one", width: 150 },
      (row) => doc.text(row, "unit"),
    ),
    text({ id: "tensor", label: "Tensor", description: "", width: 170 }, (row) =>
      tensorName(report, doc.tensorOf(row)),
    ),
    text({ id: "shape", label: "Shape", description: "", width: 110 }, (row) => doc.text(row, "shape")),
    text(
      { id: "scope", label: "Scope", description: "Module that holds the op", width: 220 },
      (row) => paths[scopes[doc.opOf(row)] ?? -1] ?? "",
    ),
  ];
}

function text({ width = 120, unit = "", ...about }: Words, value: (row: number) => string): TableColumn {
  return { ...about, unit, provenance: "", numeric: false, width, largest: 0, value, text: value };
}

function number(
  { width = 104, unit = "", ...about }: Words,
  value: (row: number) => number | null,
  told: (value: number | null) => string,
): TableColumn {
  const shown = (row: number): string => told(value(row));
  return { ...about, unit, provenance: "measured", numeric: true, width, largest: 0, value, text: shown };
}

function decibelColumn(about: Words, value: (row: number) => number | null): TableColumn {
  return number({ unit: "dB", ...about }, value, (db) => (db === null ? "" : decibels(db)));
}

/** An error with a bar that grows with its logarithm would mislead beside numbers: it grows with the error. */
function barred(about: Words, value: (row: number) => number | null, values: Float64Array): TableColumn {
  const largest = values.reduce((most, one) => (one > most ? one : most), 0);
  return { ...number(about, value, (error) => (error === null ? "" : share(error))), largest };
}

/** What a file gets of a cell: an error of nothing at all is a word, not an empty field. */
export function fileCell(value: Cell): Cell {
  return value === Number.POSITIVE_INFINITY ? "exact" : value;
}
