/** The DOM around the canvas: builds the panels, ties them to the desk, keeps them up to date. */

import type { Desk } from "../desk.js";
import type { Explorer } from "../explorer.js";
import { type Commands, graphCommands, type Surroundings } from "../input/commands.js";
import { handleKey } from "../input/keys.js";
import { Walker } from "../input/walker.js";
import { addressOf } from "../model/address.js";
import { OP } from "../model/tree.js";
import type { Rect } from "../paint/camera.js";
import type { Theme } from "../paint/theme.js";
import { Breadcrumb } from "./breadcrumb.js";
import { element } from "./dom.js";
import { FilterChips } from "./filter-chips.js";
import { isFullScreen, toggleFullScreen } from "./full-screen.js";
import { HelpPanel } from "./help.js";
import { LegendPanel } from "./legend.js";
import { Menu, type MenuContent } from "./menu.js";
import { contextMenu, levelsMenu, moreMenu, type Save } from "./menus.js";
import { Mirrors } from "./mirrors.js";
import { SearchBox } from "./search-box.js";
import { SelectionBar } from "./selection-bar.js";
import { Toolbar } from "./toolbar.js";
import { Tooltip } from "./tooltip.js";

const HINT_MS = 1400;
const HINT = "Click the graph, or hold Ctrl, to zoom with the wheel";

export interface PanelOptions {
  readonly theme: () => Theme;
  readonly showInTable: ((ops: readonly number[]) => void) | undefined;
  readonly copyLink: (() => void) | undefined;
  readonly saves: readonly Save[];
}

export class Panels {
  readonly tooltip = new Tooltip();
  readonly commands: Commands;
  readonly #root: HTMLElement;
  readonly #desk: Desk;
  readonly #explorer: Explorer;
  readonly #options: PanelOptions;
  readonly #hint = element("div", "haoline-graph-hint");
  readonly #spoken = element("div", "haoline-graph-spoken");
  readonly #band = element("div", "haoline-graph-band");
  readonly #legend: LegendPanel;
  readonly #menu = new Menu(() => this.focus());
  readonly #search: SearchBox;
  readonly #chips: FilterChips;
  readonly #crumbs: Breadcrumb;
  readonly #selection: SelectionBar;
  readonly #toolbar: Toolbar;
  readonly #help: HelpPanel;
  readonly #mirrors: Mirrors;
  #hintTimer = 0;
  #offering = false;

