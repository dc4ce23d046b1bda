/** The graph view: a canvas with panels around it. Puts the parts together; other rooms need this class alone. */

import { format, type ReportDocument } from "../data/index.js";
import { Desk } from "./desk.js";
import { Explorer } from "./explorer.js";
import { whenIdle } from "./idle.js";
import { Interaction } from "./input/interaction.js";
import { PointerInput } from "./input/pointer.js";
import { Stage } from "./input/stage.js";
import { type Changed, StateKeeper } from "./keeper.js";
import type { Camera } from "./paint/camera.js";
import { drawNotice } from "./paint/notice.js";
import { Painter } from "./paint/painter.js";
import { readTheme, type Theme, watchTheme } from "./paint/theme.js";
import { element } from "./panels/dom.js";
import { Panels } from "./panels/panels.js";
import { makeProbe } from "./probe.js";
import { savesOf } from "./saving.js";
import type { GraphState } from "./state.js";

export interface GraphOptions {
  /** Op column to colour by; null for categories. */
  readonly color?: string | null;
  /** Shows ops in a table beside the graph; absent: there is none. */
  readonly onShowInTable?: (ops: readonly number[]) => void;
  /** Copies a link that leads back to this state; absent: there are no links. */
  readonly onCopyLink?: (state: GraphState) => void;
  /** A page that shows this graph by itself; absent: none can be made here. */
  readonly saveHtml?: () => Promise<Blob>;
}

export interface SearchHit {
  readonly op: number;
  readonly label: string;
  readonly path: string;
}

export class GraphView {
  readonly #root = element("div", "haoline-graph");
  readonly #painter = new Painter();
  readonly #selectCallbacks = new Set<(ops: number[]) => void>();
  readonly #cameraCallbacks = new Set<() => void>();
  readonly #stage: Stage;
  readonly #desk: Desk;
  readonly #keeper: StateKeeper;
  readonly #explorer: Explorer;
  readonly #panels: Panels;
  readonly #pointer: PointerInput;
  readonly #unwatch: () => void;
  #theme: Theme;
  #painted = false;
  #callOff = (): void => undefined;
  #camera: Camera | null = null;

  constructor(container: HTMLElement, doc: ReportDocument, options: GraphOptions = {}) {
    this.#stage = new Stage(
      (ctx, stage) => this.#paint(ctx, stage),
      () => this.#desk.resized(),
    );
    this.#desk = this.#makeDesk(doc);
    this.#keeper = new StateKeeper(this.#desk);
    this.#explorer = new Explorer(this.#desk);
    this.#root.append(this.#stage.canvas);
    this.#panels = this.#makePanels(options);
    this.#pointer = new PointerInput(this.#stage.canvas, this.#makeInteraction());
    this.#describe();
    container.append(this.#root);
    this.#theme = readTheme(this.#root);
    this.#unwatch = watchTheme(() => this.#retheme());
    this.setColor(options.color ?? null);
    this.#panels.showLegend(this.#theme);
  }

  /** What the view shows, in words that survive a reload. */
  state(): GraphState {
    return this.#keeper.state();
  }

  /** Shows another state, without calling back. What the model has not is passed over. */
  setState(changed: Partial<GraphState>): void {
    this.#keeper.set(changed);
  }

  /** Calls back with what the user has changed. Returns a function that stops it. */
  onChange(callback: (changed: Changed) => void): () => void {
    return this.#keeper.onChange(callback);
  }

  /** Colours nodes by an op column; null or "" goes back to categories. */
  setColor(column: string | null): void {
    this.setState({ color: column ?? "" });
  }

  /** Marks ops, without calling back. */
  setSelection(ops: readonly number[]): void {
    this.setState({ selection: ops });
  }

  /** Calls back with op rows when the user selects. Returns a function that stops it. */
  onSelect(callback: (ops: number[]) => void): () => void {
    this.#selectCallbacks.add(callback);
    return () => this.#selectCallbacks.delete(callback);
  }

  /** Calls back at once whenever the camera has moved, whoever moved it. Returns a function that stops it. */
  onCamera(callback: () => void): () => void {
    this.#cameraCallbacks.add(callback);
    return () => this.#cameraCallbacks.delete(callback);
  }

  /** For the pair view, which keeps two in step. */
  get desk(): Desk {
    return this.#desk;
  }

