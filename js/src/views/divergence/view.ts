import { keepSnapshot } from "../../activations/keep-snapshot.js";
import type { TileSource } from "../../activations/source.js";
import { createSource } from "../../activations/source-of.js";
import { DivergenceDocument } from "../../data/divergence.js";
import type { Host, Plan, ReportDocument } from "../../data/index.js";
import type { InspectScene } from "../../divergence/inspect/scene.js";
import type { InspectSettings } from "../../divergence/inspect/settings.js";
import { Ranking } from "../../divergence/ranking/ranking.js";
import type { CompareScene } from "../../divergence/scene.js";
import { Summary } from "../../divergence/summary/summary.js";
import { withBuild } from "../../divergence/whatif/builds.js";
import { parsePlan } from "../../divergence/whatif/plan.js";
import { Patience } from "../activations/patience.js";
import { h } from "../dom.js";
import { GraphTab } from "../graph-view.js";
import { HostView } from "../host-view.js";
import { ResizeHandle } from "../resize-handle.js";
import { OverlayBar } from "./overlay-bar.js";
import { comparedRows } from "./rows.js";
import { Side } from "./side.js";
import { type DivergenceState, readState, TABS, writeState } from "./state.js";

/** Pixels from which both graphs have room beside the rest. */
const WIDE = 1320;

