import { keepSnapshot } from "../../activations/keep-snapshot.js";
import { DepthChart } from "../../activations/panels/depth.js";
import { runFacts } from "../../activations/panels/run-facts.js";
import type { PanelScene } from "../../activations/panels/scene.js";
import type { PanelSettings } from "../../activations/settings.js";
import type { TileSource } from "../../activations/source.js";
import { createSource } from "../../activations/source-of.js";
import { TensorPanel } from "../../activations/tensor-panel.js";
import { ActivationsDocument } from "../../data/activations.js";
import type { Host, ReportDocument } from "../../data/index.js";
import { Cleanup } from "../cleanup.js";
import { h, put } from "../dom.js";
import { GraphTab } from "../graph-view.js";
import { HostView } from "../host-view.js";
import { ResizeHandle } from "../resize-handle.js";
import { Patience } from "./patience.js";
import { candidates } from "./rows.js";
import { Side } from "./side.js";
import { type ActivationsState, readState, TABS, writeState } from "./state.js";

/** A graph and, beside it, what a capture saw of the selected op. */
export class ActivationsView extends HostView implements PanelScene {
  readonly tabs = false;
  readonly tiles: TileSource;
  readonly #patience = new Patience((busy) => this.#busy(busy));
  readonly #facts = h("div", { class: "hl-run" });
  readonly #factsCleanup = new Cleanup();
  readonly #below = h("div", { class: "hl-activations-depth" });
  readonly #left = h("div", { class: "hl-activations-graph" }, this.#below);
  readonly #stage = h("div", { class: "hl-stage hl-stage-graph hl-activations" }, this.#left);
  #doc: ActivationsDocument | null = null;
  #graph: GraphTab | null = null;
  #depth: DepthChart | null = null;
  #side: Side | null = null;
  #row = -1;
  #turn = 0;

  constructor(host: Host) {
    super(host, "haoline-activations-view");
    this.tiles = createSource(this.#patience.over(host));
    const handle = new ResizeHandle(this.#stage, host.get("height"), (height) => host.set("height", height));
    this.on("height", () => handle.set(host.get("height")));
    for (const name of ["sample", "tensor", "panel"] as const) this.on(name, () => this.#show());
    this.on("activations", () => void this.#load());
    this.cleanup.add(() => handle.dispose());
    this.start(h("div", { class: "hl-body" }, this.#facts, this.#stage, handle.node()));
    if (host.live) this.cleanup.add(keepSnapshot(this.tiles, (snapshot) => host.set("snapshot", snapshot)));
  }

  /** A tab beside the graph; of links, which name other tabs, the view itself is what they lead to. */
  show(tab: string): void {
    if (TABS.some(({ id }) => id === tab)) this.#set({ tab });
    else this.node().scrollIntoView({ block: "nearest" });
  }

  /** A tensor is shown as long as its op is selected. */
  override select(ops: readonly number[]): void {
    const tensor = this.host.get("tensor");
    const kept = tensor >= 0 && ops.includes(this.#doc?.opOf(this.#doc.rowOfTensor(tensor)) ?? -1);
    if (tensor >= 0 && !kept) this.host.set("tensor", -1);
    super.select(ops);
  }

  pick(tensor: number): void {
    this.host.set("tensor", tensor);
  }

  change(settings: Partial<PanelSettings>): void {
    if (this.#doc) this.#set({ settings: { ...readState(this.host, this.#doc).settings, ...settings } });
  }

  override dispose(): void {
    this.#turn = Number.NaN;
    this.#factsCleanup.dispose();
    this.#patience.dispose();
    for (const part of [this.#graph, this.#depth, this.#side]) part?.dispose();
    super.dispose();
    this.tiles.dispose();
  }

  protected update(report: ReportDocument): void {
    this.node().setAttribute("aria-label", `Activations of ${report.model.name}`);
    if (this.#graph) this.#graph.update(report);
    else this.#make();
    if (this.#doc) this.#take(this.#doc);
    else void this.#load();
  }

  protected showSelection(): void {
    // First what asks the kernel, which works while the graph moves.
    this.#show();
    this.#graph?.select(this.selection);
  }

  #make(): void {
    try {
      this.#graph = new GraphTab(this);
      this.#left.prepend(this.#graph.node());
      this.#graph.select(this.selection);
    } catch (error) {
      this.fail(`The graph cannot be drawn: ${error instanceof Error ? error.message : error}`);
    }
  }

  /** The newest bytes win however long the older take. */
  async #load(): Promise<void> {
    this.#turn += 1;
    const turn = this.#turn;
    const bytes = this.host.get("activations");
    if (!this.ready || !bytes || bytes.byteLength === 0) return;
    try {
      const doc = await ActivationsDocument.decode(bytes);
      if (turn === this.#turn) this.#take(doc);
    } catch (error) {
      if (turn === this.#turn)
        this.fail(`The activations cannot be shown: ${error instanceof Error ? error.message : error}`);
    }
  }

  #take(doc: ActivationsDocument): void {
    this.#doc = doc;
    this.node().dataset["activations"] = doc.id;
    this.#factsCleanup.dispose();
    put(this.#facts, ...runFacts(doc, this, this.#factsCleanup));
    this.#depth ??= this.#addDepth();
    this.#depth.update(doc);
    this.#side ??= this.#addSide();
    this.#show();
  }

  #addDepth(): DepthChart {
    const depth = new DepthChart(this);
    this.#below.append(depth.node());
    return depth;
  }

  #addSide(): Side {
    const maps = new TensorPanel(this);
    const side = new Side({ scene: this, maps, choose: (choice) => this.#set(choice) });
    this.#stage.append(side.node());
    return side;
  }

  #show(): void {
    const doc = this.#doc;
    if (!doc || !this.#side) return;
    const found = candidates(doc, this.selection, this.host.get("tensor") ?? -1);
    const before = this.#row;
    this.#row = found.row;
    // A channel or a slice is that of one tensor: another begins anew.
    if (before >= 0 && before !== found.row) this.change({ channel: null, slice: null, first: 0 });
    this.#depth?.select(this.selection, found.row);
    this.#side.show(doc, this.selection, found, readState(this.host, doc));
  }

  #set(changed: Partial<ActivationsState>): void {
    if (this.#doc) writeState(this.host, { ...readState(this.host, this.#doc), ...changed });
  }

  #busy(busy: boolean): void {
    const text = "The kernel is busy with a cell; what is missing here comes when it is free.";
    this.status.status(busy ? text : this.host.get("status"));
  }
}
