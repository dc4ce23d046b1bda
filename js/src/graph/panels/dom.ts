/** Small helpers for the DOM around the canvas. Text from a file is only ever set as `textContent`. */

export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className: string,
  text = "",
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

const SVG = "http://www.w3.org/2000/svg";

/** A stroked icon of 16 × 16. */
export function icon(path: string): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  const stroke = document.createElementNS(SVG, "path");
  stroke.setAttribute("d", path);
  svg.append(stroke);
  return svg;
}

export function button(label: string, path: string, onClick: (event: MouseEvent) => void): HTMLButtonElement {
  const made = element("button", "haoline-graph-button");
  made.type = "button";
  made.title = label;
  made.setAttribute("aria-label", label);
  made.append(icon(path));
  made.addEventListener("click", onClick);
  return made;
}
