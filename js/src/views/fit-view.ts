import type { ReportDocument } from "../data/index.js";
import { WeightsFit } from "./charts/weights-fit.js";
import { h, put } from "./dom.js";
import { profileDetails } from "./hardware-parts.js";
import { findProfile } from "./profiles.js";
import { section } from "./section.js";
import type { Scene, View } from "./view.js";

/** What hardware means to a checkpoint: whether its weights fit. Without ops there is no time to estimate. */
export class FitView implements View {
  readonly #fit = new WeightsFit();
  readonly #device = h("div", { class: "hl-device" });
  readonly #node: HTMLElement;

  constructor(scene: Scene) {
    const hint =
      scene.report.holds === "weights"
        ? "Weights alone. Without ops there are no activations and no times to estimate."
        : "Weights alone. The times of an engine are measured, for the device that it was built on.";
    this.#node = h(
      "div",
      { class: "hl-scroll hl-sections", "data-testid": "haoline-hardware" },
      section("Memory", "estimated", this.#fit.node(), hint),
      section("Device", "declared", this.#device),
    );
    this.update(scene.report);
  }

  node(): HTMLElement {
    return this.#node;
  }

  update(report: ReportDocument): void {
    const { hardware } = report;
    const profile = hardware && (findProfile(hardware.profile.id) ?? hardware.profile);
    this.#fit.update(report);
    put(this.#device, profile ? profileDetails(profile) : h("p", { class: "hl-empty" }, "No hardware chosen yet."));
  }

  select(): void {
    // Nothing here is about single weights.
  }

  dispose(): void {
    this.#node.remove();
  }
}
