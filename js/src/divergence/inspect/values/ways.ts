import { Slider } from "../../../activations/controls.js";
import { Segments } from "../../../activations/panels/choice.js";
import { h } from "../../../views/dom.js";
import type { Way } from "../settings.js";

const WORDS: readonly (readonly [Way, string])[] = [
  ["wipe", "Wipe"],
  ["flicker", "Flicker"],
  ["side", "Side by side"],
];
/** Slower than three flashes a second, which some people must not see. */
const BEAT_MS = 600;

export interface WaysEvents {
  way(way: Way): void;
  wipe(share: number): void;
  /** The reader let go. */
  wiped(): void;
}

/** How the two sides are held against one another, and the handle of the way chosen. */
export class Ways {
  readonly #events: WaysEvents;
  readonly #segments: Segments<Way>;
  readonly #slider: Slider;
  readonly #pause: HTMLButtonElement;
  readonly #handle: HTMLElement;
  #beat: ReturnType<typeof setInterval> | undefined;
  #way: Way | null = null;
  /** While it flickers: whether the variant is in sight. */
  #second = false;

  constructor(events: WaysEvents) {
    this.#events = events;
    this.#segments = new Segments({ label: "Compare", mute: true, options: WORDS, pick: (way) => events.way(way) });
    this.#slider = new Slider("haoline-wipe", (percent) => events.wipe(percent / 100));
    const name = "Share of the pictures that shows float values";
    this.#slider.node().querySelector("input")?.setAttribute("aria-label", name);
    // What is dragged is kept once it rests; the keys of the slider are not those of the notebook.
    this.#slider.node().addEventListener("change", () => events.wiped());
    this.#slider.node().addEventListener("keydown", (event) => event.stopPropagation());
    this.#pause = h("button", { type: "button", class: "hl-button", "data-testid": "haoline-flicker-pause" });
    this.#pause.addEventListener("click", () => (this.#beat === undefined ? this.#start() : this.#stop()));
    this.#handle = h("span", { class: "hl-way-handle" }, this.#slider.node(), this.#pause);
  }

  node(): HTMLElement {
    return this.#segments.node();
  }

  /** Stands between the names of the two sides. */
  handle(): HTMLElement {
    return this.#handle;
  }

  show(way: Way, wipe: number): void {
    this.#segments.show(way);
    this.#slider.node().hidden = way !== "wipe";
    this.showWipe(wipe);
    this.#pause.hidden = way !== "flicker";
    if (way !== this.#way) this.#enter(way);
    this.#way = way;
  }

  showWipe(wipe: number): void {
    const percent = Math.round(100 * wipe);
    this.#slider.show("", { min: 0, max: 100 }, percent, `float up to ${percent} %`);
  }

  /** The other side by hand, which ends the beat. */
  swap(): void {
    this.#stop();
    this.#turn(!this.#second);
  }

  /** Out of sight nothing takes turns. */
  hide(): void {
    this.#stop();
    this.#way = null;
  }

  dispose(): void {
    clearInterval(this.#beat);
  }

  #enter(way: Way): void {
    this.#stop();
    if (way !== "flicker") return;
    this.#second = false;
    // Who asks for less motion swaps by hand.
    if (!globalThis.matchMedia?.("(prefers-reduced-motion: reduce)").matches) this.#start();
  }

  #start(): void {
    this.#stop();
    this.#beat = setInterval(() => this.#turn(!this.#second), BEAT_MS);
    this.#label();
  }

  #stop(): void {
    clearInterval(this.#beat);
    this.#beat = undefined;
    this.#label();
  }

  #turn(second: boolean): void {
    this.#second = second;
    this.#events.wipe(second ? 0 : 1);
  }

  #label(): void {
    const running = this.#beat !== undefined;
    this.#pause.textContent = running ? "Pause" : "Play";
    const title = running ? "Stop on what is shown (F swaps by hand)" : "Take turns by itself (F swaps by hand)";
    this.#pause.setAttribute("title", title);
    this.#pause.setAttribute("aria-label", title);
  }
}
