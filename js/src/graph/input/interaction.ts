/** What pointer and keys do to the graph. */

import type { Desk } from "../desk.js";
import { ROOT, RUN } from "../model/tree.js";
import { type Camera, pannedBy, zoomAt } from "../paint/camera.js";
import type { EdgeRef } from "../paint/look.js";
import { edgeFacts, factsOf, titleOf } from "../panels/describe.js";
import type { Tooltip } from "../panels/tooltip.js";
import type { Frame } from "../scene/frame.js";
import { type Hit, hitBox, hitEdge } from "../scene/hit.js";
import { neighbour } from "../scene/neighbours.js";
import { FRAME } from "../scene/sizes.js";
import type { Direction, KeyTarget } from "./keys.js";
import type { PointerTarget } from "./pointer.js";

const EDGE_REACH = 6;

export interface Surroundings {
  focus(): void;
  /** Whether the graph has the keyboard. */
  focused(): boolean;
  /** Tells how to zoom. */
  hint(): void;
  searchFocus(): void;
  searchClear(): void;
  toggleLegend(): void;
  toggleHelp(): void;
  helpOpen(): boolean;
}

export class Interaction implements PointerTarget, KeyTarget {
  readonly #desk: Desk;
  readonly #tooltip: Tooltip;
  readonly #around: Surroundings;

  constructor(desk: Desk, tooltip: Tooltip, around: Surroundings) {
    this.#desk = desk;
    this.#tooltip = tooltip;
    this.#around = around;
  }

  pan(dx: number, dy: number): void {
    this.#move(pannedBy(this.#desk.stage.target, dx, dy));
  }

  zoom(factor: number, x: number, y: number): void {
    this.#move(zoomAt(this.#desk.stage.target, factor, x, y));
  }

