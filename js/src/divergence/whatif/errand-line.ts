import { h, style } from "../../views/dom.js";
import type { ErrandState } from "./errand.js";

/** What the kernel is doing for the reader, how far it is, and the way to stop it. */
export class ErrandLine {
  readonly #what = h("span", { class: "hl-errand-what" });
  readonly #bar = h(
    "div",
    { class: "hl-errand-bar", role: "progressbar", "aria-valuemin": "0", "aria-valuemax": "100" },
    h("span"),
  );
  readonly #stop = h("button", { type: "button", class: "hl-button", "data-testid": "haoline-errand-stop" }, "Cancel");
  readonly #failed = h("p", { class: "hl-error", role: "alert" });
  readonly #running: HTMLElement;
  readonly #node: HTMLElement;

  constructor(stop: () => void) {
    this.#stop.addEventListener("click", stop);
    this.#running = h("div", { class: "hl-errand", role: "status" }, this.#what, this.#bar, this.#stop);
    this.#node = h("div", { "data-testid": "haoline-errand" }, this.#running, this.#failed);
  }

  node(): HTMLElement {
    return this.#node;
  }

  show({ what, progress, stopping, failed }: ErrandState): void {
    this.#running.hidden = what === "";
    this.#failed.hidden = failed === "";
    this.#failed.textContent = failed;
    const words = [what, progress?.stage].filter(Boolean).join(": ");
    this.#what.textContent = stopping ? "Stopping …" : words;
    this.#stop.disabled = stopping;
    const fraction = progress?.fraction ?? null;
    this.#bar.classList.toggle("hl-unknown", fraction === null);
    if (fraction === null) this.#bar.removeAttribute("aria-valuenow");
    else this.#bar.setAttribute("aria-valuenow", String(Math.round(fraction * 100)));
    this.#bar.setAttribute("aria-label", words || "Progress");
    style(this.#bar.firstElementChild as HTMLElement, "width", `${(fraction ?? 0) * 100}%`);
  }
}
