import { button } from "../../../activations/controls.js";
import type { Channels } from "../../../activations/maps/channels.js";
import { channelText } from "../../../activations/maps/describe.js";
import type { Pictured } from "../../../activations/panel.js";
import { SlicePicker } from "../../../activations/plane/slices.js";
import type { Slice } from "../../../activations/settings.js";
import { channelWord, type Showing } from "../../../activations/showing.js";
import { h } from "../../../views/dom.js";

export interface StepEvents {
  back(): void;
  turn(step: number): void;
  slice(slice: Slice): void;
}

/** From one channel to the next and back to all; or which two axes are shown. */
export class Steps {
  readonly #slices: SlicePicker;
  readonly #buttons: HTMLElement;
  readonly #about = h("p", { class: "hl-single-about" });
  readonly #node: HTMLElement;

  constructor({ back, turn, slice }: StepEvents) {
    this.#slices = new SlicePicker(slice);
    this.#buttons = h(
      "div",
      { class: "hl-controls" },
      button("← All", "Back to all of them (Escape)", "haoline-compared-back", back),
      button("‹", "The one before (Page Up)", "haoline-compared-previous", () => turn(-1)),
      button("›", "The next one (Page Down)", "haoline-compared-next", () => turn(1)),
    );
    this.#node = h("div", { class: "hl-single-head" }, this.#buttons, this.#slices.node(), this.#about);
  }

  node(): HTMLElement {
    return this.#node;
  }

  show(shown: Pictured, what: Showing, channels: Channels): void {
    this.#node.hidden = what.kind === "grid" || what.kind === "nothing";
    this.#buttons.hidden = what.kind !== "channel";
    this.#slices.node().hidden = what.kind !== "plane";
    if (what.kind === "plane") this.#slices.show(shown);
    const word = channelWord(shown.doc, shown.row);
    this.#about.textContent = what.kind === "channel" ? channelText(channels, what.channel, word) : "";
  }
}
