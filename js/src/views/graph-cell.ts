import type { Host, ReportDocument } from "../data/index.js";
import { h } from "./dom.js";
import { GraphTab } from "./graph-view.js";
import { HostView } from "./host-view.js";
import { OpDetail } from "./op-detail.js";
import { ResizeHandle } from "./resize-handle.js";

/** The graph of a report alone, as high as its reader likes. */
export class GraphCell extends HostView {
  readonly tabs = false;
  #graph: GraphTab | null = null;
  #detail = new OpDetail(this);
  #stage = h("div", { class: "hl-stage hl-stage-graph" });

  constructor(host: Host) {
    super(host, "haoline-graph-view");
    const handle = new ResizeHandle(this.#stage, host.get("height"), (height) => host.set("height", height));
    this.on("height", () => handle.set(host.get("height")));
    this.cleanup.add(() => handle.dispose());
    this.#stage.append(this.#detail.node());
    this.start(h("div", { class: "hl-body" }, this.#stage, handle.node()));
  }

  /** There is but the graph. */
  show(): void {
    this.node().scrollIntoView({ block: "nearest" });
  }

  override dispose(): void {
    this.#graph?.dispose();
    this.#detail.dispose();
    super.dispose();
  }

  protected update(report: ReportDocument): void {
    this.node().setAttribute("aria-label", `Graph of ${report.model.name}`);
    if (this.#graph) this.#graph.update(report);
    else this.#make();
    this.#detail.show(report, this.selection);
  }

  protected showSelection(): void {
    this.#detail.show(this.report, this.selection);
    this.#graph?.select(this.selection);
  }

  #make(): void {
    try {
      this.#graph = new GraphTab(this);
      this.#stage.prepend(this.#graph.node());
      this.#graph.select(this.selection);
    } catch (error) {
      this.fail(`The graph cannot be drawn: ${error instanceof Error ? error.message : error}`);
    }
  }
}
