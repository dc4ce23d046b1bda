import { h } from "./dom.js";

/** A titled part of a tab that says where its numbers come from. */
export function section(title: string, provenance: string, content: HTMLElement, hint = ""): HTMLElement {
  return h(
    "section",
    { class: "hl-section" },
    h(
      "div",
      { class: "hl-section-head" },
      h("h3", {}, title),
      h("span", { class: "hl-provenance", "data-provenance": provenance }, provenance),
      hint !== "" && h("span", { class: "hl-hint" }, hint),
    ),
    content,
  );
}
