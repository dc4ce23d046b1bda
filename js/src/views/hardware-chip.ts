import type { HardwareChoice, Host, ReportDocument } from "../data/index.js";
import { Cleanup } from "./cleanup.js";
import { h, put } from "./dom.js";
import { HardwarePicker, type HardwarePickerOptions } from "./hardware-picker.js";
import { Popover } from "./popover.js";
import { findProfile } from "./profiles.js";

const NO_KERNEL = "This is a saved report. Run its cell to choose other hardware: the estimate is made by the kernel.";

/** The hardware of the report on a button that opens the picker. */
export class HardwareChip {
  #host: Host;
  #report: ReportDocument | null = null;
  #button = h("button", { type: "button", class: "hl-chip hl-hardware", "data-testid": "haoline-hardware-chip" });
  /** Made when it is first wanted: its list of devices is longer than all else on the page. */
  #picker: HardwarePicker | null = null;
  #popover: Popover;
  #node: HTMLElement;
  #cleanup = new Cleanup();

  constructor(host: Host) {
    this.#host = host;
    const content = h("div");
    this.#popover = new Popover(this.#button, "Hardware", content, () => {
      if (!this.#picker) content.append(this.#makePicker().node());
      this.#picker?.reveal();
    });
    this.#node = h("div", { class: "hl-hardware-box" }, this.#button, this.#popover.node());
    const refresh = (): void => this.#refresh();
    host.on("hardware", refresh);
    this.#cleanup.add(() => host.off("hardware", refresh));
  }

  node(): HTMLElement {
    return this.#node;
  }

  update(report: ReportDocument): void {
    this.#report = report;
    this.#refresh();
  }

  dispose(): void {
    this.#cleanup.dispose();
    this.#popover.dispose();
  }

  #makePicker(): HardwarePicker {
    const { live } = this.#host;
    this.#picker = new HardwarePicker({
      ...this.#offered(),
      disabled: !live,
      message: live ? "" : NO_KERNEL,
      onChoose: (choice) => this.#choose(choice),
    });
    return this.#picker;
  }

  #offered(): Pick<HardwarePickerOptions, "choice" | "detected" | "extra"> {
    const shown = this.#report?.hardware;
    return { choice: this.#wanted(), detected: shown?.detected ?? null, extra: shown?.profile ?? null };
  }

  #choose(choice: HardwareChoice): void {
    this.#host.set("hardware", choice);
    this.#refresh();
  }

  /** The host's choice; before one is made its fields may be null. */
  #asked(): HardwareChoice {
    const { profile, count, precision } = this.#host.get("hardware") as Partial<HardwareChoice>;
    return { profile: profile ?? "", count: count ?? 1, precision: precision ?? "" };
  }

  /** What the user asked for, which the report follows a moment later. */
  #wanted(): HardwareChoice {
    const asked = this.#asked();
    const shown = this.#report?.hardware;
    if (asked.profile !== "" || !shown) return asked;
    return { profile: shown.profile.id, count: shown.count, precision: shown.precision ?? "" };
  }

  #refresh(): void {
    const wanted = this.#wanted();
    this.#picker?.update(this.#offered());
    const name = this.#name(wanted.profile);
    const parts = [wanted.precision, wanted.count > 1 && `×${wanted.count}`].filter(Boolean);
    put(
      this.#button,
      h("span", { class: "hl-hardware-name" }, name),
      parts.length > 0 && h("span", { class: "hl-muted" }, parts.join(" · ")),
      h("span", { class: "hl-caret", "aria-hidden": "true" }, "▾"),
    );
    this.#button.setAttribute("aria-label", `Hardware: ${[name, ...parts].join(", ")}. Change`);
    this.#button.classList.toggle("hl-pending", this.#pending(wanted));
  }

  #name(id: string): string {
    const shown = this.#report?.hardware?.profile;
    return findProfile(id)?.name ?? (shown?.id === id ? shown.name : id || "Choose hardware");
  }

  #pending(wanted: HardwareChoice): boolean {
    const shown = this.#report?.hardware;
    if (!this.#host.live || wanted.profile === "") return false;
    const followed = shown?.profile.id === wanted.profile && shown.count === wanted.count;
    return !followed || (shown.precision ?? "") !== wanted.precision;
  }
}
