/** How a reader wants the error of a tensor shown; kept in the trait `panel` beside the settings of pictures. */

import { keptSettings, type PanelSettings, parseSettings, SETTINGS } from "../../activations/settings.js";
import { isRecord } from "../../data/container.js";

export const WAYS = ["wipe", "flicker", "side"] as const;
/** How float and quantized values are held against one another. */
export type Way = (typeof WAYS)[number];

export interface InspectSettings extends PanelSettings {
  readonly way: Way;
  /** Share of a picture that shows float values, from its left. */
  readonly wipe: number;
  /** Which error is drawn: that seen here, or that of the op alone. */
  readonly error: "difference" | "local";
}

export const INSPECT: InspectSettings = {
  ...SETTINGS,
  // The worst channels are what a reader comes for.
  sort: "sqnr_db",
  // Zeros outnumber all else after a ReLU, and clipped values are few.
  counts: "log",
  way: "wipe",
  wipe: 0.5,
  error: "difference",
};

export function parseInspect(value: unknown): InspectSettings {
  const usual = { ...INSPECT, ...parseSettings(value, INSPECT) };
  if (!isRecord(value)) return usual;
  const { way, wipe, error } = value;
  return {
    ...usual,
    way: WAYS.find((known) => known === way) ?? usual.way,
    wipe: typeof wipe === "number" && wipe >= 0 && wipe <= 1 ? wipe : usual.wipe,
    error: error === "local" ? error : usual.error,
  };
}

/** What to keep of settings: all but the usual. */
export function keptInspect(settings: InspectSettings): Record<string, unknown> {
  return keptSettings(settings, INSPECT);
}
