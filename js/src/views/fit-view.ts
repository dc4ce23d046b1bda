import type { ReportDocument } from "../data/index.js";
import { WeightsFit } from "./charts/weights-fit.js";
import { h, put } from "./dom.js";
import { engineDevice } from "./engine-device.js";
import { profileDetails } from "./hardware-parts.js";
import { findProfile } from "./profiles.js";
import { section } from "./section.js";
import type { Scene, View } from "./view.js";

/** What hardware means to a checkpoint, whether its weights fit, and to an engine, which is made for one device. */
export class FitView implements View {
  readonly #fit = new WeightsFit();
  readonly #device = h("div", { class: "hl-device" });
  readonly #node: HTMLElement;

  constructor(scene: Scene) {
    const fit = section(
      "Memory",
      "estimated",
      this.#fit.node(),
      "Weights alone. Without ops no time can be estimated.",
    );
    const engine = scene.report.holds === "layers";
    this.#node = h(
      "div",
      { class: "hl-scroll hl-sections", "data-testid": "haoline-hardware" },
      engine
        ? section(
            "Built for",
            "declared",
            this.#device,
            "An engine runs on the device that it was built for; its times are measured there.",
          )
        : fit,
      engine ? null : section("Device", "declared", this.#device),
    );
    this.update(scene.report);
  }

  node(): HTMLElement {
    return this.#node;
  }

  update(report: ReportDocument): void {
    const { hardware } = report;
    if (report.holds === "layers") {
      const unknown = h("p", { class: "hl-empty" }, "The files do not say on which device it was built.");
      return put(this.#device, engineDevice(report) ?? unknown);
    }
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
