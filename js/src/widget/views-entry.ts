/** The view bundle: what a page needs to show reports, with or without a kernel. */

import "../views/styles/index.css";
import { type HardwareChoice, StaticHost } from "../data/index.js";
import { draw } from "../views/index.js";

export { draw, StaticHost };

export interface StaticOptions {
  readonly tab?: string;
  readonly color?: string;
  readonly hardware?: HardwareChoice;
}

/** Draw a document kept in a page as base64; the result takes it away again. */
export function mountStatic(element: HTMLElement, base64: string, options: StaticOptions = {}): () => void {
  const bytes = Uint8Array.from(atob(base64.trim()), (character) => character.charCodeAt(0));
  return draw(element, new StaticHost({ document: new DataView(bytes.buffer), ...options }));
}
