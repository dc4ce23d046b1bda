import type { ActivationsHeader } from "../../data/activations.js";
import type { Cleanup } from "../../views/cleanup.js";
import { h } from "../../views/dom.js";
import { Popover } from "../../views/popover.js";
import { plural } from "../../views/units.js";
import { figure } from "./figures.js";
import type { PanelScene } from "./scene.js";

/** What is told of a run of a model on samples. */
type RunHeader = Pick<
  ActivationsHeader,
  "origin" | "done" | "provider" | "synthetic" | "complete" | "sample_count" | "check" | "notes" | "gaps"
> & { readonly mode?: string };
type Selecting = Pick<PanelScene, "select">;

/** What was run, on what and where, and how far it can be trusted. */
export function runFacts(
  { header }: { readonly header: RunHeader },
  scene: Selecting,
  cleanup: Cleanup,
): HTMLElement[] {
  return [
    h("span", { class: "hl-facts" }, facts(header)),
    ...[synthetic(header), partial(header), check(header)].filter((chip) => chip !== null),
    ...remarks(header, scene, cleanup),
  ];
}

function facts({ origin, done, provider, mode }: RunHeader): string {
  const samples = plural(done, "sample");
  // An origin may say by itself how many there are.
  const told = origin.includes(String(done)) ? origin : [origin, samples].filter(Boolean).join(", ");
  const kept = mode === "stored" ? "stored" : "";
  return [told, provider.replace(/ExecutionProvider$/, ""), kept].filter(Boolean).join(" · ");
}

function synthetic({ synthetic }: RunHeader): HTMLElement | null {
  return synthetic ? chip("synthetic input", "warning", "Nobody gave an input: the values are made up.") : null;
}

function partial({ complete, done, sample_count }: RunHeader): HTMLElement | null {
  if (complete) return null;
  return chip(
    `stopped after ${done} of ${sample_count}`,
    "warning",
    "The run was interrupted; what it finished is shown.",
  );
}

/** A difference of rounding: fewer ops are fused where every tensor is kept. */
const ROUNDING = 1e-3;

/** Capturing adds outputs to a model; whether that changed what the model computes. */
function check({ check }: RunHeader): HTMLElement | null {
  if (!check) return null;
  const { identical, max_abs_difference: most, relative_difference: share = null, note } = check;
  if (identical)
    return chip("outputs unchanged", "good", note || "The outputs with and without capture are identical.");
  if (most === null) return chip("outputs not compared", identical === null ? "" : "warning", note);
  // Where one is NaN and the other is not, the greatest difference of the others says nothing.
  const slight = (share ?? most) <= ROUNDING && !note.includes("NaN");
  return chip(
    share === null ? `outputs within ${figure(most)}` : `outputs within ${figure(share)} of the largest`,
    slight ? "" : "warning",
    note || "Outputs with and without capture differ.",
  );
}

function chip(text: string, mood: string, title: string): HTMLElement {
  return h("span", { class: "hl-chip hl-chip-plain", "data-mood": mood, title, tabindex: "0" }, text);
}

/** What was assumed and what was left out, behind a button. */
function remarks({ notes, gaps }: RunHeader, scene: Selecting, cleanup: Cleanup): HTMLElement[] {
  if (notes.length + gaps.length === 0) return [];
  const words = [notes.length > 0 && plural(notes.length, "note"), gaps.length > 0 && plural(gaps.length, "gap")];
  const button = h(
    "button",
    { type: "button", class: "hl-chip", "data-testid": "haoline-capture-notes" },
    words.filter(Boolean).join(" · "),
  );
  const list = (title: string, items: readonly HTMLElement[]): HTMLElement | null =>
    items.length > 0 ? h("section", {}, h("h4", {}, title), h("ul", { class: "hl-notes" }, ...items)) : null;
  const missing = gaps.map(({ what, ops }) => {
    const show = h("button", { type: "button", class: "hl-link", onclick: () => scene.select(ops) });
    show.textContent = `Select ${plural(ops.length, "op")}`;
    return h("li", {}, what, " ", ops.length > 0 && show);
  });
  const content = h(
    "div",
    { class: "hl-note-sections" },
    list(
      "Notes",
      notes.map((note) => h("li", {}, note)),
    ),
    list("Not captured", missing),
  );
  const popover = new Popover(button, "Notes and gaps of the capture", content);
  cleanup.add(() => popover.dispose());
  return [button, popover.node()];
}
