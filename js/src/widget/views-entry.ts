/** The view bundle: what a page needs to show reports, with or without a kernel. */

import "../views/styles/index.css";
import { type HardwareChoice, parseState, StaticHost, stateOf } from "../data/index.js";
import { draw } from "../views/index.js";
import { modelHost } from "./model-host.js";
import type { DrawModel } from "./registry.js";

export { draw, StaticHost };

/** Draw the live view of a widget. */
export const drawModel: DrawModel = (element, model) => draw(element, modelHost(model));

export interface Mounted {
  dispose(): void;
  /** What `mountStatic` takes to draw the view as it is now. */
  state(): Record<string, unknown>;
}

/** Draw a document kept in a page as base64, in a state; `page` makes the page that holds it anew. */
export function mountStatic(
  element: HTMLElement,
  base64: string,
  state: Readonly<Record<string, unknown>> = {},
  page?: () => Blob,
  activations?: string,
  divergence?: string,
): Mounted {
  const fixed = { view: String(state["view"] ?? "report"), hardware: state["hardware"] as HardwareChoice };
  const kept = {
    document: decode(base64),
    activations: activations ? decode(activations) : null,
    divergence: divergence ? decode(divergence) : null,
  };
  const host = new StaticHost({ ...parseState(state), ...fixed, ...kept }, page && (async () => page()));
  return { dispose: draw(element, host), state: () => ({ ...stateOf(host), ...fixed }) };
}

function decode(base64: string): DataView {
  const bytes = Uint8Array.from(atob(base64.trim()), (character) => character.charCodeAt(0));
  return new DataView(bytes.buffer);
}
