import { h, style } from "./dom.js";

const LEAST = 160;
const MOST = 4000;
const STEP = 24;

/** A bar below an element that makes it higher or lower: dragged, or with the arrow keys. */
export class ResizeHandle {
  readonly #target: HTMLElement;
  readonly #done: (height: number) => void;
  readonly #node = h("div", {
    class: "hl-resize",
    role: "separator",
    tabindex: "0",
    "aria-orientation": "horizontal",
    "aria-label": "Height of the graph",
    "aria-valuemin": String(LEAST),
    "aria-valuemax": String(MOST),
    "data-testid": "haoline-resize",
  });
  #height = 0;

  /** `done` hears of a height when the reader is through with it. */
  constructor(target: HTMLElement, height: number, done: (height: number) => void) {
    this.#target = target;
    this.#done = done;
    this.#node.addEventListener("pointerdown", (event) => this.#grab(event));
    this.#node.addEventListener("keydown", (event) => this.#key(event));
    this.set(height);
  }

  node(): HTMLElement {
    return this.#node;
  }

  set(height: number): void {
    const wanted = Number.isFinite(height) ? Math.round(height) : LEAST;
    this.#height = Math.max(LEAST, Math.min(MOST, wanted));
    this.#node.setAttribute("aria-valuenow", String(this.#height));
    style(this.#target, "height", `${this.#height}px`);
  }

  dispose(): void {
    this.#node.remove();
  }

  #grab(event: PointerEvent): void {
    if (event.button !== 0) return;
    event.preventDefault();
    this.#node.focus({ preventScroll: true });
    const [from, height] = [event.clientY, this.#height];
    const move = ({ clientY }: PointerEvent): void => this.set(height + clientY - from);
    const end = (): void => {
      this.#node.removeEventListener("pointermove", move);
      this.#node.removeEventListener("pointerup", end);
      this.#node.removeEventListener("pointercancel", end);
      if (this.#height !== height) this.#done(this.#height);
    };
    this.#node.setPointerCapture?.(event.pointerId);
    this.#node.addEventListener("pointermove", move);
    this.#node.addEventListener("pointerup", end);
    this.#node.addEventListener("pointercancel", end);
  }

  #key(event: KeyboardEvent): void {
    const step = { ArrowDown: STEP, ArrowUp: -STEP, PageDown: 8 * STEP, PageUp: -8 * STEP }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    this.set(this.#height + step);
    this.#done(this.#height);
  }
}