  /** `root` holds the canvas and takes the keyboard. */
  constructor(root: HTMLElement, desk: Desk, explorer: Explorer, options: PanelOptions) {
    this.#root = root;
    this.#desk = desk;
    this.#explorer = explorer;
    this.#options = options;
    this.commands = graphCommands(desk, explorer, new Walker(desk), this.#surroundings());
    this.#search = new SearchBox({
      query: (text) => explorer.find(text),
      step: (direction) => explorer.stepMatch(direction),
      filter: (text) => explorer.filter(text),
      leave: () => this.focus(),
    });
    this.#legend = new LegendPanel({
      onBrush: (query) => explorer.brush(query),
      onScale: (choice) => desk.tints.rescale(choice),
    });
    this.#chips = new FilterChips({ toggle: (query) => explorer.toggleTerm(query) });
    this.#crumbs = new Breadcrumb((item) => desk.enter(item));
    this.#selection = new SelectionBar(this.commands, () => explorer.unfollow());
    this.#help = new HelpPanel(this.commands, () => this.#toggleHelp());
    this.#mirrors = new Mirrors(desk, options.theme, () => this.focus());
    this.#toolbar = this.#makeToolbar();
    this.#assemble();
  }

  dispose(): void {
    clearTimeout(this.#hintTimer);
    this.#menu.dispose();
    this.#mirrors.dispose();
  }

  focus(): void {
    this.#root.focus({ preventScroll: true });
  }

  focused(): boolean {
    return this.#root.contains(document.activeElement);
  }

  say(text: string): void {
    this.#spoken.textContent = text;
  }

  /** For the eye as well. */
  tell(text: string): void {
    this.say(text);
    this.#showHint(text);
  }

  setSearch(text: string): void {
    this.#search.set(text);
  }

  /** Shows a rectangle over the canvas; null: none. */
  showBand(area: Rect | null): void {
    this.#band.hidden = area === null;
    if (!area) return;
    Object.assign(this.#band.style, {
      transform: `translate(${area.x}px, ${area.y}px)`,
      width: `${area.w}px`,
      height: `${area.h}px`,
    });
  }

  /** How to zoom. */
  showHint(): void {
    this.#showHint(HINT);
  }

  #showHint(text: string): void {
    this.#hint.textContent = text;
    this.#hint.dataset.shown = "true";
    clearTimeout(this.#hintTimer);
    this.#hintTimer = window.setTimeout(() => {
      this.#hint.dataset.shown = "false";
    }, HINT_MS);
  }

  openContextMenu(x: number, y: number): void {
    this.#openMenu("Graph", contextMenu(this.#desk, this.commands), x, y);
  }

  /** Colours, what is hidden or the document changed. */
  showLegend(theme: Theme): void {
    const { model, coloring, edgeColoring } = this.#desk.session;
    this.#legend.show({ doc: model.doc, coloring, edgeColoring, dark: theme.dark });
    this.#mirrors.recolored();
  }

  /** A frame was painted. */
  painted(): void {
    this.#mirrors.painted();
  }

  /** Offers filters from now on: what they let through takes a look at every op. */
  offer(): void {
    this.#offering = true;
    this.#showFilters();
  }

  #showFilters(): void {
    const { session, finder } = this.#desk;
    const quick = this.#offering ? this.#explorer.quick() : [];
    this.#chips.show(quick, finder.filter, finder.passing, session.model.doc.ops.rows);
  }

  /** What is selected, found, followed, filtered or shown alone changed. */
  refresh(): void {
    const { session, finder, chosen, selectedOps } = this.#desk;
    const { query, found, outside, at, problem, filter } = finder;
    this.#search.show({ query, total: found.length, outside, at, problem });
    this.#showFilters();
    this.#legend.showFilter(filter);
    this.#crumbs.show(session);
    this.#selection.show(session, chosen, selectedOps.length, this.#explorer.result());
    this.#toolbar.refresh();
    this.#mirrors.selected();
  }

  #assemble(): void {
    this.#spoken.setAttribute("aria-live", "polite");
    this.#band.hidden = true;
    const [top, rest] = [element("div", "haoline-graph-top"), element("div", "haoline-graph-rest")];
    rest.append(this.#crumbs.node(), this.#selection.node());
    top.append(this.#search.node(), this.#chips.node(), rest);
    const panels = [this.#toolbar, this.#legend, this.#help, this.#menu, this.tooltip];
    const nodes = panels.map((panel) => panel.node());
    this.#root.append(top, ...this.#mirrors.nodes(), ...nodes, this.#band, this.#hint, this.#spoken);
    this.#root.addEventListener("keydown", (event) => handleKey(event, this.commands, (text) => this.tell(text)));
  }

  #makeToolbar(): Toolbar {
    const beside = (label: string, content: () => MenuContent) => (at: HTMLElement, closed: () => void) => {
      const [box, room] = [at.getBoundingClientRect(), this.#root.getBoundingClientRect()];
      this.#openMenu(label, content(), box.left - room.left - MENU_WIDTH, box.top - room.top, closed);
    };
    return new Toolbar(
      this.commands,
      beside("Levels", () => levelsMenu(this.commands)),
      beside("More", () => moreMenu(this.#desk, this.commands, this.#options.saves)),
      () => this.focus(),
    );
  }

  #openMenu(label: string, content: MenuContent, x: number, y: number, closed?: () => void): void {
    this.tooltip.hide();
    this.#menu.show(label, content, x, y, closed);
  }

  #surroundings(): Surroundings {
    return {
      searchFocus: () => this.#search.focus(),
      toggleLegend: () => this.#legend.toggle(),
      toggleHelp: () => this.#toggleHelp(),
      toggleMap: () => this.#mirrors.map.toggle(),
      toggleOutline: () => this.#mirrors.outline.toggle(),
      toggleFullScreen: () => void toggleFullScreen(this.#root, (text) => this.tell(text)),
      mapOn: () => this.#mirrors.map.shown,
      outlineOn: () => this.#mirrors.outline.open,
      fullScreenOn: () => isFullScreen(this.#root),
      openMenu: () => this.#menuAtSelection(),
      escape: () => this.#escape(),
      copyName: () => this.#copyName(),
      showInTable: this.#options.showInTable,
      copyLink: this.#options.copyLink,
    };
  }

  #toggleHelp(): void {
    this.#help.toggle();
    if (this.#help.open) this.#help.node().focus({ preventScroll: true });
    else this.focus();
  }

  #menuAtSelection(): void {
    const { session, stage, marked } = this.#desk;
    const [first] = marked;
    const rect = first === undefined ? undefined : session.place(first)?.rect;
    const at = rect ? stage.toScreen(rect) : { x: stage.width / 2, y: stage.height / 2, w: 0, h: 0 };
    this.openContextMenu(at.x + at.w / 2, at.y + at.h / 2);
  }

  /** The last thing first. */
  #escape(): void {
    const { finder, chosen } = this.#desk;
    this.tooltip.hide();
    if (this.#help.open) this.#toggleHelp();
    else if (finder.follower.member) this.#explorer.unfollow();
    else if (finder.query !== "") this.#clearSearch();
    else if (chosen.length > 0) this.#desk.choose([]);
    else if (finder.filter !== "") this.#explorer.filter("");
  }

  #clearSearch(): void {
    this.#search.set("");
    this.#explorer.find("");
  }

  #copyName(): void {
    const { chosen, session } = this.#desk;
    const { model } = session;
    const names = chosen.map((item) =>
      model.tree.kind[item] === OP ? model.labels.opName(model.tree.ref[item]!) : addressOf(model, item),
    );
    // Without the right to write there the page can do nothing; the name stands in the tooltip all the same.
    void navigator.clipboard?.writeText(names.join("\n")).then(
      () => this.tell("Copied"),
      () => this.tell("The browser does not let this page copy"),
    );
  }
}

/** Menus of the toolbar open to its left. */
const MENU_WIDTH = 216;