/** How far a variant is from its model: how good it is, where the error is made, which op, and what to change. */
export class DivergenceView extends HostView implements CompareScene, InspectScene {
  readonly tabs = false;
  readonly tiles: TileSource;
  readonly #patience = new Patience((busy) => this.#busy(busy));
  readonly #summary = new Summary({ scene: this, chooseSample: (sample) => this.chooseSample(sample) });
  readonly #ranking = new Ranking({ scene: this, choose: (ranking) => this.#set({ ranking }) });
  readonly #overlay = new OverlayBar({
    color: (column) => this.host.set("color", column),
    both: (both) => this.#set({ graphs: both ? "both" : "float" }),
    more: (shown) => this.#left.toggleAttribute("data-more", shown),
  });
  readonly #left = h("div", { class: "hl-activations-graph hl-divergence-graphs" }, this.#overlay.node());
  readonly #stage = h("div", { class: "hl-stage hl-stage-graph hl-divergence" }, this.#left);
  #doc: DivergenceDocument | null = null;
  #graph: GraphTab | null = null;
  #side: Side | null = null;
  #row = -1;
  #wide = false;
  #turn = 0;

  constructor(host: Host) {
    super(host, "haoline-divergence-view");
    this.tiles = createSource(this.#patience.over(host));
    const handle = new ResizeHandle(this.#stage, host.get("height"), (height) => host.set("height", height));
    this.on("height", () => handle.set(host.get("height")));
    for (const name of ["sample", "tensor", "panel", "plan", "color"] as const) this.on(name, () => this.#show());
    this.on("divergence", () => void this.#load());
    this.on("work", () => this.#rejoin());
    this.cleanup.add(() => handle.dispose());
    this.cleanup.resize(this.#stage, (width) => this.#resize(width));
    this.start(h("div", { class: "hl-body" }, this.#summary.node(), this.#ranking.node(), this.#stage, handle.node()));
    if (host.live) this.cleanup.add(keepSnapshot(this.tiles, (snapshot) => host.set("snapshot", snapshot)));
  }

  /** A tab beside the graphs; of links, which name other tabs, the view itself is what they lead to. */
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

  change(settings: Partial<InspectSettings>): void {
    const state = this.#state();
    if (state) this.#set({ settings: { ...state.settings, ...settings } });
  }

  chooseSample(sample: number): void {
    this.#set({ sample });
  }

  setPlan(plan: Plan): void {
    this.host.set("plan", plan);
  }

  showTab(inspect: string): void {
    this.#set({ inspect });
  }

  override dispose(): void {
    this.#turn = Number.NaN;
    this.#patience.dispose();
    for (const part of [this.#graph, this.#side, this.#summary, this.#ranking]) part?.dispose();
    super.dispose();
    this.tiles.dispose();
  }

  protected update(report: ReportDocument): void {
    this.node().setAttribute("aria-label", `${report.other?.model.name ?? "A variant"} beside ${report.model.name}`);
    this.#overlay.update(report);
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
      this.#left.append(this.#graph.node());
      this.#graph.select(this.selection);
    } catch (error) {
      this.fail(`The graph cannot be drawn: ${error instanceof Error ? error.message : error}`);
    }
  }

  /** The newest bytes win however long the older take. */
  async #load(): Promise<void> {
    this.#turn += 1;
    const turn = this.#turn;
    const bytes = this.host.get("divergence");
    if (!this.ready || !bytes || bytes.byteLength === 0) return;
    try {
      const doc = await DivergenceDocument.decode(bytes);
      if (turn === this.#turn) this.#take(doc);
    } catch (error) {
      if (turn === this.#turn)
        this.fail(`The comparison cannot be shown: ${error instanceof Error ? error.message : error}`);
    }
  }

  #take(doc: DivergenceDocument): void {
    this.#doc = doc;
    this.node().dataset["divergence"] = doc.id;
    this.#summary.update(doc);
    this.#ranking.update(doc);
    const fresh = this.#side === null;
    this.#side ??= this.#addSide();
    this.#show();
    // Later the trait may still hold what was answered a moment ago.
    if (fresh) this.#rejoin();
  }

  #rejoin(): void {
    this.#side?.rejoin(this.host.get("work") ?? {});
  }

  #addSide(): Side {
    const { ask } = this.host;
    const side = new Side({
      scene: this,
      ask,
      setPlan: (plan) => this.setPlan(plan),
      built: (build) => this.#set({ builds: withBuild(this.#state()?.builds ?? [], build) }),
      measured: (whatIf) => this.#doc && this.#take(this.#doc.withWhatIf(whatIf)),
      suggested: (found) => this.#doc && this.#take(this.#doc.withSuggestions(found)),
      showTab: (tab) => this.#set({ tab }),
    });
    this.#stage.append(side.node());
    return side;
  }

  #show(): void {
    const [doc, state] = [this.#doc, this.#state()];
    if (!doc || !state || !this.#side) return;
    const ops = this.selection;
    const { rows, row } = comparedRows(doc, ops, this.host.get("tensor") ?? -1);
    const before = this.#row;
    this.#row = row;
    // A channel or a slice is that of one tensor: another begins anew. The host tells of it, and so do we come back here.
    if (before >= 0 && before !== row) this.change({ channel: null, slice: null, first: 0 });
    const plan = parsePlan(this.host.get("plan"), this.report.ops.rows);
    this.#summary.select(state.sample);
    this.#ranking.show(state.ranking, ops);
    this.#showGraphs(state);
    const { sample, settings, inspect, builds } = state;
    const inspected = { document: this.report, divergence: doc, row, rows, ops, sample, settings, plan, tab: inspect };
    this.#side.show(state.tab, inspected, { plan, builds, selected: ops });
  }

  #showGraphs({ graphs }: DivergenceState): void {
    const both = graphs === "both" || (graphs === "auto" && this.#wide);
    this.#stage.dataset["graphs"] = both && this.report.other ? "both" : "float";
    this.#overlay.show(this.host.get("color") ?? "", both);
  }

  #resize(width: number): void {
    const wide = width >= WIDE;
    if (wide === this.#wide) return;
    this.#wide = wide;
    const state = this.#state();
    if (state) this.#showGraphs(state);
  }

  #state(): DivergenceState | null {
    return this.#doc && this.ready ? readState(this.host, this.#doc, this.report.ops.rows) : null;
  }

  #set(changed: Partial<DivergenceState>): void {
    const state = this.#state();
    if (state) writeState(this.host, { ...state, ...changed });
  }

  #busy(busy: boolean): void {
    const text = "The kernel is busy with a cell; what is missing here comes when it is free.";
    this.status.status(busy ? text : this.host.get("status"));
  }
}
