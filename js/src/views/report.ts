import type { Holds, Host, ReportDocument } from "../data/index.js";
import { h } from "./dom.js";
import { FindingsView } from "./findings-view.js";
import { FitView } from "./fit-view.js";
import { GraphTab } from "./graph-view.js";
import { HardwareView } from "./hardware-view.js";
import { Header } from "./header.js";
import { HostView } from "./host-view.js";
import { MemoryView } from "./memory-view.js";
import { OpDetail } from "./op-detail.js";
import { StoredView } from "./stored-view.js";
import { LayersView } from "./table/layers-view.js";
import { Tabs } from "./tabs.js";
import type { Scene, View } from "./view.js";

const TABS = [
  { id: "graph", label: "Graph" },
  { id: "layers", label: "Layers" },
  { id: "memory", label: "Memory" },
  { id: "hardware", label: "Hardware" },
  { id: "findings", label: "Findings" },
] as const;

type Makers = Readonly<Record<string, new (scene: Scene) => View>>;

const MAKERS: Makers = {
  graph: GraphTab,
  layers: LayersView,
  memory: MemoryView,
  hardware: HardwareView,
  findings: FindingsView,
};

/** Without activations there is no curve, without ops no roofline. */
const WITHOUT_OPS: Makers = { ...MAKERS, memory: StoredView, hardware: FitView };

const TABLE_LABELS: Readonly<Record<Holds, string>> = { ops: "Layers", weights: "Weights", layers: "Layers" };

const WITH_DETAIL = new Set(["graph", "layers"]);

/** One report: header, tabs, the detail of the selection. Views are made when their tab is first shown. */
export class ReportView extends HostView {
  readonly tabs = true;
  readonly #views = new Map<string, View>();
  readonly #header: Header;
  readonly #tabs = new Tabs(TABS, (id) => this.show(id));
  readonly #detail = new OpDetail(this);
  readonly #stage: HTMLElement;

  constructor(host: Host) {
    super(host, "haoline-report");
    this.#header = new Header(this);
    this.#stage = h("div", { class: "hl-stage" }, ...this.#tabs.panels(), this.#detail.node());
    this.on("tab", () => this.#show());
    this.start(h("div", { class: "hl-body" }, this.#header.node(), this.#tabs.node(), this.#stage));
  }

  show(tab: string): void {
    this.host.set("tab", tab);
    this.#show();
  }

  override dispose(): void {
    this.#header.dispose();
    this.#detail.dispose();
    for (const view of this.#views.values()) view.dispose();
    this.#views.clear();
    super.dispose();
  }

  protected update(report: ReportDocument): void {
    this.node().setAttribute("aria-label", `Report of ${report.model.name}`);
    this.#header.update(report);
    this.#tabs.label("layers", TABLE_LABELS[report.holds]);
    this.#tabs.badge("findings", report.header.findings.length > 0 && String(report.header.findings.length));
    for (const view of this.#views.values()) view.update(report);
    this.#show();
    this.#showDetail();
  }

  protected showSelection(): void {
    this.#showDetail();
    this.#views.get(this.#tabs.current)?.select(this.selection);
  }

  #show(): void {
    const before = this.#tabs.current;
    this.#tabs.show(this.host.get("tab"));
    const id = this.#tabs.current;
    if (!this.ready || (before === id && this.#views.has(id))) return;
    this.#stage.dataset["tab"] = id;
    const view = this.#views.get(id) ?? this.#make(id);
    view?.select(this.selection);
    this.#showDetail();
  }

  #make(id: string): View | null {
    const Maker = (this.report.holds === "ops" ? MAKERS : WITHOUT_OPS)[id];
    if (!Maker) return null;
    try {
      const view = new Maker(this);
      this.#views.set(id, view);
      this.#tabs.panel(id)?.append(view.node());
      return view;
    } catch (error) {
      this.fail(`This view cannot be drawn: ${error instanceof Error ? error.message : error}`);
      return null;
    }
  }

  #showDetail(): void {
    this.#detail.show(this.report, WITH_DETAIL.has(this.#tabs.current) ? this.selection : []);
  }
}
