/** The graph view: a canvas with a search box, a toolbar and a legend. The only class the other rooms need. */

import type { ReportDocument } from "../data/index.js";
import { Desk } from "./desk.js";
import { Interaction } from "./input/interaction.js";
import { handleKey } from "./input/keys.js";
import { PointerInput } from "./input/pointer.js";
import { Stage } from "./input/stage.js";
import { Painter } from "./paint/painter.js";
import { readTheme, type Theme, watchTheme } from "./paint/theme.js";
import { titleOf } from "./panels/describe.js";
import { element } from "./panels/dom.js";
import { HelpPanel } from "./panels/help.js";
import { LegendPanel } from "./panels/legend.js";
import { SearchBox } from "./panels/search-box.js";
import { Toolbar } from "./panels/toolbar.js";
import { Tooltip } from "./panels/tooltip.js";
import { walk } from "./scene/walk.js";

export interface GraphOptions {
  /** Op column to colour by; null for categories. */
  readonly color?: string | null;
}

export interface SearchHit {
  readonly op: number;
  readonly label: string;
  readonly path: string;
}

/** A node as it stands on the screen, in CSS pixels relative to the canvas. */
export interface GraphNodeInfo {
  readonly id: number;
  readonly label: string;
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
  readonly group: boolean;
  readonly expanded: boolean;
  readonly ops: number[];
}

/** What `element.haolineGraph` offers to outside tests. */
export interface GraphProbe {
  /** Drawn nodes in view, outer before inner. */
  nodes(): GraphNodeInfo[];
  /** Layouts computed, and asked for: their difference came from memory. */
  layouts(): { computed: number; asked: number };
}

const HINT_MS = 1400;

export class GraphView {
  readonly #root = element("div", "haoline-graph");
  readonly #spoken = element("div", "haoline-graph-spoken");
  readonly #hint = element("div", "haoline-graph-hint", "Click the graph, or hold Ctrl, to zoom with the wheel");
  readonly #legend = new LegendPanel();
  readonly #help = new HelpPanel();
  readonly #painter = new Painter();
  readonly #callbacks = new Set<(ops: number[]) => void>();
  readonly #stage: Stage;
  readonly #desk: Desk;
  readonly #search: SearchBox;
  readonly #toolbar: Toolbar;
  readonly #interaction: Interaction;
  readonly #pointer: PointerInput;
  readonly #unwatch: () => void;
  #theme: Theme;
  #painted = false;
  #hintTimer = 0;

