/** The hardware sidebar: which device the reports of the active notebook are about. */

import type { Message } from "@lumino/messaging";
import { Widget } from "@lumino/widgets";
import type { HardwareChoice } from "../data/host";
import type { HardwarePicker } from "../views/hardware-picker";
import { NO_CHOICE, sameChoice } from "./choice";
import { chipIcon } from "./icon";
import { describe } from "./status";
import type { Steering } from "./steering";

export interface SidebarOptions {
  readonly steering: Steering;
  /** Make a choice the default of notebooks that have none. */
  readonly onDefault: ((choice: HardwareChoice) => void) | null;
}

interface Shown {
  readonly choice: HardwareChoice;
  readonly detected: string | null;
  readonly disabled: boolean;
}

export class Sidebar extends Widget {
  readonly #steering: Steering;
  readonly #target = element("p", "hl-sidebar-target");
  readonly #status = element("p", "hl-sidebar-status");
  readonly #body = element("div", "hl-sidebar-body");
  readonly #detected = element("button", "hl-sidebar-detected");
  readonly #default = element("button", "hl-sidebar-default");
  #picker: HardwarePicker | null = null;
  #watched: Steering["current"] = null;
  #shown: Shown | null = null;

  constructor({ steering, onDefault }: SidebarOptions) {
    super();
    this.#steering = steering;
    this.id = "haoline-sidebar";
    this.addClass("hl-sidebar");
    this.node.dataset["testid"] = "haoline-sidebar";
    this.node.setAttribute("role", "region");
    this.node.setAttribute("aria-label", "Model hardware");
    this.title.icon = chipIcon;
    this.title.caption = "Model hardware (HaoLine)";
    this.#build(onDefault);
    steering.changed.connect(this.#follow, this);
    this.#follow();
  }

  protected override onBeforeShow(message: Message): void {
    super.onBeforeShow(message);
    void this.#load();
  }

  protected override onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    void this.#load().then(() => this.#picker?.focus());
  }

  #build(onDefault: SidebarOptions["onDefault"]): void {
    const heading = element("h2", "hl-sidebar-title");
    heading.textContent = "Hardware";
    this.#status.setAttribute("role", "status");
    this.#status.dataset["testid"] = "haoline-sidebar-status";
    this.#target.dataset["testid"] = "haoline-sidebar-target";
    this.#detected.type = "button";
    this.#detected.dataset["testid"] = "haoline-sidebar-detected";
    this.#detected.title = "Choose the device that the kernel runs on";
    this.#detected.addEventListener("click", () => this.#chooseDetected());
    this.#default.type = "button";
    this.#default.textContent = "Make this the default";
    this.#default.title = "Notebooks and models without a choice of their own use it";
    this.#default.addEventListener("click", () => onDefault?.(this.#choice()));
    this.#default.hidden = !onDefault;
    this.node.append(heading, this.#target, this.#status, this.#detected, this.#body, this.#default);
  }

  /** The views are loaded when they are first looked at, not when JupyterLab starts. */
  async #load(): Promise<void> {
    const { HardwarePicker } = await import("./views");
    if (this.#picker || this.isDisposed) return;
    this.#picker = new HardwarePicker({
      choice: this.#choice(),
      detected: null,
      onChoose: (choice) => this.#steering.current?.choose(choice),
    });
    this.#body.replaceChildren(this.#picker.node());
    this.#show();
    this.#picker.reveal();
  }

  #choice(): HardwareChoice {
    return this.#steering.current?.choice ?? NO_CHOICE;
  }

  #chooseDetected(): void {
    const steered = this.#steering.current;
    const device = steered?.link?.detected;
    if (device) steered.choose({ ...NO_CHOICE, profile: device.id });
  }

  #follow(): void {
    this.#watched?.changed.disconnect(this.#show, this);
    this.#watched = this.#steering.current;
    this.#watched?.changed.connect(this.#show, this);
    this.#show();
    this.#picker?.reveal();
  }

  #show(): void {
    const steered = this.#steering.current;
    const { kind, text } = describe(steered);
    this.#target.textContent = steered?.title ?? "";
    this.#target.title = steered ? `The active document, ${steered.title}` : "";
    this.#target.hidden = !steered;
    this.#status.textContent = text;
    this.#status.dataset["state"] = kind;
    this.#default.disabled = this.#choice().profile === "";
    const device = steered?.link?.detected ?? null;
    this.#detected.hidden = !device;
    this.#detected.textContent = `Kernel's device: ${device?.name}`;
    this.#update({ choice: this.#choice(), detected: device?.id ?? null, disabled: !steered });
  }

  /** Only what changed: an update draws the list anew. */
  #update(shown: Shown): void {
    const same = sameChoice(shown.choice, this.#shown?.choice ?? null);
    const { detected, disabled } = this.#shown ?? {};
    if (same && shown.detected === detected && shown.disabled === disabled) return;
    this.#shown = this.#picker ? shown : null;
    this.#picker?.update(shown);
  }
}

function element<K extends keyof HTMLElementTagNameMap>(tag: K, className: string): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag);
  node.className = className;
  return node;
}
