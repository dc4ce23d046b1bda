/** How a reader wants activations shown; what the trait `panel` keeps. */

import { isRecord } from "../data/container.js";

export const COLOR_MAPS = ["auto", "viridis", "magma", "diverging", "grey"] as const;
export const SORTS = [
  "index",
  "mean",
  "std",
  "max",
  "sparsity",
  "divergence",
  "sqnr_db",
  "local_sqnr_db",
  "max_abs",
] as const;
export const FILTERS = ["all", "dead", "outlier", "alive"] as const;
export const SHAPES = ["auto", "maps", "plane"] as const;

export type ColorMap = (typeof COLOR_MAPS)[number];
export type Sort = (typeof SORTS)[number];
export type Filter = (typeof FILTERS)[number];

/** Which two axes of a tensor are the rows and columns of a picture, and where along the others. */
export interface Slice {
  readonly rows: number;
  readonly columns: number;
  /** An index for each axis; those of the two axes shown do not count. */
  readonly at: readonly number[];
}

export interface PanelSettings {
  /** "auto": diverging where values lie on both sides of zero. */
  readonly map: ColorMap;
  readonly scale: "shared" | "channel";
  /** "robust": 99.8 % of the values; "full": from the least to the greatest. */
  readonly limits: "robust" | "full";
  readonly sort: Sort;
  readonly descending: boolean;
  readonly filter: Filter;
  /** Pixels of a channel's picture in the grid; 0: as large as lets all be seen. */
  readonly cell: number;
  /** "auto": what the axes of the tensor mean. */
  readonly shape: (typeof SHAPES)[number];
  /** The channel shown alone; null: the grid. */
  readonly channel: number | null;
  /** Place in the sorted list of the channel at the top of the grid. */
  readonly first: number;
  /** null: what the axes of the tensor suggest. */
  readonly slice: Slice | null;
  /** Axes of the histogram. */
  readonly bins: "linear" | "log";
  readonly counts: "linear" | "log";
}

export const SETTINGS: PanelSettings = {
  map: "auto",
  scale: "shared",
  limits: "robust",
  sort: "index",
  descending: false,
  filter: "all",
  cell: 0,
  shape: "auto",
  channel: null,
  first: 0,
  slice: null,
  bins: "linear",
  counts: "linear",
};

const CHECKS: { readonly [K in keyof PanelSettings]: (value: unknown) => boolean } = {
  map: (value) => (COLOR_MAPS as readonly unknown[]).includes(value),
  scale: (value) => value === "shared" || value === "channel",
  limits: (value) => value === "robust" || value === "full",
  sort: (value) => (SORTS as readonly unknown[]).includes(value),
  descending: (value) => typeof value === "boolean",
  filter: (value) => (FILTERS as readonly unknown[]).includes(value),
  cell: (value) => value === 0 || (isIndex(value) && value >= 24 && value <= 512),
  shape: (value) => (SHAPES as readonly unknown[]).includes(value),
  channel: (value) => value === null || isIndex(value),
  first: isIndex,
  slice: (value) => value === null || isSlice(value),
  bins: (value) => value === "linear" || value === "log",
  counts: (value) => value === "linear" || value === "log",
};

/** The settings in what a notebook kept: it comes from anywhere. */
export function parseSettings(value: unknown, usual: PanelSettings = SETTINGS): PanelSettings {
  if (!isRecord(value)) return usual;
  const names = Object.keys(CHECKS) as (keyof PanelSettings)[];
  const good = names.filter((name) => Object.hasOwn(value, name) && CHECKS[name](value[name]));
  return { ...usual, ...Object.fromEntries(good.map((name) => [name, value[name]])) };
}

/** What to keep of settings: all but the usual. */
export function keptSettings<S extends PanelSettings>(
  settings: S,
  usual: PanelSettings = SETTINGS,
): Record<string, unknown> {
  const entries = Object.entries(settings).filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(usual[name as keyof PanelSettings]),
  );
  return Object.fromEntries(entries);
}

function isIndex(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isSlice(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { rows, columns, at } = value;
  return isIndex(rows) && isIndex(columns) && rows !== columns && Array.isArray(at) && at.every(isIndex);
}
