/** Where the error of an op comes from: what it makes by itself, against what arrives with its inputs. */

import type { DivergenceDocument, ReportDocument } from "../../data/index.js";

export interface Source {
  /** Row of the divergence table. */
  readonly row: number;
  readonly op: number;
  readonly sqnr: number;
}

/** dB between two errors of which the smaller does not count. */
const APART = 10;
/** dB within which two errors are as good as equal. */
const CLOSE = 3;

/** What an op reads that was compared, the worst first. */
export function sourcesOf(report: ReportDocument, divergence: DivergenceDocument, op: number): Source[] {
  const [ops, tensors] = [report.uses.indices("op"), report.uses.indices("tensor")];
  const rows = new Set<number>();
  for (let use = 0; use < ops.length; use += 1) if (ops[use] === op) rows.add(divergence.rowOfTensor(tensors[use]!));
  return [...rows]
    .flatMap((row) => {
      const sqnr = row < 0 ? null : divergence.sqnr(row, "accumulated");
      return sqnr === null ? [] : [{ row, op: divergence.opOf(row), sqnr }];
    })
    .sort((a, b) => a.sqnr - b.sqnr);
}

/** Ops that read a tensor and make one that was compared. */
export function readersOf(report: ReportDocument, divergence: DivergenceDocument, row: number): number[] {
  const [ops, tensors] = [report.uses.indices("op"), report.uses.indices("tensor")];
  const tensor = divergence.tensorOf(row);
  const found = new Set<number>();
  for (let use = 0; use < ops.length; use += 1) if (tensors[use] === tensor) found.add(ops[use]!);
  return [...found].filter((op) => divergence.rowsOfOp(op).some((made) => divergence.matched(made)));
}

/** In a sentence, whether the error is made here; "" where nobody knows. */
export function verdict(divergence: DivergenceDocument, row: number): string {
  const [seen, made] = [divergence.sqnr(row, "accumulated"), divergence.sqnr(row, "local")];
  if (seen === null || made === null) return "";
  if (seen === Number.POSITIVE_INFINITY) return "No error: the variant has the same values here.";
  if (made === Number.POSITIVE_INFINITY) return "All of the error arrives with the inputs: the op itself adds none.";
  if (made > seen + APART) return "Nearly all of the error arrives with the inputs: the op itself adds little.";
  if (made > seen + CLOSE) return "Part of the error is made here, the rest arrives with the inputs.";
  if (made < seen - CLOSE) return "The op itself makes more error than is seen here: part of it cancels out.";
  return "Most of the error seen here is made by this op.";
}

/** Whether most of the error comes in rather than being made. */
export function arrives(divergence: DivergenceDocument, row: number): boolean {
  const [seen, made] = [divergence.sqnr(row, "accumulated"), divergence.sqnr(row, "local")];
  return seen !== null && made !== null && Number.isFinite(seen) && made > seen + CLOSE;
}
