import type { ReportDocument } from "../data/index.js";
import { GraphView } from "../graph/index.js";
import { Cleanup } from "./cleanup.js";
import { h, put } from "./dom.js";
import { plural } from "./units.js";
import type { Scene, View } from "./view.js";

const NO_COLOR = new Set(["name", "scope", "parent", "category", "domain", "attributes"]);

/** The graph engine as a tab: selection and colour follow the host. */
export class GraphTab implements View {
  #scene: Scene;
  #graph: GraphView;
  #cleanup = new Cleanup();
  /** The selection that the graph shows already. */
  #own = "";
  #color = h("select", { class: "hl-input", "data-testid": "haoline-graph-color" });
  #node: HTMLElement;

  constructor(scene: Scene) {
    this.#scene = scene;
    const canvas = h("div", { class: "hl-graph-box" });
    const label = h("label", { class: "hl-graph-color" }, "Colour by", this.#color);
    const about = `${plural(scene.report.ops.rows, "op")}. Click a block to open it.`;
    const bar = h("div", { class: "hl-toolbar" }, label, h("span", { class: "hl-muted" }, about));
    this.#node = h("div", { class: "hl-graph-tab" }, bar, canvas);
    this.#graph = new GraphView(canvas, scene.report, { color: scene.host.get("color") || null });
    this.#cleanup.add(this.#graph.onSelect((ops) => this.#selected(ops)));
    this.#listen();
    this.#fillColors(scene.report);
  }

  node(): HTMLElement {
    return this.#node;
  }

  update(report: ReportDocument): void {
    this.#graph.update(report);
    this.#fillColors(report);
  }

  /** Mark ops; those picked elsewhere are brought into view. */
  select(ops: readonly number[]): void {
    const own = ops.join() === this.#own;
    this.#own = ops.join();
    this.#graph.setSelection(ops);
    if (!own && ops[0] !== undefined) this.#graph.focusOp(ops[0]);
  }

  dispose(): void {
    this.#cleanup.dispose();
    this.#graph.dispose();
    this.#node.remove();
  }

  #selected(ops: readonly number[]): void {
    this.#own = ops.join();
    this.#scene.select(ops);
  }

  #listen(): void {
    const { host } = this.#scene;
    this.#color.addEventListener("change", () => {
      host.set("color", this.#color.value);
      this.#recolor();
    });
    const recolor = (): void => this.#recolor();
    host.on("color", recolor);
    this.#cleanup.add(() => host.off("color", recolor));
  }

  #recolor(): void {
    const color = this.#scene.host.get("color");
    this.#color.value = color;
    this.#graph.setColor(color || null);
  }

  #fillColors(report: ReportDocument): void {
    const columns = report.ops.columns.filter((column) => !NO_COLOR.has(column.info.name));
    const options = columns.map(({ info }) => h("option", { value: info.name, title: info.description }, info.label));
    put(this.#color, h("option", { value: "" }, "Category"), ...options);
    this.#color.value = this.#scene.host.get("color");
  }
}
