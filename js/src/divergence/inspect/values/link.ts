import { type Camera, WHOLE } from "../../../activations/plane/camera.js";
import type { Pane, Spot } from "./pane.js";

/** Keeps panes of one thing in step: where they look, how far they are scrolled, where somebody points. */
export class Link {
  readonly #panes: readonly Pane[];
  #key = "";
  #camera: Camera = WHOLE;
  #top = 0;
  /** One pane leads the others, which must not lead it. */
  #leading = false;

  constructor(panes: readonly Pane[]) {
    this.#panes = panes;
  }

  /** After all panes were shown; `key`: what they show. */
  settle(key: string): void {
    if (key !== this.#key) [this.#camera, this.#top] = [WHOLE, 0];
    this.#key = key;
    this.#lead(null, (pane) => {
      pane.follow(this.#camera);
    });
  }

  camera(from: Pane, camera: Camera): void {
    if (this.#leading) return;
    this.#camera = camera;
    this.#lead(from, (pane) => pane.follow(camera));
  }

  scroll(from: Pane, top: number): void {
    if (Math.abs(top - this.#top) < 1) return;
    this.#top = top;
    this.#lead(from, (pane) => pane.scroll(top));
  }

  point(from: Pane, spot: Spot | null): void {
    from.mark(null);
    this.#lead(from, (pane) => pane.mark(spot));
  }

  #lead(from: Pane | null, each: (pane: Pane) => void): void {
    this.#leading = true;
    for (const pane of this.#panes) if (pane !== from) each(pane);
    this.#leading = false;
  }
}
