import type { HardwareChoice } from "../data/index.js";
import { h, put, uid } from "./dom.js";
import { profileDetails, profileOption } from "./hardware-parts.js";
import { PRECISIONS, PROFILES, type Profile, peakText, searchProfiles, vendors } from "./profiles.js";

export interface HardwarePickerOptions {
  readonly choice: HardwareChoice;
  /** Profile id of the device the kernel runs on, or null. */
  readonly detected: string | null;
  readonly onChoose: (choice: HardwareChoice) => void;
  /** A device that the package does not ship: one the user registered, or the live one. */
  readonly extra?: Profile | null;
  readonly disabled?: boolean;
  /** A line under the controls: why they are disabled, or that the kernel is busy. */
  readonly message?: string;
}

const GB = 1e9;
const MEMORY_STEPS = [0, 8, 12, 16, 24, 40, 48, 80, 128, 192];
const MAX_COUNT = 4096;

/** Search, filter and choose a device, how many of it, and the precision to compute in. */
export class HardwarePicker {
  #options: HardwarePickerOptions;
  #shown: Profile[] = [];
  #active = -1;
  #revealed = "";
  #listId = uid("profiles");
  #search = h("input", {
    type: "search",
    class: "hl-input",
    placeholder: "Search devices",
    role: "combobox",
    autocomplete: "off",
    spellcheck: "false",
    "aria-label": "Search devices",
    "aria-expanded": "true",
    "aria-autocomplete": "list",
    "aria-controls": this.#listId,
    "data-testid": "haoline-profile-search",
  });
  #vendor = h("select", { class: "hl-input", "aria-label": "Vendor", "data-testid": "haoline-profile-vendor" });
  #memory = h("select", { class: "hl-input", "aria-label": "Minimum memory", "data-testid": "haoline-profile-memory" });
  #list = h("div", { class: "hl-profiles", id: this.#listId, role: "listbox", tabindex: "0", "aria-label": "Devices" });
  #count = h("input", {
    type: "number",
    class: "hl-input",
    min: "1",
    max: MAX_COUNT,
    step: "1",
    "data-testid": "haoline-profile-count",
  });
  #precision = h("select", { class: "hl-input", "data-testid": "haoline-profile-precision" });
  #details = h("div", { class: "hl-profile-details" });
  #message = h("p", { class: "hl-picker-message", role: "status" });
  #node: HTMLElement;

  constructor(options: HardwarePickerOptions) {
    this.#options = options;
    this.#fillFilters();
    this.#node = this.#build();
    this.#listen();
    this.#refresh();
  }

  node(): HTMLElement {
    return this.#node;
  }

  /** Show another choice, detected device or message; what the user typed stays. */
  update(options: Partial<HardwarePickerOptions>): void {
    this.#options = { ...this.#options, ...options };
    this.#refresh();
  }

  focus(): void {
    this.#search.focus();
  }

  /** Scroll the list to the chosen device. Happens by itself when the choice changes in sight. */
  reveal(): void {
    const chosen = this.#list.querySelector<HTMLElement>("[aria-selected=true]");
    if (!chosen || this.#list.clientHeight === 0) return;
    this.#revealed = this.#options.choice.profile;
    this.#list.scrollTop = chosen.offsetTop - (this.#list.clientHeight - chosen.offsetHeight) / 2;
  }

  #build(): HTMLElement {
    const label = (text: string, field: HTMLElement): HTMLElement => h("label", { class: "hl-field" }, text, field);
    return h(
      "div",
      { class: "hl-picker", "data-testid": "haoline-hardware-picker" },
      this.#search,
      h("div", { class: "hl-field-row" }, this.#vendor, this.#memory),
      this.#list,
      h("div", { class: "hl-field-row" }, label("Count", this.#count), label("Precision", this.#precision)),
      this.#message,
      this.#details,
    );
  }

  #fillFilters(): void {
    put(
      this.#vendor,
      h("option", { value: "" }, "All vendors"),
      ...vendors(PROFILES).map((name) => h("option", {}, name)),
    );
    const label = (gb: number): string => (gb === 0 ? "Any memory" : `≥ ${gb} GB`);
    put(this.#memory, ...MEMORY_STEPS.map((gb) => h("option", { value: gb }, label(gb))));
  }

  #listen(): void {
    for (const field of [this.#search, this.#vendor, this.#memory]) {
      field.addEventListener("input", () => this.#filter());
    }
    for (const field of [this.#search, this.#list]) field.addEventListener("keydown", (event) => this.#keydown(event));
    this.#list.addEventListener("click", (event) => this.#click(event));
    this.#count.addEventListener("change", () => this.#choose({ count: this.#wantedCount() }));
    this.#precision.addEventListener("change", () => this.#choose({ precision: this.#precision.value }));
  }

  #refresh(): void {
    const { choice, disabled = false, message = "" } = this.#options;
    this.#count.value = String(choice.count);
    this.#count.disabled = disabled;
    this.#precision.disabled = disabled;
    this.#message.textContent = message;
    this.#message.hidden = message === "";
    this.#list.setAttribute("aria-disabled", String(disabled));
    this.#fillPrecisions();
    this.#filter();
    if (this.#revealed !== choice.profile) this.reveal();
  }

  #fillPrecisions(): void {
    const { profile, precision } = this.#options.choice;
    const peaks = this.#find(profile)?.peaks;
    const name = (one: string): string => {
      const peak = peaks?.[one];
      return peak ? `${one} · ${peakText(one, peak)}` : one;
    };
    const known = precision === "" || PRECISIONS.includes(precision) ? PRECISIONS : [...PRECISIONS, precision];
    const own = h("option", { value: "" }, "as the model has it");
    put(this.#precision, own, ...known.map((one) => h("option", { value: one }, name(one))));
    this.#precision.value = precision;
  }

  #profiles(): readonly Profile[] {
    const { extra } = this.#options;
    return extra && !PROFILES.some(({ id }) => id === extra.id) ? [extra, ...PROFILES] : PROFILES;
  }

  #find(id: string): Profile | undefined {
    return this.#profiles().find((profile) => profile.id === id);
  }

  #filter(): void {
    const minimumMemory = Number(this.#memory.value) * GB;
    const filter = { text: this.#search.value, vendor: this.#vendor.value, minimumMemory };
    this.#shown = searchProfiles(this.#profiles(), filter);
    this.#active = this.#shown.findIndex((profile) => profile.id === this.#options.choice.profile);
    const { choice, detected } = this.#options;
    const option = (profile: Profile): HTMLElement =>
      profileOption(profile, profile.id === choice.profile, profile.id === detected);
    put(this.#list, ...this.#shown.map(option));
    if (this.#shown.length === 0) put(this.#list, h("p", { class: "hl-empty" }, "No device matches."));
    this.#mark();
  }

  #mark(): void {
    const options = [...this.#list.querySelectorAll<HTMLElement>("[role=option]")];
    for (const [at, option] of options.entries()) option.classList.toggle("hl-active", at === this.#active);
    const active = options[this.#active];
    for (const field of [this.#search, this.#list]) {
      if (active) field.setAttribute("aria-activedescendant", active.id);
      else field.removeAttribute("aria-activedescendant");
    }
    const shown = this.#shown[this.#active] ?? this.#find(this.#options.choice.profile);
    put(this.#details, shown ? profileDetails(shown) : null);
  }

  #keydown(event: KeyboardEvent): void {
    const last = this.#shown.length - 1;
    const inList = event.target === this.#list;
    if (event.key === "ArrowDown") this.#active = Math.min(last, this.#active + 1);
    else if (event.key === "ArrowUp") this.#active = Math.max(0, this.#active - 1);
    else if (inList && event.key === "Home") this.#active = 0;
    else if (inList && event.key === "End") this.#active = last;
    else if (event.key === "Enter" || (inList && event.key === " ")) this.#pick(this.#active);
    else return;
    event.preventDefault();
    this.#mark();
    this.#follow();
  }

  /** Keep the marked device in sight without scrolling the page. */
  #follow(): void {
    const marked = this.#list.querySelector<HTMLElement>(".hl-active");
    if (!marked) return;
    const { scrollTop, clientHeight } = this.#list;
    const below = marked.offsetTop + marked.offsetHeight - clientHeight;
    this.#list.scrollTop = Math.max(below, Math.min(scrollTop, marked.offsetTop));
  }

  #click(event: Event): void {
    const option = (event.target as Element).closest("[role=option]");
    const id = option?.getAttribute("data-profile");
    this.#pick(this.#shown.findIndex((profile) => profile.id === id));
  }

  /** Choose the nth shown device; Enter with nothing marked takes the first match. */
  #pick(at: number): void {
    const profile = this.#shown[Math.max(0, at)];
    if (profile) this.#choose({ profile: profile.id });
  }

  #choose(change: Partial<HardwareChoice>): void {
    if (this.#options.disabled) return;
    const choice = { ...this.#options.choice, ...change };
    this.update({ choice });
    this.#options.onChoose(choice);
  }

  #wantedCount(): number {
    const wanted = Math.round(this.#count.valueAsNumber);
    return Number.isFinite(wanted) ? Math.min(MAX_COUNT, Math.max(1, wanted)) : this.#options.choice.count;
  }
}
