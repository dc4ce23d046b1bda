import { bytes, micros } from "../../data/format.js";
import type { Plan } from "../../data/index.js";
import { h, put } from "../../views/dom.js";
import { plural } from "../../views/units.js";
import { cosine, decibels } from "../words.js";
import type { Build } from "./builds.js";
import { planText, samePlan } from "./plan.js";

export interface BuildListOptions {
  readonly setPlan: (plan: Plan) => void;
  readonly open: (path: string) => void;
}

/** The variants that were built, with what they were predicted to give. */
export class BuildList {
  readonly #options: BuildListOptions;
  readonly #node = h("section", {
    class: "hl-builds",
    "aria-label": "Built variants",
    "data-testid": "haoline-builds",
  });

  constructor(options: BuildListOptions) {
    this.#options = options;
  }

  node(): HTMLElement {
    return this.#node;
  }

  /** `able`: whether the kernel can show one of them. */
  show(builds: readonly Build[], plan: Plan, able: boolean): void {
    this.#node.hidden = builds.length === 0;
    put(this.#node, h("h4", {}, "Built and verified"), ...builds.map((build) => this.#card(build, plan, able)));
  }

  #card(build: Build, plan: Plan, able: boolean): HTMLElement {
    const { measured, predicted, float_us, calibrated_on } = build;
    const foretold =
      predicted?.cosine != null && `predicted ${cosine(predicted.cosine)}, ${decibels(predicted.sqnr_db)}`;
    const ranges = calibrated_on !== null && `ranges from the ${plural(calibrated_on, "sample")} compared`;
    const time = float_us ? `${micros(measured.latency_us)} (float ${micros(float_us)})` : micros(measured.latency_us);
    const open = h("button", { type: "button", class: "hl-button", disabled: !able }, "Show this variant");
    open.addEventListener("click", () => this.#options.open(build.path));
    const same = samePlan(build.plan, plan);
    const choose = h("button", { type: "button", class: "hl-link" }, "Choose again");
    choose.addEventListener("click", () => this.#options.setPlan(build.plan));
    return h(
      "article",
      { class: "hl-card", "data-selected": same, "data-testid": "haoline-build-result" },
      h("strong", {}, `cosine ${cosine(measured.cosine)}, ${decibels(measured.sqnr_db)}`),
      h("span", {}, `${bytes(measured.size)} · ${time}`),
      h("span", { class: "hl-muted" }, [planText(build.plan), foretold, ranges].filter(Boolean).join(" · ")),
      h("span", { class: "hl-build-actions" }, build.path !== "" && able && open, !same && choose),
    );
  }
}