  /** Takes new columns of the same report without laying out again; another report starts afresh. */
  update(doc: ReportDocument): void {
    const old = this.#desk.session.model.doc;
    const same = doc.id === old.id && doc.ops.rows === old.ops.rows && doc.uses.rows === old.uses.rows;
    this.#keeper.quietly(() => {
      if (same) return this.#desk.setColumns(doc);
      this.#painted = false;
      this.#desk.load(doc);
      this.#name();
    });
  }

  /** Opens the groups around an op and brings it into view. */
  focusOp(op: number): void {
    this.#keeper.quietly(() => {
      // What had to be opened for it is part of the state, as if the reader had.
      this.#desk.opened = true;
      this.#desk.bringOp(op);
    });
  }

  /** Marks ops that match a query and returns them, best first. */
  search(query: string): SearchHit[] {
    this.#panels.setSearch(query);
    this.#explorer.find(query);
    const { labels, doc, graph } = this.#desk.session.model;
    return this.#desk.finder.found.map((op) => ({
      op,
      label: `${labels.opType(op)} ${labels.opName(op)}`.trim(),
      path: doc.scopes.text("path")?.at(graph.scopeOf[op]!) ?? "",
    }));
  }

  /** Shows the whole graph. */
  fit(): void {
    this.#keeper.quietly(() => this.#desk.fit());
  }

  dispose(): void {
    this.#callOff();
    this.#unwatch();
    this.#pointer.dispose();
    this.#panels.dispose();
    this.#keeper.dispose();
    this.#desk.dispose();
    this.#stage.dispose();
    this.#selectCallbacks.clear();
    this.#cameraCallbacks.clear();
    this.#root.remove();
  }

  node(): HTMLElement {
    return this.#root;
  }

  #makeDesk(doc: ReportDocument): Desk {
    return new Desk(doc, this.#stage, {
      selected: (ops) => {
        for (const callback of [...this.#selectCallbacks]) callback(ops);
      },
      say: (text) => this.#panels.say(text),
      tell: (text) => this.#panels.tell(text),
      changed: () => this.#panels.showLegend(this.#theme),
      shown: () => this.#panels.refresh(),
      touched: (...fields) => this.#keeper.touch(...fields),
    });
  }

  #makePanels({ onShowInTable, onCopyLink, saveHtml }: GraphOptions): Panels {
    return new Panels(this.#root, this.#desk, this.#explorer, {
      theme: () => this.#theme,
      showInTable: onShowInTable,
      copyLink: onCopyLink && (() => onCopyLink(this.state())),
      saves: savesOf(this.#desk, {
        theme: () => this.#theme,
        html: saveHtml,
        tell: (text) => this.#panels.tell(text),
      }),
    });
  }

  #makeInteraction(): Interaction {
    const panels = this.#panels;
    return new Interaction(this.#desk, this.#explorer, panels.tooltip, {
      focus: () => panels.focus(),
      focused: () => panels.focused(),
      hint: () => panels.showHint(),
      openMenu: (x, y) => panels.openContextMenu(x, y),
      band: (area) => panels.showBand(area),
    });
  }

  #describe(): void {
    const root = this.#root;
    root.dataset.testid = "haoline-graph";
    root.dataset.lmSuppressShortcuts = "true";
    root.tabIndex = 0;
    root.setAttribute("role", "application");
    this.#name();
    this.#stage.canvas.dataset.testid = "haoline-graph-canvas";
    Object.assign(root, { haolineGraph: makeProbe(this.#desk, this.#keeper) });
  }

  #name(): void {
    const { name } = this.#desk.session.model.doc.model;
    this.#root.setAttribute("aria-label", `Graph of ${name}. Press ? for keys.`);
  }

  #retheme(): void {
    this.#theme = readTheme(this.#root);
    this.#panels.showLegend(this.#theme);
    this.#stage.request();
  }

  /** What the first picture did not wait for: what there is to filter, and which groups are alike. */
  #prepare(): void {
    this.#panels.offer();
    this.#desk.session.scene.prepare();
  }

  #tellCamera(camera: Camera): void {
    if (camera === this.#camera) return;
    this.#camera = camera;
    for (const callback of [...this.#cameraCallbacks]) callback();
  }

  #noticePending(ctx: CanvasRenderingContext2D, stage: Stage): void {
    const { scene } = this.#desk.session;
    const waiting = scene.pending.reduce((sum, { nodes }) => sum + nodes, 0);
    stage.canvas.dataset.pending = String(waiting);
    if (waiting === 0) return;
    const empty = this.#desk.session.root().boxes.length === 0;
    drawNotice(ctx, `Laying out ${format.exact(waiting)} nodes…`, this.#theme, stage, empty);
  }

  #paint(ctx: CanvasRenderingContext2D, stage: Stage): void {
    const root = this.#desk.session.root();
    const look = this.#desk.look(this.#theme);
    const start = performance.now();
    const nodes = this.#painter.paint(ctx, root, look, stage);
    this.#noticePending(ctx, stage);
    this.#tellCamera(stage.camera);
    this.#panels.painted();
    const { dataset } = stage.canvas;
    dataset.visibleNodes = String(nodes);
    dataset.scale = stage.camera.scale.toFixed(4);
    dataset.selected = String(this.#desk.selectedOps.length);
    if (look.tween) stage.request();
    if (this.#painted) return;
    this.#painted = true;
    performance.mark("haoline:graph:paint");
    performance.measure("haoline:graph:paint", { start });
    this.#callOff();
    this.#callOff = whenIdle(() => this.#prepare());
  }
}