  #move(camera: Camera): void {
    this.#desk.fitted = false;
    this.#tooltip.hide();
    this.#desk.stage.jump(camera);
  }

  /** A bare wheel belongs to the notebook until the graph has the focus. */
  takesWheel(): boolean {
    if (this.#around.focused()) return true;
    this.#around.hint();
    return false;
  }

  hover(sx: number, sy: number): void {
    const { session, stage } = this.#desk;
    const { x, y } = stage.worldAt(sx, sy);
    const hit = hitBox(session.model, session.expansion, session.root(), x, y);
    const edge = onBackground(hit, y) ? hitEdge(session.root(), x, y, EDGE_REACH / stage.camera.scale) : null;
    const item = edge || !hit || (hit.placed.frame && onBackground(hit, y)) ? -1 : hit.placed.item;
    this.#setHover(item, edge);
    stage.canvas.dataset.pointer = item >= 0 || edge ? "node" : "";
    if (edge) this.#edgeTip(edge, sx, sy);
    else if (item >= 0) this.#tip(titleOf(session, item), factsOf(session, item), sx, sy);
    else this.#tooltip.hide();
  }

  leave(): void {
    this.#setHover(-1, null);
    this.#tooltip.hide();
  }

  #setHover(item: number, edge: EdgeRef | null): void {
    const desk = this.#desk;
    if (item === desk.hover && edge?.item === desk.hoverEdge?.item && edge?.edge === desk.hoverEdge?.edge) return;
    desk.hover = item;
    desk.hoverEdge = edge;
    desk.stage.request();
  }

  #edgeTip(edge: EdgeRef, x: number, y: number): void {
    const frame = this.#frameOf(edge);
    if (!frame) return;
    const { title, facts } = edgeFacts(this.#desk.session.model, frame, edge.edge);
    this.#tip(title, facts, x, y);
  }

  #tip(title: string, facts: ReturnType<typeof factsOf>, x: number, y: number): void {
    this.#tooltip.show(title, facts, x, y, this.#desk.stage.width, this.#desk.stage.height);
  }

  #frameOf(edge: EdgeRef): Frame | null {
    const { session } = this.#desk;
    return edge.item === ROOT ? session.root() : (session.place(edge.item)?.frame ?? null);
  }

  click(sx: number, sy: number, add: boolean): void {
    this.#around.focus();
    this.#tooltip.hide();
    const desk = this.#desk;
    const { x, y } = desk.stage.worldAt(sx, sy);
    const hit = hitBox(desk.session.model, desk.session.expansion, desk.session.root(), x, y);
    if (hit && hit.part !== "body") return this.#press(hit);
    if (onBackground(hit, y)) return this.#clickBackground(x, y);
    const item = hit?.placed.item ?? -1;
    const ops = item < 0 ? [] : desk.session.model.opsOf(item);
    desk.choose(item, add ? [...new Set([...desk.selectedOps, ...ops])] : ops);
    if (!add && desk.session.model.isGroup(item) && !desk.session.expansion.isOpen(item)) desk.toggle(item);
  }

  #press(hit: Hit): void {
    const { item } = hit.placed;
    if (hit.part === "toggle") this.#desk.toggle(item);
    else if (hit.part === "unroll") this.#desk.unroll(item);
    else this.#desk.page(item, hit.part === "next" ? 1 : -1);
  }

  /** A stub jumps to where its tensor comes from; empty space selects nothing. */
  #clickBackground(x: number, y: number): void {
    const { session, stage } = this.#desk;
    const edge = hitEdge(session.root(), x, y, EDGE_REACH / stage.camera.scale);
    const frame = edge ? this.#frameOf(edge) : null;
    if (!edge || !frame) return this.#desk.choose(-1, []);
    if (!frame.layout.stub[edge.edge]) return;
    const source = session.model.tree.itemOf[session.model.edges.from[frame.edges.sample[edge.edge]!]!]!;
    this.#desk.focus(source);
    this.#desk.choose(source, session.model.opsOf(source));
  }

  doubleClick(sx: number, sy: number): void {
    const { session, stage } = this.#desk;
    const { x, y } = stage.worldAt(sx, sy);
    const hit = hitBox(session.model, session.expansion, session.root(), x, y);
    if (hit && hit.part !== "body") return this.#press(hit);
    // The first click opened what was closed: only the title of an open group is left to act on.
    if (hit && !onBackground(hit, y) && session.expansion.isOpen(hit.placed.item)) this.#desk.toggle(hit.placed.item);
  }

  walk(direction: Direction): void {
    const desk = this.#desk;
    const from = desk.cursor >= 0 ? desk.session.expansion.visible(desk.cursor) : ([...desk.marked][0] ?? -1);
    const next = from < 0 ? (desk.session.root().boxes[0] ?? -1) : neighbour(desk.session, from, direction);
    if (next < 0) return;
    desk.choose(next, desk.session.model.opsOf(next));
    const rect = desk.session.place(next)?.rect;
    if (rect) desk.mover.show(rect);
    desk.fitted = false;
  }

  toggle(): void {
    if (this.#desk.cursor >= 0) this.#desk.toggle(this.#desk.session.expansion.visible(this.#desk.cursor));
  }

  /** Pages the selected run, or the one around the selection. */
  page(step: 1 | -1): void {
    const { session, cursor } = this.#desk;
    for (let item = cursor; item >= 0; item = session.model.tree.parent[item]!) {
      if (session.expansion.isOpen(item) && session.model.tree.kind[item] === RUN) return this.#desk.page(item, step);
    }
  }

  fit(): void {
    this.#desk.fit();
  }

  zoomBy(factor: number): void {
    this.#desk.zoomBy(factor);
  }

  searchFocus(): void {
    this.#around.searchFocus();
  }

  toggleLegend(): void {
    this.#around.toggleLegend();
  }

  toggleHelp(): void {
    this.#around.toggleHelp();
  }

  escape(): void {
    this.#tooltip.hide();
    if (this.#around.helpOpen()) this.#around.toggleHelp();
    else if (this.#desk.finder.query !== "") this.#around.searchClear();
    else this.#desk.choose(-1, []);
  }
}

/** Empty space: outside all boxes, or inside an open group below its title. */
function onBackground(hit: Hit | null, y: number): boolean {
  return !hit || (hit.placed.frame !== null && y - hit.placed.rect.y > FRAME.title);
}
