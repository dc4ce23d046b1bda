import type { TileClient, TileListener } from "../source.js";
import { keyText, type TileKey } from "./key.js";
import type { Tile } from "./tile.js";

/** One part of the view: what it wants and what of it is on screen. */
export class Client implements TileClient {
  readonly listener: TileListener;
  shown: readonly TileKey[] = [];
  readonly #owner: Clients;
  #wanted: readonly TileKey[] = [];
  #texts: ReadonlySet<string> | null = null;
  #shown: ReadonlySet<string> | null = null;

  constructor(owner: Clients, listener: TileListener) {
    this.#owner = owner;
    this.listener = listener;
  }

  get wanted(): readonly TileKey[] {
    return this.#wanted;
  }

  wants(text: string): boolean {
    this.#texts ??= new Set(this.#wanted.map(keyText));
    return this.#texts.has(text);
  }

  shows(text: string): boolean {
    this.#shown ??= new Set(this.shown.map(keyText));
    return this.#shown.has(text);
  }

  want(keys: readonly TileKey[]): void {
    this.#wanted = keys;
    this.#texts = null;
    this.#owner.onWant(this);
  }

  onScreen(keys: readonly TileKey[]): void {
    const same = keys.length === this.shown.length && keys.every((key) => this.shows(keyText(key)));
    this.shown = keys;
    this.#shown = null;
    // What is drawn anew as it was is no news.
    if (!same) this.#owner.onShown();
  }

  dispose(): void {
    this.#owner.remove(this);
  }
}

/** The parts of the view that a source serves. */
export class Clients {
  readonly #all = new Set<Client>();
  readonly #watchers = new Set<() => void>();
  readonly onWant: (client: Client) => void;

  constructor(onWant: (client: Client) => void) {
    this.onWant = onWant;
  }

  add(listener: TileListener): Client {
    const client = new Client(this, listener);
    this.#all.add(client);
    return client;
  }

  remove(client: Client): void {
    this.#all.delete(client);
  }

  [Symbol.iterator](): IterableIterator<Client> {
    return this.#all.values();
  }

  ready(key: TileKey, tile: Tile): void {
    for (const client of this.#wanting(key)) client.listener.ready(key, tile);
  }

  failed(key: TileKey, message: string): void {
    for (const client of this.#wanting(key)) client.listener.failed(key, message);
  }

  /** All that is on screen, each once. */
  shown(): TileKey[] {
    const keys = [...this.#all].flatMap((client) => client.shown);
    return [...new Map(keys.map((key) => [keyText(key), key])).values()];
  }

  watch(callback: () => void): () => void {
    this.#watchers.add(callback);
    return () => this.#watchers.delete(callback);
  }

  onShown(): void {
    for (const callback of [...this.#watchers]) callback();
  }

  clear(): void {
    this.#all.clear();
    this.#watchers.clear();
  }

  #wanting(key: TileKey): Client[] {
    const text = keyText(key);
    return [...this.#all].filter((client) => client.wants(text));
  }
}
