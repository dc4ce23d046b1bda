/** Finding and following on a desk: search, filters, traces, paths, and the way there. */

import type { Desk } from "./desk.js";
import { leavesIn } from "./explore/emphasis.js";
import { parseQuery, type Term } from "./explore/query.js";
import { type QuickFilter, quickFilters } from "./explore/quick.js";
import type { Way } from "./explore/trace.js";
import type { GraphModel } from "./model/graph-model.js";
import { resultWords } from "./panels/describe-result.js";

/** A path this short is opened up; around a longer one too much would have to be. */
const MOST_OPENED = 60;
/** Seeds of a trace: a selection larger than this is traced as a whole all the same, by its first ops. */
const MOST_SEEDS = 20_000;

export class Explorer {
  readonly #desk: Desk;
  #quick: readonly QuickFilter[] | null = null;
  #quickOf: unknown = null;
  #brushed = "";

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  get #model(): GraphModel {
    return this.#desk.session.model;
  }

  find(query: string): void {
    this.#desk.finder.search(this.#model, query);
    this.#shown();
  }

  stepMatch(direction: 1 | -1): void {
    const { finder } = this.#desk;
    const op = finder.step(direction);
    if (op < 0) return this.#shown();
    const { at } = finder;
    this.goTo(op);
    // Showing hidden ops searches anew.
    finder.at = at;
    this.#shown();
  }

  /** Brings an op into view and selects it, as the user's own move. */
  goTo(op: number): void {
    this.#jump(this.#desk.cursor, () => this.#desk.bringOp(op));
    const item = this.#model.itemOfOp(op);
    if (item >= 0) this.#desk.choose([item]);
  }

  /** Brings an item into view and selects it; the way back leads to `from`. */
  visit(item: number, from: number): void {
    this.#jump(from, () => this.#desk.bring(item));
    this.#desk.choose([item]);
  }

  #jump(from: number, go: () => void): void {
    const desk = this.#desk;
    desk.remember(from);
    desk.opened = true;
    go();
    desk.events.touched("expanded", "focus", "camera", "constants", "quantizers");
  }

  /** Fades what does not match; "" fades nothing. */
  filter(filter: string): void {
    const desk = this.#desk;
    desk.finder.setFilter(this.#model, filter);
    desk.events.touched("filter");
    this.#say(filter === "" ? "No filter" : `${desk.finder.passing ?? 0} ops pass the filter`);
    this.#shown();
  }

  /** Adds a term to the filter, or takes it out again. */
  toggleTerm(query: string): void {
    const terms = parseQuery(this.#desk.finder.filter);
    const rest = terms.filter((term) => written(term) !== query);
    this.filter([...rest.map(written), ...(rest.length < terms.length ? [] : [query])].join(" "));
  }

  /** What was brushed in the legend takes the place of what was brushed before; "" lifts it. */
  brush(query: string): void {
    const terms = parseQuery(this.#desk.finder.filter).map(written);
    const kept = terms.filter((term) => term !== this.#brushed);
    this.#brushed = parseQuery(query).map(written).join(" ");
    this.filter([...kept, this.#brushed].filter(Boolean).join(" "));
  }

  quick(): readonly QuickFilter[] {
    const { doc } = this.#model;
    if (this.#quickOf !== doc) this.#quick = quickFilters(this.#model);
    this.#quickOf = doc;
    return this.#quick ?? [];
  }

  /** Follows the selection up or down; again: no more. */
  trace(way: Way): void {
    const { finder, chosen } = this.#desk;
    const seeds = leavesIn(this.#model, chosen).slice(0, MOST_SEEDS);
    if (seeds.length === 0) return;
    finder.follower.trace(this.#model, seeds, way);
    this.#followed();
  }

  /** The shortest path between two selected things. */
  connect(): void {
    const desk = this.#desk;
    const ends = this.#ends();
    if (!ends) return;
    if (!desk.finder.follower.connect(this.#model, ends[0], ends[1])) {
      this.#followed();
      return desk.events.tell("No path joins the two");
    }
    this.#showPath();
    this.#followed();
  }

  #ends(): readonly [readonly number[], readonly number[]] | null {
    const [first, second, ...more] = this.#desk.chosen;
    if (first === undefined || second === undefined || more.length > 0) return null;
    return [leavesIn(this.#model, [first]), leavesIn(this.#model, [second])];
  }

  #showPath(): void {
    const desk = this.#desk;
    const { session, finder } = desk;
    const { itemOf } = session.model.tree;
    const items = (finder.follower.path?.leaves ?? []).map((leaf) => itemOf[leaf]!);
    desk.remember(desk.cursor);
    if (items.length <= MOST_OPENED) {
      if (items.some((item) => !session.holds(item))) session.enter("");
      session.expansion.revealAll(items);
      session.scene.touchAll();
      desk.opened = true;
      desk.mark();
      desk.events.touched("expanded", "focus");
    }
    desk.fitItems([...new Set(items.map((item) => session.expansion.visible(item)))]);
  }

  #followed(): void {
    this.#desk.finder.combine(this.#model);
    this.#say(this.result());
    this.#shown();
  }

  /** What is being followed, in words; "" for nothing. */
  result(): string {
    return resultWords(this.#desk.session, this.#desk.finder.follower);
  }

  unfollow(): void {
    const { finder } = this.#desk;
    finder.follower.clear();
    finder.combine(this.#model);
    this.#shown();
  }

  #say(text: string): void {
    this.#desk.events.say(text);
  }

  #shown(): void {
    this.#desk.events.shown();
    this.#desk.stage.request();
  }
}

function written(term: Term): string {
  return `${term.negated ? "-" : ""}${term.source}`;
}
