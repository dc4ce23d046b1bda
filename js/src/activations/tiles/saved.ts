import type { SampleInput, TileClient, TileListener, TileSource } from "../source.js";
import { type Client, Clients } from "./clients.js";
import { keyText, type TileKey } from "./key.js";
import { type Tile, TileError } from "./tile.js";
import { type Snapshot, unpackSnapshot } from "./unpack.js";

const NO_TILE =
  "There is no kernel: only what was on screen when this was saved is here. Run the cell to see the rest.";
const NO_ARRAY = "There is no kernel to write the file: run the cell first.";
const NO_INPUT = "There is no kernel: this sample's input was not kept. Run the cell to see it.";

/** What was on screen when a notebook was saved. */
export class SavedSource implements TileSource {
  readonly live = false;
  readonly #text: string;
  readonly #clients = new Clients((client) => this.#answer(client));
  readonly #loading: Promise<void>;
  #snapshot: Snapshot | null = null;
  #error = NO_TILE;

  constructor(text: string) {
    this.#text = text;
    this.#loading = unpackSnapshot(text).then(
      (snapshot) => this.#take(snapshot),
      (error: unknown) => this.#break(error),
    );
  }

  client(listener: TileListener): TileClient {
    return this.#clients.add(listener);
  }

  peek(key: TileKey): Tile | null {
    return this.#snapshot?.tiles.get(keyText(key)) ?? null;
  }

  watch(_callback: () => void): () => void {
    return () => undefined;
  }

  array(): Promise<Blob> {
    return Promise.reject(new TileError(NO_ARRAY));
  }

  async input(sample: number): Promise<SampleInput> {
    await this.#loading;
    const kept = this.#snapshot?.input;
    if (kept?.sample !== sample) throw new TileError(NO_INPUT);
    return kept.input;
  }

  /** What was kept is kept on. */
  async snapshot(): Promise<string> {
    return this.#text;
  }

  dispose(): void {
    this.#clients.clear();
  }

  #take(snapshot: Snapshot): void {
    this.#snapshot = snapshot;
    for (const client of this.#clients) {
      for (const key of client.wanted) {
        const tile = this.peek(key);
        if (tile) client.listener.ready(key, tile);
      }
      this.#answer(client);
    }
  }

  #break(error: unknown): void {
    this.#error = error instanceof Error ? error.message : String(error);
    this.#take({ tiles: new Map(), input: null });
  }

  #answer(client: Client): void {
    if (!this.#snapshot) return;
    for (const key of client.wanted) {
      if (!this.peek(key)) client.listener.failed(key, this.#error);
    }
  }
}
