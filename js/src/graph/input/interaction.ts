/** What the pointer does to the graph. */

import type { Desk } from "../desk.js";
import type { Explorer } from "../explorer.js";
import { ROOT } from "../model/tree.js";
import { type Camera, pannedBy, type Rect, zoomAt } from "../paint/camera.js";
import type { EdgeRef } from "../paint/look.js";
import { edgeFacts, factsOf, titleOf } from "../panels/describe.js";
import type { Tooltip } from "../panels/tooltip.js";
import type { Frame } from "../scene/frame.js";
import { type Hit, hitBox, hitEdge } from "../scene/hit.js";
import { FRAME } from "../scene/sizes.js";
import type { PointerTarget } from "./pointer.js";

const EDGE_REACH = 6;

/** What the pointer needs from around the canvas. */
export interface PointerSurroundings {
  focus(): void;
  /** Whether the graph has the keyboard. */
  focused(): boolean;
  /** Tells how to zoom. */
  hint(): void;
  openMenu(x: number, y: number): void;
  /** Shows a rectangle over the canvas; null: none. */
  band(area: Rect | null): void;
}

export class Interaction implements PointerTarget {
  readonly #desk: Desk;
  readonly #explorer: Explorer;
  readonly #tooltip: Tooltip;
  readonly #around: PointerSurroundings;

  constructor(desk: Desk, explorer: Explorer, tooltip: Tooltip, around: PointerSurroundings) {
    this.#desk = desk;
    this.#explorer = explorer;
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
    this.#desk.fitted = "no";
    this.#tooltip.hide();
    this.#desk.stage.jump(camera);
    this.#desk.events.touched("camera");
  }

  /** A bare wheel belongs to the notebook until the graph has the focus. */
  takesWheel(): boolean {
    if (this.#around.focused()) return true;
    this.#around.hint();
    return false;
  }

  takesFinger(): boolean {
    return this.#around.focused();
  }

  #hit(sx: number, sy: number): { hit: Hit | null; x: number; y: number } {
    const { session, stage } = this.#desk;
    const { x, y } = stage.worldAt(sx, sy);
    return { hit: hitBox(session.model, session.expansion, session.root(), x, y), x, y };
  }

  #edgeAt(x: number, y: number): EdgeRef | null {
    const { session, stage } = this.#desk;
    return hitEdge(session.root(), x, y, EDGE_REACH / stage.camera.scale);
  }

  hover(sx: number, sy: number): void {
    const { session, stage } = this.#desk;
    const { hit, x, y } = this.#hit(sx, sy);
    const edge = onBackground(hit, y) ? this.#edgeAt(x, y) : null;
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
    const { hit, x, y } = this.#hit(sx, sy);
    if (hit && hit.part !== "body") return this.#press(hit);
    if (onBackground(hit, y)) return this.#clickBackground(x, y, add);
    const item = hit?.placed.item ?? -1;
    desk.choose(item < 0 ? [] : [item], add);
    if (!add && desk.session.model.isGroup(item) && !desk.session.expansion.isOpen(item)) desk.toggle(item);
  }

  #press(hit: Hit): void {
    const { item } = hit.placed;
    if (hit.part === "toggle" && item === this.#desk.session.top) this.#desk.enter(ROOT);
    else if (hit.part === "toggle") this.#desk.toggle(item);
    else if (hit.part === "unroll") this.#desk.unroll(item);
    else this.#desk.page(item, hit.part === "next" ? 1 : -1);
  }

  /** A stub jumps to where its tensor comes from; empty space selects nothing. */
  #clickBackground(x: number, y: number, add: boolean): void {
    const { session } = this.#desk;
    const edge = this.#edgeAt(x, y);
    const frame = edge ? this.#frameOf(edge) : null;
    if (!edge || !frame) {
      if (!add) this.#desk.choose([]);
      return;
    }
    if (!frame.layout.stub[edge.edge]) return;
    const sample = frame.edges.sample[edge.edge]!;
    const { itemOf } = session.model.tree;
    const reader = itemOf[session.model.edges.to[sample]!]!;
    this.#explorer.visit(itemOf[session.model.edges.from[sample]!]!, reader);
  }

  doubleClick(sx: number, sy: number): void {
    const { session } = this.#desk;
    const { hit, y } = this.#hit(sx, sy);
    if (hit && hit.part !== "body") return this.#press(hit);
    // The first click opened what was closed: only the title of an open group is left to act on.
    if (hit && !onBackground(hit, y) && session.expansion.isOpen(hit.placed.item)) this.#desk.toggle(hit.placed.item);
  }

  /** What is not selected yet becomes the selection, unopened: the menu is about it. */
  menu(sx: number, sy: number): void {
    this.#around.focus();
    this.leave();
    const { hit, y } = this.#hit(sx, sy);
    const item = hit && !onBackground(hit, y) ? hit.placed.item : -1;
    if (item >= 0 && !this.#desk.marked.has(item)) this.#desk.choose([item]);
    this.#around.openMenu(sx, sy);
  }

  band(area: Rect | null): void {
    this.leave();
    this.#around.band(area);
  }

  pick(area: Rect, add: boolean): void {
    this.#around.focus();
    const { stage } = this.#desk;
    const { scale } = stage.camera;
    this.#desk.selectWithin({ ...stage.worldAt(area.x, area.y), w: area.w / scale, h: area.h / scale }, add);
  }
}

/** Empty space: outside all boxes, or inside an open group below its title. */
function onBackground(hit: Hit | null, y: number): boolean {
  return !hit || (hit.placed.frame !== null && y - hit.placed.rect.y > FRAME.title);
}