  constructor(container: HTMLElement, doc: ReportDocument, options: GraphOptions = {}) {
    this.#stage = new Stage(
      (ctx, stage) => this.#paint(ctx, stage),
      () => this.#desk.resized(),
    );
    this.#desk = new Desk(doc, this.#stage, {
      selected: (ops) => this.#emit(ops),
      found: () => this.#showFound(),
      say: (text) => {
        this.#spoken.textContent = text;
      },
      changed: () => this.#showPanels(),
    });
    this.#search = this.#makeSearch();
    this.#toolbar = this.#makeToolbar();
    const tooltip = new Tooltip();
    this.#interaction = this.#makeInteraction(tooltip);
    this.#pointer = new PointerInput(this.#stage.canvas, this.#interaction);
    this.#assemble(tooltip);
    container.append(this.#root);
    this.#theme = readTheme(this.#root);
    this.#unwatch = watchTheme(() => this.#retheme());
    this.setColor(options.color ?? null);
  }

  /** Colours nodes by an op column; null or "" goes back to categories. */
  setColor(column: string | null): void {
    this.#desk.color(column || null);
  }

  /** Marks ops, without calling back. */
  setSelection(ops: readonly number[]): void {
    this.#desk.select(ops);
  }

  /** Calls back with op rows when the user selects. Returns a function that stops it. */
  onSelect(callback: (ops: number[]) => void): () => void {
    this.#callbacks.add(callback);
    return () => this.#callbacks.delete(callback);
  }

  /** Takes new columns of the same report without laying out again; another report starts afresh. */
  update(doc: ReportDocument): void {
    const old = this.#desk.session.model.doc;
    const same = doc.id === old.id && doc.ops.rows === old.ops.rows && doc.uses.rows === old.uses.rows;
    if (same) return this.#desk.setColumns(doc);
    this.#painted = false;
    this.#desk.load(doc);
    this.#name();
  }

  /** Opens the groups around an op and brings it into view. */
  focusOp(op: number): void {
    this.#desk.focusOp(op);
  }

  /** Marks ops that match by type, name or tensor name and returns them, best first. */
  search(query: string): SearchHit[] {
    this.#search.set(query);
    this.#desk.find(query);
    const { labels, doc, graph } = this.#desk.session.model;
    return this.#desk.finder.found.map(({ op }) => ({
      op,
      label: `${labels.opType(op)} ${labels.opName(op)}`.trim(),
      path: doc.scopes.text("path")?.at(graph.scopeOf[op]!) ?? "",
    }));
  }

  /** Shows the whole graph. */
  fit(): void {
    this.#desk.fit();
  }

  dispose(): void {
    clearTimeout(this.#hintTimer);
    this.#unwatch();
    this.#pointer.dispose();
    this.#stage.dispose();
    this.#callbacks.clear();
    this.#root.remove();
  }

  node(): HTMLElement {
    return this.#root;
  }

  #assemble(tooltip: Tooltip): void {
    const root = this.#root;
    root.dataset.testid = "haoline-graph";
    root.dataset.lmSuppressShortcuts = "true";
    root.tabIndex = 0;
    root.setAttribute("role", "application");
    this.#name();
    this.#stage.canvas.dataset.testid = "haoline-graph-canvas";
    this.#spoken.setAttribute("aria-live", "polite");
    const panels = [this.#search, this.#toolbar, this.#legend, this.#help, tooltip];
    root.append(this.#stage.canvas, ...panels.map((panel) => panel.node()), this.#hint, this.#spoken);
    root.addEventListener("keydown", (event) => {
      if (event.target === root) handleKey(event, this.#interaction);
    });
    const probe: GraphProbe = { nodes: () => this.#nodes(), layouts: () => this.#desk.session.scene.layouts };
    Object.assign(root, { haolineGraph: probe });
  }

  #name(): void {
    const { name } = this.#desk.session.model.doc.model;
    this.#root.setAttribute("aria-label", `Graph of ${name}. Press ? for keys.`);
  }

  #makeSearch(): SearchBox {
    return new SearchBox({
      query: (text) => this.#desk.find(text),
      step: (direction) => this.#desk.stepMatch(direction),
      leave: () => this.#root.focus({ preventScroll: true }),
    });
  }

  #makeToolbar(): Toolbar {
    const desk = this.#desk;
    return new Toolbar({
      zoom: (factor) => desk.zoomBy(factor),
      fit: () => desk.fit(),
      expandAll: () => desk.openMany((session) => session.expansion.openAll()),
      collapseAll: () => desk.openMany((session) => session.expansion.closeAll()),
      setConstants: (shown) => desk.setConstants(shown),
      toggleLegend: () => this.#legend.toggle(),
      toggleHelp: () => this.#help.toggle(),
    });
  }

  #makeInteraction(tooltip: Tooltip): Interaction {
    return new Interaction(this.#desk, tooltip, {
      focus: () => this.#root.focus({ preventScroll: true }),
      focused: () => this.#root.contains(document.activeElement),
      hint: () => this.#showHint(),
      searchFocus: () => this.#search.focus(),
      searchClear: () => this.search(""),
      toggleLegend: () => this.#legend.toggle(),
      toggleHelp: () => this.#help.toggle(),
      helpOpen: () => this.#help.open,
    });
  }

  #emit(ops: number[]): void {
    for (const callback of [...this.#callbacks]) callback(ops);
  }

  #showHint(): void {
    this.#hint.dataset.shown = "true";
    clearTimeout(this.#hintTimer);
    this.#hintTimer = window.setTimeout(() => {
      this.#hint.dataset.shown = "false";
    }, HINT_MS);
  }

  #showFound(): void {
    const { found, at, query } = this.#desk.finder;
    this.#search.show(found.length, at, query);
  }

  #showPanels(): void {
    const { model, coloring } = this.#desk.session;
    this.#legend.show(model.doc, coloring, this.#theme.dark);
    this.#toolbar.showConstants(model.options.constants, model.hiddenOps);
  }

  #retheme(): void {
    this.#theme = readTheme(this.#root);
    this.#showPanels();
    this.#stage.request();
  }

  #paint(ctx: CanvasRenderingContext2D, stage: Stage): void {
    const root = this.#desk.session.root();
    const look = this.#desk.look(this.#theme);
    const start = performance.now();
    const nodes = this.#painter.paint(ctx, root, look, stage);
    const { dataset } = stage.canvas;
    dataset.visibleNodes = String(nodes);
    dataset.scale = stage.camera.scale.toFixed(4);
    dataset.selected = String(this.#desk.selectedOps.length);
    if (look.tween) stage.request();
    if (this.#painted) return;
    this.#painted = true;
    performance.mark("haoline:graph:paint");
    performance.measure("haoline:graph:paint", { start });
  }

  #nodes(): GraphNodeInfo[] {
    const { session, stage } = this.#desk;
    const { model } = session;
    const nodes: GraphNodeInfo[] = [];
    walk(session.root(), stage.view, ({ item, rect, frame }) => {
      const ops = model.opsOf(item);
      const screen = stage.toScreen(rect);
      nodes.push({
        id: item,
        label: titleOf(session, item),
        ...screen,
        group: model.isGroup(item),
        expanded: frame !== null,
        ops,
      });
      return true;
    });
    return nodes;
  }
}
