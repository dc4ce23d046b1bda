import { opName } from "../../activations/panels/scene.js";
import { h } from "../../views/dom.js";
import { errors, largest, ranking } from "../measures.js";
import { decibels } from "../words.js";
import type { Inspected } from "./scene.js";

const MOST = 3;

/** What to do where nothing is shown: why that is, and the ops that are worth a look first. */
export function hintOf(inspected: Inspected, select: (ops: readonly number[]) => void): HTMLElement[] {
  const { divergence } = inspected;
  if (divergence.tensors.rows === 0) return [h("p", {}, "Nothing was compared.")];
  const measure = ranking(divergence);
  const rows = largest(errors(divergence, measure), MOST);
  const worst = rows.map((row) => worstItem(inspected, row, select));
  const title = `Worst first, by what it ${measure === "outputs" ? "costs at the outputs" : "makes"}:`;
  const list = [h("h4", {}, title), h("ol", { class: "hl-notes" }, ...worst)];
  return [h("p", { class: "hl-activations-hint" }, whyNot(inspected)), ...(worst.length > 0 ? list : [])];
}

function worstItem(
  { document: report, divergence }: Inspected,
  row: number,
  select: (ops: number[]) => void,
): HTMLElement {
  const op = divergence.opOf(row);
  const made = divergence.sqnr(row, "local") ?? divergence.sqnr(row, "accumulated");
  const link = h("button", { type: "button", class: "hl-link", onclick: () => select([op]) }, opName(report, op));
  return h("li", {}, link, h("span", { class: "hl-muted" }, ` ${decibels(made)}`));
}

function whyNot({ document: report, divergence, ops }: Inspected): string {
  const [op] = ops;
  if (op === undefined) return "Click an op in the graph, the chart or the table to see what quantization did to it.";
  const gap = divergence.header.gaps.find((item) => item.ops.includes(op));
  const what = ops.length === 1 ? opName(report, op) : "these ops";
  return `Nothing was compared of ${what}${gap ? `: ${gap.what}` : "."}`;
}
