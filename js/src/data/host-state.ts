/** What of a view outlives it: kept in notebooks, exported pages and links. */

import { isRecord } from "./container.js";
import { HOST_DEFAULTS, type Host, type TwoWayName, type TwoWayValues } from "./host.js";

/** The hardware is the report's, not the view's. */
type StateName = Exclude<TwoWayName, "hardware">;

/** Characters of a snapshot: 300 kB in base64. */
const MOST_SNAPSHOT = 400_000;
/** Characters of the settings of panels. */
const MOST_PANEL = 20_000;
const MOST_CHANGES = 100;

const CHECKS: { readonly [K in StateName]: (value: unknown) => boolean } = {
  tab: isText,
  height: (value) => Number.isFinite(value),
  selection: isRows,
  color: isText,
  edge_color: isText,
  size: isText,
  filter: isText,
  expanded: (value) => value === null || (Array.isArray(value) && value.every(isText)),
  focus: isText,
  camera: isCamera,
  constants: (value) => typeof value === "boolean",
  quantizers: (value) => typeof value === "boolean",
  sample: isRow,
  tensor: (value) => value === -1 || isRow(value),
  panel: isPanel,
  plan: isPlan,
  snapshot: (value) => isText(value) && (value as string).length <= MOST_SNAPSHOT,
};

export const STATE_NAMES = Object.keys(CHECKS) as StateName[];

/** The state of a view as JSON keeps it, apart from defaults. */
export function stateOf(host: Host): Partial<TwoWayValues> {
  const kept = STATE_NAMES.map((name) => [name, host.get(name)] as const);
  const told = kept.filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(HOST_DEFAULTS[name]));
  return Object.fromEntries(told) as Partial<TwoWayValues>;
}

/** The part of a kept state that is one: a notebook comes from anywhere. */
export function parseState(state: unknown): Partial<TwoWayValues> {
  if (typeof state !== "object" || state === null) return {};
  const given = state as Record<string, unknown>;
  const good = STATE_NAMES.filter((name) => Object.hasOwn(given, name) && CHECKS[name](given[name]));
  return Object.fromEntries(good.map((name) => [name, given[name]])) as Partial<TwoWayValues>;
}

function isText(value: unknown): boolean {
  return typeof value === "string";
}

function isRows(value: unknown): boolean {
  return Array.isArray(value) && value.every(Number.isInteger);
}

function isPlan(value: unknown): boolean {
  if (!isRecord(value) || !isRows(value["keep_float"]) || !isRows(value["int16"])) return false;
  const { changes = [] } = value;
  return Array.isArray(changes) && changes.length <= MOST_CHANGES && changes.every((name) => typeof name === "string");
}

function isRow(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isPanel(value: unknown): boolean {
  return isRecord(value) && JSON.stringify(value).length <= MOST_PANEL;
}

function isCamera(value: unknown): boolean {
  if (value === null) return true;
  if (typeof value !== "object") return false;
  const { x, y, scale } = value as Record<string, unknown>;
  return [x, y, scale].every(Number.isFinite) && (scale as number) > 0;
}
