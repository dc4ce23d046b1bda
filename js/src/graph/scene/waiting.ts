/** Layouts under way elsewhere, and the groups that wait for them. */

import type { Offload } from "../layout/offload.js";
import type { Layout, LayoutInput } from "../layout/types.js";

export interface PendingGroup {
  readonly item: number;
  /** Boxes directly inside. */
  readonly nodes: number;
}

interface Work {
  readonly nodes: number;
  /** Groups that wait for it; with none left it is given up. */
  readonly items: Set<number>;
  readonly cancel: () => void;
}

export type Ready = (items: readonly number[]) => void;

export class Waiting {
  readonly #offload: Offload | null;
  readonly #alone: Ready;
  readonly #work = new Map<number, Work>();
  readonly #ready = new Set<number>();
  readonly #callbacks = new Set<Ready>();

  /** `alone`: what becomes of groups that are ready where nobody listens. */
  constructor(offload: Offload | null, alone: Ready) {
    this.#offload = offload;
    this.#alone = alone;
  }

  get possible(): boolean {
    return this.#offload !== null;
  }

  get groups(): PendingGroup[] {
    return [...this.#work.values()].flatMap(({ items, nodes }) => [...items].map((item) => ({ item, nodes })));
  }

  has(item: number): boolean {
    for (const { items } of this.#work.values()) if (items.has(item)) return true;
    return false;
  }

  listen(callback: Ready): () => void {
    this.#callbacks.add(callback);
    return () => this.#callbacks.delete(callback);
  }

  /** Whether the shape `key` is under way; then `item` waits for it too. */
  join(key: number, item: number): boolean {
    const work = this.#work.get(key);
    work?.items.add(item);
    return work !== undefined;
  }

  start(key: number, item: number, input: LayoutInput, keep: (layout: Layout) => void): void {
    const done = (layout: Layout): void => {
      for (const ready of this.#work.get(key)?.items ?? []) this.#ready.add(ready);
      this.#work.delete(key);
      keep(layout);
      this.#tell();
    };
    const cancel = this.#offload?.start(input, done) ?? (() => undefined);
    this.#work.set(key, { nodes: input.n, items: new Set([item]), cancel });
  }

  /** All at once when nothing is under way any more: each change lays out anew what is around it. */
  #tell(): void {
    if (this.#work.size > 0 || this.#ready.size === 0) return;
    const items = [...this.#ready];
    this.#ready.clear();
    if (this.#callbacks.size === 0) this.#alone(items);
    for (const callback of [...this.#callbacks]) callback(items);
  }

  /** The group no longer waits: it was closed, or is about to be asked for anew. */
  forget(item: number): void {
    this.#ready.delete(item);
    for (const { items } of this.#work.values()) items.delete(item);
  }

  /** Gives up what nobody waits for. */
  sweep(): void {
    for (const [key, { items, cancel }] of this.#work) {
      if (items.size > 0) continue;
      this.#work.delete(key);
      cancel();
    }
    this.#tell();
  }

  clear(): void {
    this.#ready.clear();
    for (const { items } of this.#work.values()) items.clear();
    this.sweep();
  }
}
