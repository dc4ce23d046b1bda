/** What mirrors the drawing beside it: the map in the corner, the outline in words. */

import type { Desk } from "../desk.js";
import { type Camera, centred } from "../paint/camera.js";
import { Painter } from "../paint/painter.js";
import type { Theme } from "../paint/theme.js";
import { rootRect } from "../scene/walk.js";
import { spoken, titleOf } from "./describe.js";
import { Minimap } from "./minimap.js";
import { Outline } from "./outline.js";

const REST_MS = 250;

export class Mirrors {
  readonly map: Minimap;
  readonly outline: Outline;
  readonly #desk: Desk;
  #frame: object | null = null;
  #timer = 0;

  /** `leave` gives the keyboard back to the graph. */
  constructor(desk: Desk, theme: () => Theme, leave: () => void) {
    this.#desk = desk;
    this.map = makeMap(desk, theme);
    this.outline = makeOutline(desk, leave);
  }

  nodes(): HTMLElement[] {
    return [this.map.node(), this.outline.node()];
  }

  /** Colours changed. */
  recolored(): void {
    this.map.changed();
  }

  /** A frame was painted: what stands in it may be another drawing, or the camera elsewhere. */
  painted(): void {
    const frame = this.#desk.session.root();
    if (frame !== this.#frame) {
      this.#frame = frame;
      this.map.changed();
      this.#tellOutline();
    }
    this.map.moved();
  }

  /** The selection is another one. */
  selected(): void {
    this.#tellOutline();
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.map.dispose();
  }

  /** An outline that nobody sees may follow when the hand rests. */
  #tellOutline(): void {
    clearTimeout(this.#timer);
    if (this.outline.visible) this.#follow();
    else this.#timer = window.setTimeout(() => this.#follow(), REST_MS);
  }

  #follow(): void {
    const [first] = this.#desk.marked;
    this.outline.changed();
    if (first !== undefined) this.outline.follow(first);
  }
}

function makeMap(desk: Desk, theme: () => Theme): Minimap {
  const painter = new Painter();
  const { stage } = desk;
  return new Minimap({
    world: () => rootRect(desk.session.root()),
    view: () => stage.view,
    paint: (ctx: CanvasRenderingContext2D, camera: Camera, width: number, height: number, ratio: number) => {
      const look = { ...desk.look(theme()), selected: new Set<number>(), hover: -1, hoverEdge: null, tween: null };
      painter.paint(ctx, desk.session.root(), look, { camera, width, height, ratio, names: false });
    },
    moveTo: (x, y) => {
      desk.fitted = "no";
      stage.jump(centred({ x, y, w: 0, h: 0 }, stage.width, stage.height, stage.target.scale));
      desk.events.touched("camera");
    },
  });
}

function makeOutline(desk: Desk, leave: () => void): Outline {
  const content = (item: number): readonly number[] => desk.session.expansion.content(item);
  return new Outline(
    {
      children: (item) => content(item < 0 ? desk.session.top : item),
      isGroup: (item) => desk.session.model.isGroup(item),
      isOpen: (item) => desk.session.expansion.isOpen(item),
      isSelected: (item) => desk.marked.has(item),
      title: (item) => titleOf(desk.session, item),
      note: (item) => desk.session.model.labels.subtitle(item),
      spoken: (item) => spoken(desk.session, item),
    },
    {
      toggle: (item) => desk.toggle(item),
      choose: (item) => {
        desk.bring(item);
        desk.choose([item]);
      },
      leave,
    },
  );
}
