import type { Host, HostName, ReportDocument } from "../data/index.js";
import { Cleanup } from "./cleanup.js";
import { h } from "./dom.js";
import { FindingsView } from "./findings-view.js";
import { GraphTab } from "./graph-view.js";
import { HardwareView } from "./hardware-view.js";
import { Header } from "./header.js";
import { MemoryView } from "./memory-view.js";
import { OpDetail } from "./op-detail.js";
import { OpTensors } from "./op-tensors.js";
import { Source } from "./source.js";
import { StatusLine } from "./status-line.js";
import { LayersView } from "./table/layers-view.js";
import { Tabs } from "./tabs.js";
import { followTheme } from "./theme.js";
import { Tooltip } from "./tooltip.js";
import type { Scene, View } from "./view.js";

const TABS = [
  { id: "graph", label: "Graph" },
  { id: "layers", label: "Layers" },
  { id: "memory", label: "Memory" },
  { id: "hardware", label: "Hardware" },
  { id: "findings", label: "Findings" },
] as const;

const MAKERS: Readonly<Record<string, new (scene: Scene) => View>> = {
  graph: GraphTab,
  layers: LayersView,
  memory: MemoryView,
  hardware: HardwareView,
  findings: FindingsView,
};

const WITH_DETAIL = new Set(["graph", "layers"]);

/** One report: header, tabs, the detail of the selection. Views are made when their tab is first shown. */
export class ReportView implements Scene {
  readonly host: Host;
  readonly tooltip = new Tooltip();
  #report: ReportDocument | null = null;
  #tensors: OpTensors | null = null;
  #views = new Map<string, View>();
  #header: Header;
  #tabs = new Tabs(TABS, (id) => this.show(id));
  #detail: OpDetail;
  #status = new StatusLine();
  #stage: HTMLElement;
  #body: HTMLElement;
  #node: HTMLElement;
  #cleanup = new Cleanup();

  constructor(host: Host) {
    this.host = host;
    this.#header = new Header(this);
    this.#detail = new OpDetail(this);
    this.#stage = h("div", { class: "hl-stage" }, ...this.#tabs.panels(), this.#detail.node());
    this.#body = h("div", { class: "hl-body" }, this.#header.node(), this.#tabs.node(), this.#stage);
    this.#body.hidden = true;
    this.#node = h(
      "div",
      { class: "haoline", role: "region", "data-testid": "haoline-report", "data-lm-suppress-shortcuts": "true" },
      this.#body,
      this.#status.node(),
      this.tooltip.node(),
    );
    this.#follow();
  }

  node(): HTMLElement {
    return this.#node;
  }

  get report(): ReportDocument {
    if (!this.#report) throw new Error("the report is not decoded yet");
    return this.#report;
  }

  get tensors(): OpTensors {
    this.#tensors ??= new OpTensors(this.report);
    return this.#tensors;
  }

  select(ops: readonly number[]): void {
    this.host.set("selection", [...ops]);
    this.#select();
  }

  show(tab: string): void {
    this.host.set("tab", tab);
    this.#show();
  }

  dispose(): void {
    this.#cleanup.dispose();
    this.#header.dispose();
    for (const view of this.#views.values()) view.dispose();
    this.#views.clear();
    this.#node.remove();
  }

  #follow(): void {
    followTheme(this.#node, this.#cleanup);
    this.#on("selection", () => this.#select());
    this.#on("tab", () => this.#show());
    this.#on("status", () => this.#status.status(this.host.get("status")));
    this.#status.status(this.host.get("status") || "Opening the report …");
    const events = {
      report: (report: ReportDocument) => this.#update(report),
      error: (text: string) => this.#fail(text),
    };
    new Source(this.host, events, this.#cleanup);
  }

  #on(name: HostName, callback: () => void): void {
    this.host.on(name, callback);
    this.#cleanup.add(() => this.host.off(name, callback));
  }

  #update(report: ReportDocument): void {
    this.#report = report;
    this.#tensors = null;
    this.#node.setAttribute("aria-label", `Report of ${report.model.name}`);
    this.#node.dataset["reportId"] = report.id;
    this.#node.dataset["hardware"] = report.hardware?.profile.id ?? "";
    this.#status.error("");
    this.#status.status(this.host.get("status"));
    this.#body.hidden = false;
    this.#header.update(report);
    this.#tabs.badge("findings", report.header.findings.length > 0 && String(report.header.findings.length));
    for (const view of this.#views.values()) view.update(report);
    this.#show();
    this.#showDetail();
  }

  #fail(message: string): void {
    this.#status.status(this.host.get("status"));
    this.#status.error(message);
  }

  #show(): void {
    const before = this.#tabs.current;
    this.#tabs.show(this.host.get("tab"));
    const id = this.#tabs.current;
    if (!this.#report || (before === id && this.#views.has(id))) return;
    this.#stage.dataset["tab"] = id;
    const view = this.#views.get(id) ?? this.#make(id);
    view?.select(this.#selection());
    this.#showDetail();
  }

  #make(id: string): View | null {
    const Maker = MAKERS[id];
    if (!Maker) return null;
    try {
      const view = new Maker(this);
      this.#views.set(id, view);
      this.#tabs.panel(id)?.append(view.node());
      return view;
    } catch (error) {
      this.#fail(`This view cannot be drawn: ${error instanceof Error ? error.message : error}`);
      return null;
    }
  }

  #select(): void {
    if (!this.#report) return;
    const ops = this.#selection();
    this.#showDetail();
    this.#views.get(this.#tabs.current)?.select(ops);
  }

  #selection(): number[] {
    const rows = this.#report?.ops.rows ?? 0;
    return this.host.get("selection").filter((op) => Number.isInteger(op) && op >= 0 && op < rows);
  }

  #showDetail(): void {
    this.#detail.show(this.report, WITH_DETAIL.has(this.#tabs.current) ? this.#selection() : []);
  }
}
