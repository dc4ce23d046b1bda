import { h, style } from "../views/dom.js";

/** A canvas as sharp as the screen. */
export class Surface {
  readonly canvas: HTMLCanvasElement;
  #width = 0;
  #height = 0;

  constructor(className: string) {
    this.canvas = h("canvas", { class: className, "aria-hidden": "true" });
  }

  /** CSS pixels. A canvas that changes is empty until it is drawn. */
  fit(width: number, height: number): void {
    [this.#width, this.#height] = [width, height];
    const [w, h] = [Math.round(width * devicePixelRatio), Math.round(height * devicePixelRatio)];
    if (this.canvas.width !== w) this.canvas.width = w;
    if (this.canvas.height !== h) this.canvas.height = h;
    style(this.canvas, "width", `${width}px`);
    style(this.canvas, "height", `${height}px`);
  }

  /** Its context in CSS pixels over an even ground; null where there is none to draw on. */
  begin(ground: string): CanvasRenderingContext2D | null {
    const context = this.canvas.getContext("2d");
    if (!context) return null;
    context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    context.fillStyle = ground;
    context.fillRect(0, 0, this.#width, this.#height);
    return context;
  }
}
