import { format, type ReportDocument } from "../../data/index.js";
import { h, put, style } from "../dom.js";
import { hardwareName } from "../stats.js";

const { bytes, percent } = format;

/** Whether the weights of a model fit the chosen device. What else a run needs is not known of a checkpoint. */
export class WeightsFit {
  readonly #node = h("div", { class: "hl-memory-bar", "data-testid": "haoline-weights-fit" });

  node(): HTMLElement {
    return this.#node;
  }

  update(report: ReportDocument): void {
    const { hardware } = report;
    const needed = report.total("weight_bytes");
    if (!hardware) return this.#say("Choose hardware to see whether the weights fit.");
    const each = hardware.profile.memory_bytes;
    if (needed === null || !each) return this.#say("Whether the weights fit is not known: a size is missing.");
    const available = each * hardware.count;
    const fits = needed <= available;
    const whole = Math.max(needed, available);
    const part = style(style(h("span"), "width", `${(needed / whole) * 100}%`), "background", "var(--hl-series-1)");
    const limit = style(h("i", { class: "hl-limit" }), "left", `${(available / whole) * 100}%`);
    put(
      this.#node,
      h(
        "p",
        { class: "hl-verdict" },
        h("strong", { class: fits ? "hl-good" : "hl-bad" }, fits ? "The weights fit" : "The weights do not fit"),
        `${bytes(needed)} of ${bytes(available)} on ${hardwareName(report)} (${percent(needed / available)})`,
      ),
      h("div", { class: "hl-track", "aria-hidden": "true" }, part, fits ? null : limit),
    );
  }

  #say(text: string): void {
    put(this.#node, h("p", { class: "hl-empty" }, text));
  }
}
