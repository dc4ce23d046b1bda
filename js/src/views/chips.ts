import type { Binding, GapInfo, ReportDocument } from "../data/index.js";
import { format } from "../data/index.js";
import type { Cleanup } from "./cleanup.js";
import { type Child, h, style } from "./dom.js";
import { quietGap } from "./gaps.js";
import { precisionColor } from "./palette.js";
import { Popover } from "./popover.js";
import { readout, type Tooltip } from "./tooltip.js";
import { sumBy } from "./totals.js";
import { asText, plural } from "./units.js";
import type { Scene } from "./view.js";

const MOST_CHIPS = 6;
const MOST_ROWS = 24;
const SMALLEST_SHARE = 0.005;

/** One chip per symbolic dimension, the size used and whether anybody chose it; many share the last chip. */
export function bindingChips(report: ReportDocument, tooltip: Tooltip): HTMLElement[] {
  const bindings = Object.entries(report.header.bindings);
  const chips = bindings.slice(0, MOST_CHIPS).map(([name, binding]) => bindingChip(name, binding, tooltip));
  const rest = bindings.slice(MOST_CHIPS);
  if (rest.length > 0) chips.push(restChip(rest, tooltip));
  return chips;
}

function bindingChip(name: string, { size, source }: Binding, tooltip: Tooltip): HTMLElement {
  const assumed = source === "default";
  const chip = h(
    "span",
    { class: "hl-chip hl-chip-plain", tabindex: "0" },
    h("span", { class: "hl-chip-key" }, name),
    format.exact(size),
    assumed && h("span", { class: "hl-provenance", "data-provenance": "estimated" }, "assumed"),
  );
  const note = assumed
    ? "Nobody bound this dimension, so the report uses a default. Bind it with shapes={…} or --shape."
    : "Bound when the report was made.";
  tooltip.attach(chip, () => readout(`Dimension ${name}`, [["Size used", format.exact(size)]], note));
  return chip;
}

function restChip(rest: readonly [string, Binding][], tooltip: Tooltip): HTMLElement {
  const chip = h("span", { class: "hl-chip hl-chip-plain", tabindex: "0" }, `+ ${plural(rest.length, "dim")}`);
  const rows = rest.slice(0, MOST_ROWS).map(([name, { size }]) => [name, format.exact(size)] as const);
  const more = rest.length > MOST_ROWS ? `and ${rest.length - MOST_ROWS} more` : "";
  tooltip.attach(chip, () => readout("Other dimensions", rows, more));
  return chip;
}

/** What the numbers rest on and what they leave out, behind one chip. */
export function notesChip(report: ReportDocument, scene: Scene, cleanup: Cleanup): HTMLElement[] {
  const { assumptions } = report.header;
  const gaps = report.header.gaps.filter((gap) => gap !== quietGap(report));
  if (assumptions.length + gaps.length === 0) return [];
  const words = [
    assumptions.length > 0 && plural(assumptions.length, "assumption"),
    gaps.length > 0 && plural(gaps.length, "gap"),
  ].filter(Boolean);
  const button = h("button", { type: "button", class: "hl-chip", "data-testid": "haoline-notes-chip" });
  button.textContent = words.join(" · ");
  const popover = new Popover(button, "Assumptions and gaps", notes(report, scene));
  cleanup.add(() => popover.dispose());
  return [button, popover.node()];
}

/** The assumptions and gaps as sections; also shown under the findings. */
export function notes(report: ReportDocument, scene: Scene): HTMLElement {
  const { assumptions, gaps } = report.header;
  const list = (title: string, items: Child[]): Child =>
    items.length > 0 && h("section", {}, h("h4", {}, title), h("ul", { class: "hl-notes" }, ...items));
  return h(
    "div",
    { class: "hl-note-sections" },
    list(
      "Assumptions",
      assumptions.map(({ what, value, why }) =>
        h("li", {}, h("strong", {}, `${what} = ${asText(value)}`), h("span", { class: "hl-muted" }, ` ${why}`)),
      ),
    ),
    list(
      "Gaps: not in the totals",
      gaps.map((gap) => gapItem(gap, scene)),
    ),
  );
}

/** A bar of weight bytes by storage precision with its legend, or null where nothing is known. */
export function precisionMix(report: ReportDocument, tooltip: Tooltip): HTMLElement | null {
  const groups = sumBy(report, "weight_precision", "weight_bytes").filter((group) => group.value > 0);
  const total = groups.reduce((sum, group) => sum + group.value, 0);
  if (total === 0) return null;
  const bar = h("span", { class: "hl-mix-bar", "aria-hidden": "true" });
  for (const { name, value } of groups) {
    bar.append(style(style(h("span"), "flex-grow", value / total), "background", precisionColor(name)));
  }
  const shown = groups.filter((group) => group.value / total >= SMALLEST_SHARE).slice(0, 3);
  const named = shown.map(({ name, value }) => `${name} ${format.percent(value / total)}`);
  const legend = shown.length === 1 ? `${groups[0]?.name} weights` : named.join(", ");
  const mix = h("span", { class: "hl-mix", tabindex: "0" }, bar, h("span", {}, legend));
  const rows = groups.map(
    ({ name, value }) => [name, `${format.bytes(value)} · ${format.percent(value / total)}`] as const,
  );
  tooltip.attach(mix, () => readout("Weight bytes by precision", rows));
  return mix;
}

function gapItem(gap: GapInfo, scene: Scene): HTMLElement {
  const button =
    gap.ops.length > 0 &&
    h(
      "button",
      { type: "button", class: "hl-link", onclick: () => show(scene, gap.ops) },
      `Show ${plural(gap.ops.length, "op")}`,
    );
  return h("li", {}, gap.what, " ", button);
}

function show(scene: Scene, ops: readonly number[]): void {
  scene.select(ops);
  scene.show("layers");
}
