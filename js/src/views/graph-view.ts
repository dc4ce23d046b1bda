import type { Column, ReportDocument, TwoWayName } from "../data/index.js";
import { type GraphOptions, GraphView, PairView } from "../graph/index.js";
import { Cleanup } from "./cleanup.js";
import { ColumnPicker } from "./column-picker.js";
import { h } from "./dom.js";
import { GraphBinding } from "./graph-binding.js";
import { setFirstLook } from "./graph-defaults.js";
import { copyLink, pageOf } from "./share.js";
import type { Scene, View } from "./view.js";

const NO_COLOR = new Set(["name", "scope", "parent", "category", "domain", "attributes"]);
const NO_EDGE_COLOR = new Set(["name", "producer", "shape"]);

interface Choice {
  readonly trait: TwoWayName & ("color" | "edge_color" | "size");
  readonly picker: ColumnPicker;
  readonly offer: (report: ReportDocument) => Column[];
}

/** The graph engine with what it shares with the rest: state and selection follow the host. */
export class GraphTab implements View {
  readonly #scene: Scene;
  readonly #graph: GraphView | PairView;
  readonly #binding: GraphBinding;
  readonly #cleanup = new Cleanup();
  readonly #choices: readonly Choice[];
  readonly #node: HTMLElement;

  constructor(scene: Scene) {
    this.#scene = scene;
    setFirstLook(scene.host, scene.report);
    this.#choices = [
      this.#choice("color", "Colour by", scene.report.holds === "weights" ? "Role" : "Category", (report) =>
        without(report.ops.columns, NO_COLOR),
      ),
      this.#choice("edge_color", "Edges by", "Precision", (report) => without(report.tensors.columns, NO_EDGE_COLOR)),
      this.#choice("size", "Size by", "Nothing", (report) => without(report.ops.columns, NO_COLOR).filter(isNumeric)),
    ];
    const canvas = h("div", { class: "hl-graph-box" });
    this.#node = h("div", { class: "hl-graph-tab" }, this.#toolbar(), canvas);
    this.#graph = drawing(canvas, scene.report, {
      ...(scene.tabs && { onShowInTable: (ops: readonly number[]) => this.#showInTable(ops) }),
      onCopyLink: ({ selection }) => void copyLink(scene, selection),
      saveHtml: () => pageOf(scene),
    });
    this.#cleanup.add(() => this.#graph.dispose());
    this.#binding = new GraphBinding(scene, this.#graph, this.#cleanup);
    this.#offer(scene.report);
  }

  node(): HTMLElement {
    return this.#node;
  }

  update(report: ReportDocument): void {
    this.#graph.update(report);
    this.#offer(report);
  }

  select(ops: readonly number[]): void {
    this.#binding.select(ops);
  }

  dispose(): void {
    this.#cleanup.dispose();
    this.#node.remove();
  }

  #toolbar(): HTMLElement {
    const edges = this.#scene.report.holds !== "weights";
    const shown = this.#choices.filter(({ trait }) => edges || trait !== "edge_color");
    const picks = shown.map(({ picker }) => picker.node());
    return h("div", { class: "hl-toolbar", role: "toolbar", "aria-label": "What the graph shows" }, ...picks);
  }

  #showInTable(ops: readonly number[]): void {
    this.#scene.select(ops);
    this.#scene.show("layers");
  }

  #choice(trait: Choice["trait"], label: string, none: string, offer: Choice["offer"]): Choice {
    const { host } = this.#scene;
    const testid = `haoline-graph-${trait.replace("_", "-")}`;
    const picker = new ColumnPicker({ label, none, testid, pick: (column) => host.set(trait, column) });
    const show = (): void => picker.show(host.get(trait));
    host.on(trait, show);
    this.#cleanup.add(() => host.off(trait, show));
    return { trait, picker, offer };
  }

  #offer(report: ReportDocument): void {
    for (const { trait, picker, offer } of this.#choices) picker.update(offer(report), this.#scene.host.get(trait));
  }
}

/** A report that carries the one it was compared with is shown beside it. */
function drawing(canvas: HTMLElement, report: ReportDocument, options: GraphOptions): GraphView | PairView {
  return report.other ? new PairView(canvas, report, report.other, options) : new GraphView(canvas, report, options);
}

function without(columns: readonly Column[], names: ReadonlySet<string>): Column[] {
  return columns.filter((column) => !names.has(column.info.name));
}

function isNumeric(column: Column): boolean {
  return column.kind === "number";
}
