import type { Answer, Question } from "../../data/host.js";
import type { SampleInput, TileClient, TileListener, TileSource } from "../source.js";
import { nextBatch, questionOf } from "./batch.js";
import { TileCache } from "./cache.js";
import { type Client, Clients } from "./clients.js";
import { readInput } from "./input.js";
import { groupText, keyText, type Side, type TileKey } from "./key.js";
import { type KeptInput, packSnapshot } from "./pack.js";
import { readTiles, type Tile, TileError } from "./tile.js";

export type Ask = (question: Question) => Promise<Answer>;

const BUDGET_BYTES = 64 * 2 ** 20;
/** Two, so that one is worked on while the other travels. */
const MOST_ASKED = 2;
/** A tile that failed is not asked for again at every move of the scroll bar. */
const PATIENCE_MS = 8000;

interface Failure {
  readonly message: string;
  readonly time: number;
}

/** Tiles from a kernel: asked for in batches while somebody wants them, kept within a budget. */
export class LiveSource implements TileSource {
  readonly live = true;
  readonly #ask: Ask;
  readonly #cache: TileCache;
  readonly #clients = new Clients(() => this.#schedule());
  readonly #asked = new Map<string, number>();
  readonly #failures = new Map<string, Failure>();
  readonly #pixels = new Map<string, number>();
  readonly #inputs = new Map<number, Promise<SampleInput>>();
  #input: KeptInput | null = null;
  #running = 0;
  #scheduled = false;
  #disposed = false;

  constructor(ask: Ask, budget = BUDGET_BYTES) {
    this.#ask = ask;
    this.#cache = new TileCache(budget);
  }

  client(listener: TileListener): TileClient {
    return this.#clients.add(listener);
  }

  peek(key: TileKey, any = false): Tile | null {
    return this.#cache.get(key, any);
  }

  watch(callback: () => void): () => void {
    return this.#clients.watch(callback);
  }

  async array(tensor: number, sample: number, channel: number | null, which?: Side): Promise<Blob> {
    const { buffers } = await this.#ask({ type: "array", tensor, sample, channel, ...(which && { which }) });
    if (buffers.length === 0) throw new TileError("The kernel sent no array.");
    return new Blob(buffers as BlobPart[], { type: "application/octet-stream" });
  }

  input(sample: number): Promise<SampleInput> {
    const known = this.#inputs.get(sample);
    const input = known ?? this.#ask({ type: "input", sample }).then(readInput);
    this.#inputs.set(sample, input);
    input.then(
      (answer) => this.#showInput({ sample, input: answer }),
      () => this.#inputs.delete(sample),
    );
    return input;
  }

  async snapshot(): Promise<string> {
    const shown = this.#clients.shown().map((key) => ({ key, tile: this.#cache.get(key, true) }));
    const kept = shown.flatMap(({ key, tile }) => (tile ? [{ key, tile }] : []));
    return packSnapshot(kept, this.#input);
  }

  dispose(): void {
    this.#disposed = true;
    this.#clients.clear();
    this.#cache.clear();
  }

  #showInput(input: KeptInput): void {
    this.#input = input;
    this.#clients.onShown();
  }

  /** Once all parts have said what they want. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#pump();
    });
  }

  /** What is on screen of any part comes before what one part loads ahead. */
  #pump(): void {
    for (const client of this.#clients) this.#serve(client, (key) => client.shows(keyText(key)));
    for (const client of this.#clients) this.#serve(client, () => true);
  }

  #serve(client: Client, due: (key: TileKey) => boolean): void {
    while (!this.#disposed && this.#running < MOST_ASKED) {
      const batch = nextBatch(
        client.wanted,
        (key) => due(key) && this.#isOpen(key),
        (key) => this.#pixelsOf(key),
      );
      if (batch.length === 0) return;
      void this.#fetch(batch);
    }
  }

  #isOpen(key: TileKey): boolean {
    const text = keyText(key);
    if ((this.#asked.get(text) ?? 0) >= key.size || this.#cache.has(key)) return false;
    const failure = this.#failures.get(text);
    return !failure || Date.now() - failure.time > PATIENCE_MS;
  }

  /** Pixels of a tile: of one that came of the same tensor, until then the most there can be. */
  #pixelsOf(key: TileKey): number {
    return this.#pixels.get(`${groupText(key)} ${key.size}`) ?? key.size ** 2;
  }

  async #fetch(batch: readonly TileKey[]): Promise<void> {
    for (const key of batch) this.#asked.set(keyText(key), key.size);
    this.#running += 1;
    try {
      const { content, buffers } = await this.#ask(questionOf(batch));
      const tiles = readTiles(content, buffers[0]);
      if (tiles.length !== batch.length) throw new TileError("The kernel sent other tiles than asked for.");
      if (!this.#disposed) this.#take(batch, tiles);
    } catch (error) {
      this.#fail(batch, error instanceof Error ? error.message : String(error));
    } finally {
      this.#running -= 1;
      for (const key of batch) this.#asked.delete(keyText(key));
      this.#pump();
    }
  }

  #take(batch: readonly TileKey[], tiles: readonly Tile[]): void {
    const [lead, first] = [batch[0]!, tiles[0]!];
    this.#pixels.set(`${groupText(lead)} ${lead.size}`, Math.max(1, first.width * first.height));
    batch.forEach((key, i) => {
      this.#failures.delete(keyText(key));
      this.#cache.put(key, tiles[i]!);
    });
    // Told after all are in, so that whoever draws at the first has the rest.
    batch.forEach((key, i) => void this.#clients.ready(key, tiles[i]!));
    this.#clients.onShown();
  }

  #fail(batch: readonly TileKey[], message: string): void {
    for (const key of batch) {
      this.#failures.set(keyText(key), { message, time: Date.now() });
      this.#clients.failed(key, message);
    }
  }
}
