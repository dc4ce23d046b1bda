import { type Estimate, format, type Hardware, type ReportDocument } from "../../data/index.js";
import { h, put, style } from "../dom.js";
import { legendItem } from "./bars.js";

const { bytes, percent } = format;
const COLORS = ["var(--hl-series-1)", "var(--hl-series-2)", "var(--hl-series-3)", "var(--hl-series-4)"];

interface MemoryEstimate extends Estimate {
  readonly memory_available_bytes?: number | null;
  /** Free on the live device at this moment. */
  readonly free_bytes?: number | null;
}

/** Memory a run needs, part by part, against what the device has. */
export class MemoryBar {
  #node = h("div", { class: "hl-memory-bar", "data-testid": "haoline-memory-bar" });

  constructor(report: ReportDocument) {
    this.update(report);
  }

  node(): HTMLElement {
    return this.#node;
  }

  update(report: ReportDocument): void {
    const { hardware } = report;
    const estimate: MemoryEstimate | null = hardware?.estimate ?? null;
    if (!hardware || !estimate) return this.#say("Choose hardware to see whether the model fits.");
    const needed = estimate.memory_needed_bytes;
    if (!needed) return this.#say("How much memory a run needs is not known: some sizes are missing.");
    const available = availableBytes(hardware, estimate);
    const parts = sizes(estimate);
    const legend = parts.map(([name, size], at) => legendItem(name, bytes(size), color(at)));
    put(
      this.#node,
      verdict(estimate, needed, available),
      track(parts, needed, available),
      h("div", { class: "hl-legend" }, ...legend),
    );
  }

  #say(text: string): void {
    put(this.#node, h("p", { class: "hl-empty" }, text));
  }
}

function availableBytes(hardware: Hardware, estimate: MemoryEstimate): number | null {
  if (estimate.memory_available_bytes) return estimate.memory_available_bytes;
  const each = hardware.profile.memory_bytes;
  return each ? each * hardware.count : null;
}

function sizes(estimate: Estimate): [string, number][] {
  return Object.entries(estimate.memory_parts ?? {}).filter((part): part is [string, number] => !!part[1]);
}

function track(parts: readonly (readonly [string, number])[], needed: number, available: number | null): HTMLElement {
  const whole = Math.max(available ?? 0, needed);
  const bar = h("div", { class: "hl-track", "aria-hidden": "true" });
  for (const [at, [, size]] of parts.entries()) {
    const part = style(h("span"), "width", `${(size / whole) * 100}%`);
    bar.append(style(part, "background", color(at)));
  }
  if (available !== null && needed > available) {
    bar.append(style(h("i", { class: "hl-limit" }), "left", `${(available / whole) * 100}%`));
  }
  return bar;
}

function verdict(estimate: MemoryEstimate, needed: number, available: number | null): HTMLElement {
  const fits = estimate.fits ?? (available === null ? null : needed <= available);
  const word = fits === null ? "Unknown whether it fits" : fits ? "Fits" : "Does not fit";
  const share = available === null ? "" : ` (${percent(needed / available)})`;
  const free = estimate.free_bytes ? `, ${bytes(estimate.free_bytes)} free now` : "";
  return h(
    "p",
    { class: "hl-verdict" },
    h("strong", { class: fits === null ? "" : fits ? "hl-good" : "hl-bad" }, word),
    `${bytes(needed)} needed of ${bytes(available)}${share}${free}`,
  );
}

function color(at: number): string {
  return COLORS[at % COLORS.length] as string;
}
