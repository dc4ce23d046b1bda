/** Links to ops of a report: `#haoline=<report id>&op=<op name>`, several ops, or `&group=<scope path>`. */

import type { ReportDocument } from "../data/index.js";
import type { Cleanup } from "./cleanup.js";
import type { Scene } from "./view.js";

/** More ops than this make no link that one can read. */
const MOST_OPS = 40;

interface Target {
  readonly report: string;
  readonly ops: readonly string[];
  readonly groups: readonly string[];
}

/** What a view is to a link: it can be found, and shows what is asked. */
export interface Linked extends Scene {
  node(): HTMLElement;
}

export function targetOf(hash: string): Target | null {
  const words = new URLSearchParams(hash.replace(/^#/, ""));
  const report = words.get("haoline");
  return report ? { report, ops: words.getAll("op"), groups: words.getAll("group") } : null;
}

const KEPT = Symbol.for("haoline.link");
const page = globalThis as { [KEPT]?: string };

/** JupyterLab drops the fragment of its address while it restores a page: remember it before. */
export function keepLink(): void {
  if (targetOf(location.hash)) page[KEPT] = location.hash;
}

/** The fragment that the page was opened with or has now. */
export function currentLink(): string {
  return targetOf(location.hash) ? location.hash : (page[KEPT] ?? "");
}

/** The fragment of a link to ops; those of a whole module are its path. */
export function fragmentOf(report: ReportDocument, ops: readonly number[]): string {
  const words = [["haoline", report.id]];
  const group = ops.length > 1 ? groupOf(report, ops) : null;
  const names = report.ops.text("name");
  if (group !== null) words.push(["group", group]);
  else for (const op of ops.slice(0, MOST_OPS)) words.push(["op", names?.at(op) ?? ""]);
  return `#${words.map(([key, value]) => `${key}=${encodeURIComponent(value ?? "")}`).join("&")}`;
}

/** The rows that a link names. */
export function rowsOf(report: ReportDocument, { ops, groups }: Target): number[] {
  const [wanted, paths] = [new Set(ops), new Set(groups)];
  const [names, scopes] = [report.ops.text("name"), report.ops.indices("scope")];
  const inside = paths.size > 0 ? scopesWithin(report, paths) : new Set<number>();
  const rows: number[] = [];
  for (let op = 0; op < report.ops.rows; op += 1) {
    if (wanted.has(names?.at(op) ?? "") || inside.has(scopes[op] ?? -1)) rows.push(op);
  }
  return rows;
}

/** The scopes at or below paths; children follow their parents in the table. */
function scopesWithin(report: ReportDocument, paths: ReadonlySet<string>): Set<number> {
  const [names, parents] = [report.scopes.text("path"), report.scopes.indices("parent")];
  const inside = new Set<number>();
  for (let scope = 0; scope < report.scopes.rows; scope += 1) {
    if (paths.has(names?.at(scope) ?? "") || inside.has(parents[scope] ?? -1)) inside.add(scope);
  }
  return inside;
}

/** The path of the scope that holds these ops and no others; null where there is none. */
function groupOf(report: ReportDocument, ops: readonly number[]): string | null {
  const [scopes, parents] = [report.ops.indices("scope"), report.scopes.indices("parent")];
  const count = new Map<number, number>();
  for (const op of ops) {
    for (let scope = scopes[op] ?? -1; scope > 0; scope = parents[scope] ?? -1) {
      count.set(scope, (count.get(scope) ?? 0) + 1);
    }
  }
  const sizes = report.scopes.numeric("ops");
  const exact = [...count].filter(([scope, held]) => held === ops.length && sizes?.at(scope) === held);
  const outermost = Math.min(...exact.map(([scope]) => scope));
  return Number.isFinite(outermost) ? (report.scopes.text("path")?.at(outermost) ?? null) : null;
}

/** The address of the page with a fragment, for the clipboard. */
export function urlOf(fragment: string): string {
  return location.href.replace(/#.*$/s, "") + fragment;
}

/** Events and links for which a view has come into sight: of several that show a report, one does. */
const heard = new WeakSet<Event>();
const answered = new Set<string>();

/** Shows what the address of the page asks of this report, now and whenever it changes. */
export class DeepLink {
  readonly #view: Linked;

  constructor(view: Linked, cleanup: Cleanup) {
    this.#view = view;
    cleanup.listen(window, "hashchange", (event) => this.#changed(event));
    this.#arrive(currentLink());
  }

  /** A view that is drawn anew leaves the reader's selection and place alone. */
  #arrive(link: string): void {
    const first = !answered.has(link);
    if (!first && this.#view.host.get("selection")?.length) return;
    if (this.#follow(link, first)) answered.add(link);
  }

  #changed(event: Event): void {
    if (this.#follow(location.hash, !heard.has(event))) heard.add(event);
  }

  /** Whether the link speaks of this report. */
  #follow(link: string, scroll: boolean): boolean {
    const view = this.#view;
    const target = targetOf(link);
    if (target?.report !== view.report.id) return false;
    const rows = rowsOf(view.report, target);
    if (rows.length > 0) {
      view.show("graph");
      view.select(rows);
    } else if (target.ops.length + target.groups.length > 0) {
      view.say("The link leads to an op that this report has not.");
    }
    if (scroll) view.node().scrollIntoView({ block: "center" });
    return true;
  }
}
