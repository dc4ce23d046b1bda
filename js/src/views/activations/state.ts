/** What of the activations is shown, read from a host and written to it. */

import type { SampleChoice } from "../../activations/panels/sample-bar.js";
import { keptSettings, type PanelSettings, parseSettings } from "../../activations/settings.js";
import type { ActivationsDocument } from "../../data/activations.js";
import type { Host, PanelState } from "../../data/index.js";

export const TABS = [
  { id: "maps", label: "Maps" },
  { id: "distribution", label: "Distribution" },
  { id: "findings", label: "Findings" },
] as const;

export interface ActivationsState extends SampleChoice {
  readonly tab: string;
  readonly settings: PanelSettings;
}

/** A notebook or a program may have set anything: what does not fit the capture is left out. */
export function readState(host: Host, doc: ActivationsDocument): ActivationsState {
  const panel = host.get("panel") ?? {};
  const { against, mean, tab } = panel;
  const last = Math.max(0, doc.header.done - 1);
  const sample = host.get("sample");
  const known = Number.isInteger(against) && (against as number) >= 0 && (against as number) <= last;
  return {
    sample: Number.isInteger(sample) ? Math.min(Math.max(0, sample), last) : 0,
    against: mean !== true && known ? (against as number) : null,
    mean: mean === true,
    tab: TABS.some(({ id }) => id === tab) ? (tab as string) : TABS[0].id,
    settings: parseSettings(panel),
  };
}

/** Tells the host of what has changed. */
export function writeState(host: Host, state: ActivationsState): void {
  const { sample, against, mean, tab, settings } = state;
  const kept: Record<string, unknown> = { ...keptSettings(settings) };
  if (against !== null) kept["against"] = against;
  if (mean) kept["mean"] = true;
  if (tab !== TABS[0].id) kept["tab"] = tab;
  if (host.get("sample") !== sample) host.set("sample", sample);
  if (text(host.get("panel")) !== text(kept)) host.set("panel", kept);
}

function text(panel: PanelState | null): string {
  return JSON.stringify(Object.entries(panel ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)));
}
