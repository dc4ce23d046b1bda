/** What the live views of a page and the JupyterLab extension share, whichever comes first. */

import type { WidgetModel } from "./model-host.js";

/** Draws the view of a live model, and returns its disposer. */
export type DrawModel = (element: HTMLElement, model: WidgetModel) => () => void;

export interface Registry {
  draw?: DrawModel;
  /** The view bundle of pages without the extension, fetched from a kernel once. */
  bundle?: Promise<Bundle>;
  /** The live views by id. */
  readonly models: Map<string, WidgetModel>;
  /** "model": a live view came or went; the detail is its id. */
  readonly events: EventTarget;
}

export interface Bundle {
  readonly draw: DrawModel;
  readonly style: string;
}

const KEY = Symbol.for("haoline");

export function registry(): Registry {
  const page = globalThis as { [KEY]?: Registry };
  page[KEY] ??= { models: new Map(), events: new EventTarget() };
  return page[KEY];
}
