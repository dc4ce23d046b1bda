/** Small signs with a word beside them. */

import { element } from "../dom.js";

export function key(text: string, color: string, kind = "haoline-swatch"): HTMLElement {
  const row = element("div", "haoline-key");
  row.append(sign(color, kind), element("span", "", text));
  return row;
}

export function sign(color: string, kind = "haoline-swatch"): HTMLElement {
  const made = element("i", kind);
  made.style.setProperty("--color", color);
  return made;
}

/** What has no value is grey, in a dashed border where a value was to be expected. */
export function unknownSwatch(text: string, plain = false): HTMLElement {
  const row = element("span", "haoline-key");
  row.append(element("i", `haoline-swatch haoline-${plain ? "none" : "unknown"}`), element("span", "", text));
  return row;
}
