import type { Pictured } from "../panel.js";
import { isDifference } from "../subject.js";
import type { Tile } from "../tiles/tile.js";
import { fitted, type Limits, measuredLimits, tableFor, tileLimits, union } from "./limits.js";
import type { Coloring } from "./paint.js";
import { type TableName, table } from "./tables.js";

/** Limits learned from pictures grow in steps, lest all be painted anew for each one. */
const ROOM = 1.05;

/** How the pictures of one tensor are coloured. Where nothing was measured of it, it learns from the pictures that come. */
export class Colors {
  readonly shown: Pictured;
  readonly dark: boolean;
  readonly #measured: Limits | null;
  #learned: Limits | null = null;
  #shared: Coloring | null = null;

  /** `measured`: limits where the document has them in words of its own. */
  constructor(shown: Pictured, dark: boolean, measured: Limits | null = measuredLimits(shown)) {
    this.shown = shown;
    this.dark = dark;
    this.#measured = measured;
  }

  /** Shared limits before they are fitted to a table; null: not known yet. */
  get limits(): Limits | null {
    return this.#measured ?? this.#learned;
  }

  get table(): TableName {
    return tableFor(this.shown.settings.map, this.limits, isDifference(this.shown));
  }

  /** For the colour bar. */
  get shared(): Coloring {
    this.#shared ??= this.#fit(this.limits, this.table);
    return this.#shared;
  }

  get perChannel(): boolean {
    return this.shown.settings.scale === "channel";
  }

  /** Tells of a picture; true: the shared colours changed. An outlier among the channels says nothing of the others. */
  learn(tile: Tile, outlier = false): boolean {
    if (outlier && this.#robust) return false;
    const limits = this.#measured ? null : tileLimits(tile, this.#robust);
    if (!limits || this.#covers(limits)) return false;
    const { low, high } = union(this.#learned, limits)!;
    this.#learned = { low: low < 0 ? low * ROOM : low / ROOM, high: high > 0 ? high * ROOM : high / ROOM };
    this.#shared = null;
    return !this.perChannel;
  }

  /** `like`: the other side of the same, where both are to have the same colours. */
  of(tile: Tile, like: Tile | null = null): Coloring {
    if (!this.perChannel) return this.shared;
    const limits = union(tileLimits(tile, this.#robust), like && tileLimits(like, this.#robust));
    return this.#fit(limits, this.table);
  }

  get #robust(): boolean {
    return this.shown.settings.limits === "robust";
  }

  #covers({ low, high }: Limits): boolean {
    return this.#learned !== null && this.#learned.low <= low && this.#learned.high >= high;
  }

  #fit(limits: Limits | null, name: TableName): Coloring {
    return { limits: fitted(limits, name), table: table(name, this.dark) };
  }
}
