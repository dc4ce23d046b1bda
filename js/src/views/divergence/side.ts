import { FindingsList } from "../../activations/panels/findings.js";
import type { DivergenceDocument } from "../../data/divergence.js";
import { InspectPanel } from "../../divergence/inspect/panel.js";
import type { Inspected, InspectScene } from "../../divergence/inspect/scene.js";
import type { CompareScene } from "../../divergence/scene.js";
import { CompareTable } from "../../divergence/table/table.js";
import { size } from "../../divergence/whatif/plan.js";
import { type WhatIfOptions, WhatIfPanel, type WhatIfState } from "../../divergence/whatif/what-if.js";
import { h } from "../dom.js";
import { Tabs } from "../tabs.js";
import { TABS } from "./state.js";

export interface SideOptions extends Omit<WhatIfOptions, "scene"> {
  readonly scene: CompareScene & InspectScene;
  readonly showTab: (tab: string) => void;
}

/** What is beside the graphs: the selected op, what keeping ops would bring, the table, the findings. */
export class Side {
  readonly #inspect: InspectPanel;
  readonly #whatIf: WhatIfPanel;
  readonly #table: CompareTable;
  readonly #findings: FindingsList;
  readonly #tabs: Tabs;
  readonly #node: HTMLElement;
  #doc: DivergenceDocument | null = null;
  #ops = "";

  constructor({ scene, showTab, ...whatIf }: SideOptions) {
    this.#inspect = new InspectPanel(scene);
    this.#whatIf = new WhatIfPanel({ scene, ...whatIf });
    this.#table = new CompareTable(scene);
    this.#findings = new FindingsList(scene);
    this.#tabs = new Tabs(TABS, showTab);
    const parts = { op: this.#inspect, whatif: this.#whatIf, table: this.#table, findings: this.#findings };
    for (const [id, part] of Object.entries(parts)) this.#tabs.panel(id)?.append(part.node());
    this.#node = h(
      "section",
      { class: "hl-side", "aria-label": "The comparison in detail" },
      this.#tabs.node(),
      ...this.#tabs.panels(),
    );
  }

  node(): HTMLElement {
    return this.#node;
  }

  show(tab: string, inspected: Inspected, whatIf: WhatIfState): void {
    const { divergence: doc, ops } = inspected;
    const turned = tab !== this.#tabs.current;
    this.#tabs.show(tab);
    if (doc !== this.#doc) this.#take(doc);
    this.#inspect.show(inspected);
    this.#whatIf.show(whatIf);
    if (ops.join() !== this.#ops || doc !== this.#doc) {
      this.#table.select(ops);
      this.#findings.show(doc, ops);
    }
    if (turned && tab === "table") this.#table.reveal();
    this.#doc = doc;
    this.#ops = ops.join();
    const chosen = size(whatIf.plan);
    this.#tabs.badge("whatif", chosen > 0 && String(chosen));
    if (tab === "whatif" || (tab === "op" && inspected.tab === "advice")) this.#whatIf.open();
  }

  /** The kernel is at something that takes long. */
  rejoin(work: Readonly<Record<string, unknown>>): void {
    this.#whatIf.rejoin(work);
  }

  dispose(): void {
    for (const part of [this.#inspect, this.#whatIf, this.#table, this.#findings]) part.dispose();
    this.#node.remove();
  }

  #take(doc: DivergenceDocument): void {
    this.#whatIf.update(doc);
    this.#table.update(doc);
    const amount = doc.header.findings.length;
    this.#tabs.badge("findings", amount > 0 && String(amount));
  }
}
