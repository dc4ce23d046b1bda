import type { Panel, Shown } from "../../activations/panel.js";
import { DistributionPanel } from "../../activations/panels/distribution.js";
import { FindingsList } from "../../activations/panels/findings.js";
import { InputPanel } from "../../activations/panels/input.js";
import { SampleBar, type SampleChoice } from "../../activations/panels/sample-bar.js";
import { opName, type PanelScene } from "../../activations/panels/scene.js";
import { TensorHeader } from "../../activations/panels/tensor-header.js";
import type { ActivationsDocument } from "../../data/activations.js";
import { h } from "../dom.js";
import { Tabs } from "../tabs.js";
import type { Candidates } from "./rows.js";
import { type ActivationsState, TABS } from "./state.js";

export interface SideOptions {
  readonly scene: PanelScene;
  /** The pictures of a tensor. */
  readonly maps: Panel;
  readonly choose: (choice: SampleChoice) => void;
}

/** What is beside the graph: the tensor of the selected op, its samples, its pictures and figures. */
export class Side {
  readonly #scene: PanelScene;
  readonly #head: TensorHeader;
  readonly #samples: SampleBar;
  readonly #input: InputPanel;
  readonly #panels: Readonly<Record<string, Panel>>;
  readonly #findings: FindingsList;
  readonly #tabs: Tabs;
  readonly #hint = h("p", { class: "hl-activations-hint", "data-testid": "haoline-activations-hint" });
  readonly #feed: HTMLElement;
  readonly #node: HTMLElement;
  readonly #known = new Map<string, string>();
  #shown: Shown | null = null;

  constructor({ scene, maps, choose }: SideOptions) {
    this.#scene = scene;
    this.#head = new TensorHeader(scene);
    this.#samples = new SampleBar(choose);
    this.#input = new InputPanel(scene.tiles, () => this.#again());
    this.#panels = { maps, distribution: new DistributionPanel(scene) };
    this.#findings = new FindingsList(scene);
    this.#tabs = new Tabs(TABS, (tab) => scene.show(tab));
    for (const [id, panel] of Object.entries(this.#panels)) this.#tabs.panel(id)?.append(panel.node());
    this.#tabs.panel("findings")?.append(this.#findings.node());
    this.#feed = h("div", { class: "hl-feed" }, this.#input.node(), this.#samples.node());
    this.#node = h(
      "section",
      { class: "hl-side", "aria-label": "Activations of the selected op" },
      this.#hint,
      this.#head.node(),
      this.#feed,
      this.#tabs.node(),
      ...this.#tabs.panels(),
    );
  }

  node(): HTMLElement {
    return this.#node;
  }

  show(doc: ActivationsDocument, ops: readonly number[], { rows, row }: Candidates, state: ActivationsState): void {
    const found = row >= 0;
    this.#hint.hidden = found;
    for (const part of [this.#head.node(), this.#feed, this.#tabs.node()]) part.hidden = !found;
    this.#once("findings", [doc.id, ops], () => this.#findings.show(doc, ops));
    const amount = doc.header.findings.length;
    this.#tabs.badge("findings", amount > 0 && String(amount));
    this.#tabs.show(found ? state.tab : "findings");
    if (!found) this.#hint.textContent = this.#hintOf(doc, ops);
    else this.#tensor(doc, rows, row, state);
  }

  dispose(): void {
    for (const part of [this.#head, this.#input, this.#findings, ...Object.values(this.#panels)]) part.dispose();
    this.#node.remove();
  }

  #tensor(doc: ActivationsDocument, rows: readonly number[], row: number, state: ActivationsState): void {
    const { sample, against, mean, settings } = state;
    const shown: Shown = { doc, row, sample, against, mean, settings };
    this.#once("head", [doc.id, rows, row], () => this.#head.show(doc, rows, row));
    this.#samples.show(doc, state);
    this.#input.show(shown);
    // What is out of sight is shown when its tab comes to the front, but has to know of another tensor.
    const moved = this.#shown?.row !== row || this.#shown.doc !== doc;
    for (const [id, panel] of Object.entries(this.#panels)) if (moved || id === this.#tabs.current) panel.show(shown);
    this.#shown = shown;
  }

  /** The axes of pictures have names now. */
  #again(): void {
    if (this.#shown) this.#panels[this.#tabs.current]?.show(this.#shown);
  }

  /** Parts that stay as they are must not be made anew while somebody scrolls or types in another. */
  #once(part: string, on: unknown, show: () => void): void {
    const key = JSON.stringify(on);
    if (this.#known.get(part) === key) return;
    this.#known.set(part, key);
    show();
  }

  #hintOf(doc: ActivationsDocument, ops: readonly number[]): string {
    const [op] = ops;
    if (doc.tensors.rows === 0) return "Nothing was captured.";
    if (op === undefined) return "Click an op in the graph, or a place of the chart below it, to see what it computes.";
    const gap = doc.header.gaps.find((item) => item.ops.includes(op));
    const what = ops.length === 1 ? opName(this.#scene.report, op) : "these ops";
    return `Nothing was captured of ${what}${gap ? `: ${gap.what}` : "."}`;
  }
}
