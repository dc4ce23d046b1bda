import type { Cleanup } from "../cleanup.js";
import { h, style } from "../dom.js";

const SPARE = 6;
/** Rows that are drawn however little room there seems to be: while a theme changes there is none. */
const LEAST = 24;

export interface RowSource {
  readonly height: number;
  create(): HTMLElement;
  /** Show the row at a position of the current order in an element made by `create`. */
  fill(row: HTMLElement, position: number): void;
}

/** A scrolling list that keeps only the rows in sight in the page, and reuses their elements. */
export class VirtualRows {
  #source: RowSource;
  #scroller: HTMLElement;
  #header: HTMLElement;
  #body = h("div", { class: "hl-rows", role: "rowgroup" });
  #pool: HTMLElement[] = [];
  #count = 0;
  #frame = 0;

  constructor(scroller: HTMLElement, header: HTMLElement, source: RowSource, cleanup: Cleanup) {
    this.#scroller = scroller;
    this.#header = header;
    this.#source = source;
    scroller.append(header, this.#body);
    scroller.addEventListener("scroll", () => this.#later(), { passive: true });
    cleanup.resize(scroller, () => this.#later());
    cleanup.resize(header, () => this.#later()); // it takes the room while a theme changes
    cleanup.add(() => cancelAnimationFrame(this.#frame));
  }

  get count(): number {
    return this.#count;
  }

  /** Whole rows that fit in sight. */
  get page(): number {
    return Math.max(1, Math.floor(this.#room() / this.#source.height) - 1);
  }

  setCount(count: number): void {
    this.#count = count;
    style(this.#body, "height", `${count * this.#source.height}px`);
    this.refresh();
  }

  /** Draw the rows in sight again. */
  refresh(): void {
    const { height } = this.#source;
    const first = Math.max(0, Math.floor(this.#scroller.scrollTop / height) - SPARE);
    const wanted = Math.min(this.#count - first, Math.max(LEAST, Math.ceil(this.#room() / height)) + 2 * SPARE);
    this.#resizePool(Math.max(0, wanted));
    for (const [at, row] of this.#pool.entries()) {
      style(row, "transform", `translateY(${(first + at) * height}px)`);
      this.#source.fill(row, first + at);
    }
  }

  /** Scroll just far enough that a position is in sight. */
  reveal(position: number): void {
    const { height } = this.#source;
    const room = this.#room();
    const top = position * height;
    const at = this.#scroller.scrollTop;
    if (top < at) this.#scroller.scrollTop = top;
    else if (top + height > at + room) this.#scroller.scrollTop = top + height - room;
    this.refresh();
  }

  #room(): number {
    return Math.max(0, this.#scroller.clientHeight - this.#header.offsetHeight);
  }

  #resizePool(size: number): void {
    for (const row of this.#pool.splice(size)) row.remove();
    while (this.#pool.length < size) {
      const row = this.#source.create();
      this.#pool.push(row);
      this.#body.append(row);
    }
  }

  #later(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.refresh());
  }
}
