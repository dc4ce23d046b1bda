/** What of a comparison is shown, read from a host and written to it. */

import type { DivergenceDocument } from "../../data/divergence.js";
import type { Host, PanelState } from "../../data/index.js";
import { INSPECT_TABS } from "../../divergence/inspect/scene.js";
import { type InspectSettings, keptInspect, parseInspect } from "../../divergence/inspect/settings.js";
import { RANKINGS, type RankingKind } from "../../divergence/ranking/ranking.js";
import { type Build, parseBuilds } from "../../divergence/whatif/builds.js";

export const TABS = [
  { id: "op", label: "Op" },
  { id: "whatif", label: "What if" },
  { id: "table", label: "Table" },
  { id: "findings", label: "Findings" },
] as const;

/** Which graphs are drawn; "auto": both where there is room for them. */
export const GRAPHS = ["auto", "float", "both"] as const;
export type Graphs = (typeof GRAPHS)[number];

export interface DivergenceState {
  readonly sample: number;
  readonly tab: string;
  /** Of the inspection of an op. */
  readonly inspect: string;
  readonly ranking: RankingKind;
  readonly graphs: Graphs;
  /** The newest first. */
  readonly builds: readonly Build[];
  readonly settings: InspectSettings;
}

/** Characters that built variants may take of what a notebook keeps of panels. */
const MOST_BUILDS = 12_000;

/** A notebook or a program may have set anything: what does not fit the comparison is left out. */
export function readState(host: Host, doc: DivergenceDocument, ops: number): DivergenceState {
  const panel = host.get("panel") ?? {};
  const sample = host.get("sample");
  const last = Math.max(0, doc.header.done - 1);
  const known = (list: readonly string[], value: unknown): string => list.find((item) => item === value) ?? list[0]!;
  return {
    sample: Number.isInteger(sample) ? Math.min(Math.max(0, sample), last) : 0,
    tab: known(ids(TABS), panel["tab"]),
    inspect: known(ids(INSPECT_TABS), panel["inspect"]),
    ranking: known(
      RANKINGS.map(([kind]) => kind),
      panel["ranking"],
    ) as RankingKind,
    graphs: known(GRAPHS, panel["graphs"]) as Graphs,
    builds: parseBuilds(panel["builds"], ops),
    settings: parseInspect(panel),
  };
}

/** Tells the host of what has changed. */
export function writeState(host: Host, state: DivergenceState): void {
  const { sample, tab, inspect, ranking, graphs, settings } = state;
  const kept: Record<string, unknown> = { ...keptInspect(settings) };
  if (tab !== TABS[0].id) kept["tab"] = tab;
  if (inspect !== INSPECT_TABS[0].id) kept["inspect"] = inspect;
  if (ranking !== RANKINGS[0][0]) kept["ranking"] = ranking;
  if (graphs !== GRAPHS[0]) kept["graphs"] = graphs;
  const builds = fitting(state.builds);
  if (builds.length > 0) kept["builds"] = builds;
  if (host.get("sample") !== sample) host.set("sample", sample);
  if (text(host.get("panel")) !== text(kept)) host.set("panel", kept);
}

/** Plans of large models are long: the oldest builds give way. */
function fitting(builds: readonly Build[]): readonly Build[] {
  let kept = builds;
  while (kept.length > 0 && JSON.stringify(kept).length > MOST_BUILDS) kept = kept.slice(0, -1);
  return kept;
}

function ids(tabs: readonly { readonly id: string }[]): string[] {
  return tabs.map(({ id }) => id);
}

function text(panel: PanelState | null): string {
  return JSON.stringify(Object.entries(panel ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)));
}
