import type { TwoWayName, TwoWayValues } from "../data/index.js";
import type { GraphState, GraphView } from "../graph/index.js";
import type { Cleanup } from "./cleanup.js";
import type { Scene } from "./view.js";

/** The trait behind each part of a graph's state. The selection is shared with other views: it goes through the scene. */
const TRAITS = {
  expanded: "expanded",
  focus: "focus",
  camera: "camera",
  color: "color",
  edgeColor: "edge_color",
  size: "size",
  filter: "filter",
  constants: "constants",
  quantizers: "quantizers",
} as const satisfies Partial<Record<keyof GraphState, TwoWayName>>;

/** One graph, or two in step. */
type Graph = Pick<GraphView, "state" | "setState" | "onChange" | "focusOp">;

type Field = keyof typeof TRAITS;
const FIELDS = Object.keys(TRAITS) as Field[];

/** Keeps a graph and its host in the same state, whichever changes. */
export class GraphBinding {
  readonly #scene: Scene;
  readonly #graph: Graph;
  /** What both know, as text: an echo changes nothing. */
  readonly #known = new Map<string, string>();
  #selection = "";
  #started = false;

  constructor(scene: Scene, graph: Graph, cleanup: Cleanup) {
    this.#scene = scene;
    this.#graph = graph;
    const { host } = scene;
    graph.setState(Object.fromEntries(FIELDS.map((field) => [field, this.#read(field)])));
    cleanup.add(graph.onChange((changed) => this.#tell(changed)));
    for (const field of FIELDS) {
      const take = (): void => this.#take(field);
      host.on(TRAITS[field], take);
      cleanup.add(() => host.off(TRAITS[field], take));
    }
  }

  /** Marks ops; those picked elsewhere are brought into view. A state that was kept has its own view of them. */
  select(ops: readonly number[]): void {
    const { host, picked } = this.#scene;
    const kept = !this.#started && !picked && (host.get("camera") !== null || !host.live);
    this.#started = true;
    const text = ops.join();
    if (text === this.#selection) return;
    this.#selection = text;
    this.#graph.setState({ selection: ops });
    if (kept || ops[0] === undefined) return;
    this.#graph.focusOp(ops[0]);
    const { expanded, focus, camera, constants } = this.#graph.state();
    this.#tell({ expanded, focus, camera, constants });
  }

  #read(field: Field): unknown {
    const value = this.#scene.host.get(TRAITS[field]) ?? null;
    this.#known.set(field, JSON.stringify(value));
    return value;
  }

  #take(field: Field): void {
    const before = this.#known.get(field);
    const value = this.#read(field);
    if (this.#known.get(field) !== before) this.#graph.setState({ [field]: value } as Partial<GraphState>);
  }

  #tell(changed: Partial<GraphState>): void {
    for (const field of FIELDS) {
      if (changed[field] === undefined) continue;
      const text = JSON.stringify(changed[field]);
      if (this.#known.get(field) === text) continue;
      this.#known.set(field, text);
      this.#scene.host.set(TRAITS[field], changed[field] as TwoWayValues[(typeof TRAITS)[Field]]);
    }
    if (!changed.selection) return;
    this.#selection = changed.selection.join();
    this.#scene.select(changed.selection);
  }
}
