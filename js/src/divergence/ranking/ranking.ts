import { Segments } from "../../activations/panels/choice.js";
import { opName, opType } from "../../activations/panels/scene.js";
import type { DivergenceDocument } from "../../data/divergence.js";
import { h, put } from "../../views/dom.js";
import { plural } from "../../views/units.js";
import { errorless, errors, largest, MEASURES, ranking } from "../measures.js";
import type { ComparePart, CompareScene } from "../scene.js";
import { blocks, categories } from "./blocks.js";
import { DepthRanking } from "./depth.js";
import { costliestText } from "./depth-data.js";
import { type GroupBar, type GroupFigure, groupBars } from "./group-bars.js";
import { type GroupError, groupErrors } from "./groups.js";

export const RANKINGS = [
  ["depth", "Along the depth"],
  ["ops", "Worst ops"],
  ["categories", "By category"],
  ["blocks", "By block"],
] as const;
export type RankingKind = (typeof RANKINGS)[number][0];

/** A list is read from its top; the table has the rest. */
const MOST_OPS = 100;

export interface RankingOptions {
  readonly scene: CompareScene;
  readonly choose: (kind: RankingKind) => void;
}

/** Where the error is made and where it spreads: along the depth, or op by op, by category, by block. */
export class Ranking implements ComparePart {
  readonly #scene: CompareScene;
  readonly #kinds: Segments<RankingKind>;
  readonly #depth: DepthRanking;
  readonly #list = h("div", { class: "hl-ranking-list hl-scroll", "data-testid": "haoline-divergence-ranking" });
  readonly #legend = h("div", { class: "hl-legend hl-ranking-legend" });
  readonly #node: HTMLElement;
  #doc: DivergenceDocument | null = null;
  #kind: RankingKind = "depth";
  #ops: readonly number[] = [];

  constructor({ scene, choose }: RankingOptions) {
    this.#scene = scene;
    this.#kinds = new Segments({ label: "Error", options: RANKINGS, pick: choose });
    this.#depth = new DepthRanking(scene);
    const head = h("div", { class: "hl-ranking-head" }, this.#kinds.node(), this.#legend);
    this.#node = h(
      "section",
      { class: "hl-ranking", "aria-label": "Where the error is made and seen" },
      head,
      this.#depth.node(),
      this.#list,
    );
  }

  node(): HTMLElement {
    return this.#node;
  }

  update(doc: DivergenceDocument): void {
    this.#doc = doc;
    this.#depth.update(doc);
    this.#refresh();
  }

  show(kind: RankingKind, ops: readonly number[]): void {
    if (kind === this.#kind && ops.join() === this.#ops.join()) return;
    this.#kind = kind;
    this.#ops = ops;
    this.#refresh();
  }

  dispose(): void {
    this.#depth.dispose();
    this.#node.remove();
  }

  #refresh(): void {
    const doc = this.#doc;
    if (!doc) return;
    const depth = this.#kind === "depth";
    this.#kinds.show(this.#kind);
    this.#depth.node().hidden = !depth;
    this.#list.hidden = depth;
    this.#depth.select(this.#ops);
    put(this.#legend, ...(depth ? legend(doc) : []));
    if (!depth) this.#fill(doc);
  }

  #fill(doc: DivergenceDocument): void {
    const focused = this.#list.contains(document.activeElement) ? this.#focused() : -1;
    const scrolled = this.#list.scrollTop;
    put(this.#list, errorless(doc) ? h("p", { class: "hl-muted" }, errorless(doc)) : this.#bars(doc));
    this.#list.scrollTop = scrolled;
    this.#list.querySelectorAll("button")[focused]?.focus({ preventScroll: true });
  }

  #focused(): number {
    return [...this.#list.querySelectorAll("button")].indexOf(document.activeElement as HTMLButtonElement);
  }

  #bars(doc: DivergenceDocument): HTMLElement {
    const { report } = this.#scene;
    if (this.#kind === "ops") return groupBars(this.#worst(doc));
    if (this.#kind === "categories") {
      const found = groupErrors(doc, categories(doc, report), "worst").sort(bySize);
      return groupBars(this.#groups(doc, found, "worst seen"));
    }
    return groupBars(this.#groups(doc, groupErrors(doc, blocks(doc, report), "end"), "seen at its end"));
  }

  #worst(doc: DivergenceDocument): GroupBar[] {
    const { report } = this.#scene;
    const measure = ranking(doc);
    const [ranked, local, accumulated] = [errors(doc, measure), errors(doc, "local"), errors(doc, "accumulated")];
    return largest(ranked, MOST_OPS).map((row) => {
      const op = doc.opOf(row);
      const name = opName(report, op);
      const costs = { label: "costs at the outputs", value: ranked[row]!, className: "hl-costs" } as const;
      const figures: GroupFigure[] = [
        ...(measure === "outputs" ? [costs] : []),
        { label: "made here", value: local[row]!, className: "hl-made" },
        { label: "seen here", value: accumulated[row]!, className: "hl-seen" },
      ];
      const note = [opType(report, op), doc.text(row, "precision")].filter(Boolean).join(", ");
      return { name, title: name, note, figures, ...this.#picking([op]) };
    });
  }

  #groups(doc: DivergenceDocument, found: readonly GroupError[], seen: string): GroupBar[] {
    return found.map(({ group, local, accumulated, part }) => {
      const ops = [...new Set(group.rows.map((row) => doc.opOf(row)))];
      const figures: GroupFigure[] = [
        { label: "made in all its ops", value: local, part, className: "hl-made" },
        { label: seen, value: accumulated, className: "hl-seen" },
      ];
      return { name: group.name, title: group.path, note: plural(ops.length, "op"), figures, ...this.#picking(ops) };
    });
  }

  /** A second click takes the selection back. */
  #picking(ops: readonly number[]): Pick<GroupBar, "selected" | "onPick"> {
    const chosen = new Set(this.#ops);
    const selected = ops.length > 0 && ops.length === chosen.size && ops.every((op) => chosen.has(op));
    return { selected, onPick: () => this.#scene.select(selected ? [] : ops) };
  }
}

function bySize(a: GroupError, b: GroupError): number {
  return (b.local || 0) - (a.local || 0);
}

function legend(doc: DivergenceDocument): HTMLElement[] {
  const item = (key: string, text: string, title: string): HTMLElement =>
    h("span", { class: "hl-legend-item", title }, h("span", { class: `hl-key ${key}`, "aria-hidden": "true" }), text);
  const unmatched = Array.from({ length: doc.tensors.rows }, (_, row) => row).filter((row) => !doc.matched(row)).length;
  return [
    item("hl-rank-made", "made here (local)", MEASURES.local.title),
    item("hl-rank-seen", "seen here (accumulated)", MEASURES.accumulated.title),
    ...(unmatched > 0
      ? [item("hl-key-unmatched", `${unmatched} not compared`, "No counterpart in the variant: fused or folded away")]
      : []),
    ...(errorless(doc)
      ? []
      : [
          h(
            "span",
            { class: "hl-legend-item" },
            h("span", { class: "hl-rank-mark", "aria-hidden": "true" }, "1"),
            costliestText(doc),
          ),
        ]),
  ];
}
