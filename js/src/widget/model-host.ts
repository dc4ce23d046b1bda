/** A host whose values are the traits of a widget. */

import type { Host, HostName, HostValues, TwoWayName } from "../data/host.js";
import { ask } from "./ask.js";
import { question } from "./question.js";

/** The part of an anywidget model that a host needs. */
export interface WidgetModel {
  get(name: string): unknown;
  set(name: string, value: unknown, options?: { silent: boolean }): void;
  save_changes(): void;
  send(content: unknown): void;
  on(event: string, callback: (...args: never[]) => void): void;
  off(event: string, callback: (...args: never[]) => void): void;
}

export function modelHost(model: WidgetModel): Host {
  return {
    live: true,
    get: <K extends HostName>(name: K) => model.get(name) as HostValues[K],
    set: <K extends TwoWayName>(name: K, value: HostValues[K]) => {
      model.set(name, value);
      try {
        model.save_changes();
      } catch {
        // The kernel is gone: the page keeps the value to itself.
      }
    },
    on: (name, callback) => model.on(`change:${name}`, callback),
    off: (name, callback) => model.off(`change:${name}`, callback),
    page: async () => new Blob((await ask(model, "html")) as BlobPart[], { type: "text/html" }),
    ask: (message, options) => question(model, message, options),
  };
}
