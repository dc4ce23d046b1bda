import { describe, expect, it, vi } from "vitest";
import { keepSnapshot } from "../../../js/src/activations/keep-snapshot.js";
import type { TileListener } from "../../../js/src/activations/source.js";
import { createSource } from "../../../js/src/activations/source-of.js";
import { nextBatch } from "../../../js/src/activations/tiles/batch.js";
import { TileCache } from "../../../js/src/activations/tiles/cache.js";
import type { TileKey } from "../../../js/src/activations/tiles/key.js";
import { LiveSource } from "../../../js/src/activations/tiles/live.js";
import { StaticHost } from "../../../js/src/data/host.js";
import { Kernel, mapKey, settled, tileOf } from "./maps-fixture.js";

function listening(): { ready: number[]; failures: string[]; listener: TileListener } {
  const ready: number[] = [];
  const failures: string[] = [];
  const channel = (key: TileKey): number => (key.kind === "maps" ? key.channel : -1);
  const listener = {
    ready: (key: TileKey) => void ready.push(channel(key)),
    failed: (_key: TileKey, message: string) => void failures.push(message),
  };
  return { ready, failures, listener };
}

const keys = (from: number, to: number): TileKey[] => Array.from({ length: to - from }, (_, i) => mapKey(from + i));

describe("tiles of a live kernel", () => {
  it("come in batches, and are asked for once", async () => {
    const kernel = new Kernel();
    const source = new LiveSource(kernel.ask);
    const { ready, listener } = listening();
    const client = source.client(listener);
    client.want(keys(0, 10));
    await settled();
    expect(kernel.asked).toHaveLength(1);
    expect(kernel.asked[0]).toMatchObject({ type: "tile", tensor: 0, sample: 0, against: null, mean: false });
    expect(kernel.channels(0)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    client.want(keys(0, 12));
    await settled();
    expect(kernel.channels(1)).toEqual([10, 11]);
    await kernel.flush();
    expect(ready).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(source.peek(mapKey(7))?.codes[0]).toBe(7);
    client.want(keys(0, 12));
    await settled();
    expect(kernel.asked).toHaveLength(2);
  });

  it("come to all parts that show them before what one part loads ahead", async () => {
    const kernel = new Kernel();
    const source = new LiveSource(kernel.ask);
    const parts = ["float", "variant", "difference"] as const;
    for (const which of parts) {
      const client = source.client(listening().listener);
      const all = Array.from({ length: 400 }, (_, channel) => mapKey(channel, { which }));
      client.want(all);
      client.onScreen(all.slice(0, 4));
    }
    await settled();
    await kernel.flush();
    expect(kernel.asked.slice(0, 3).map(({ which }) => which)).toEqual([...parts]);
    expect([0, 1, 2].map((i) => kernel.channels(i))).toEqual([
      [0, 1, 2, 3],
      [0, 1, 2, 3],
      [0, 1, 2, 3],
    ]);
    // A side of a comparison is asked for by its name alone.
    expect(kernel.asked[0]).toEqual({ type: "tile", tensor: 0, sample: 0, which: "float", view: expect.anything() });
    expect(source.peek(mapKey(0, { which: "local" }))).toBeNull();
  });

  it("are not asked for when nobody wants them any more", async () => {
    const kernel = new Kernel();
    const source = new LiveSource(kernel.ask);
    const { ready, listener } = listening();
    const client = source.client(listener);
    client.want(keys(0, 400));
    await settled();
    const asked = kernel.asked.length;
    client.want(keys(1000, 1010));
    await kernel.flush();
    await kernel.flush();
    expect(kernel.asked).toHaveLength(asked + 1);
    expect(kernel.channels(asked)).toEqual([1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1009]);
    // What came too late is kept, but told to nobody.
    expect(ready).toEqual([1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1009]);
    expect(source.peek(mapKey(0))).not.toBeNull();
  });

  it("tell of a failure once in a while, not at every wish", async () => {
    const kernel = new Kernel();
    kernel.error = "The sample is gone.";
    const { failures, listener } = listening();
    const client = new LiveSource(kernel.ask).client(listener);
    client.want([mapKey(3)]);
    await settled();
    await kernel.flush();
    expect(failures).toEqual(["The sample is gone."]);
    client.want([mapKey(3)]);
    await settled();
    expect(kernel.asked).toHaveLength(1);
  });

  it("of another sample, a mean and a difference are others", async () => {
    const kernel = new Kernel();
    const source = new LiveSource(kernel.ask);
    source.client(listening().listener).want([mapKey(0)]);
    await settled();
    await kernel.flush();
    for (const more of [{ sample: 1 }, { mean: true }, { against: 1 }, { tensor: 2 }]) {
      expect(source.peek(mapKey(0, more), true)).toBeNull();
    }
    expect(source.peek(mapKey(0, { size: 512 }))).not.toBeNull();
  });

  it("refuse an answer with other tiles than asked for", async () => {
    const { failures, listener } = listening();
    const codes = Uint16Array.of(1, 2, 3, 4);
    const content = { shape: [1, 2, 2], full: [2, 2], low: [0], high: [1], mean: [0], std: [0] };
    const client = new LiveSource(async () => ({ content, buffers: [codes] })).client(listener);
    client.want(keys(0, 2));
    await settled();
    expect(new Set(failures)).toEqual(new Set(["The kernel sent other tiles than asked for."]));
  });
});

describe("a batch", () => {
  it("holds as many tiles as an answer of modest size", () => {
    const all = keys(0, 300);
    const batch = (pixels: number): number =>
      nextBatch(
        all,
        () => true,
        () => pixels,
      ).length;
    expect(batch(49)).toBe(64);
    expect(batch(64 * 64)).toBe(48);
    expect(batch(2048 * 2048)).toBe(1);
  });

  it("leaves out what is there, and what is of another tensor", () => {
    const all = [mapKey(0), mapKey(1), mapKey(2, { tensor: 5 }), mapKey(3)];
    const open = (key: TileKey): boolean => key !== all[0];
    expect(nextBatch(all, open, () => 4)).toEqual([all[1], all[3]]);
  });
});

describe("the cache", () => {
  it("drops what was not looked at for longest, and stays within its budget", () => {
    const cache = new TileCache(3 * (2 * 400 + 300));
    const tile = tileOf(new Array(400).fill(0), 20);
    for (const channel of [0, 1, 2]) cache.put(mapKey(channel), tile);
    cache.get(mapKey(0));
    cache.put(mapKey(3), tile);
    expect([0, 1, 2, 3].map((channel) => cache.has(mapKey(channel)))).toEqual([true, false, true, true]);
    expect(cache.bytes).toBeLessThanOrEqual(3 * 1100);
  });

  it("gives a coarse tile only to those who take any, and keeps the finer of two", () => {
    const cache = new TileCache(1e6);
    const coarse = tileOf([1, 2, 3, 4], 2, { fullWidth: 8, fullHeight: 8 });
    cache.put(mapKey(0, { size: 2 }), coarse);
    expect(cache.get(mapKey(0, { size: 8 }))).toBeNull();
    expect(cache.get(mapKey(0, { size: 8 }), true)).toBe(coarse);
    const fine = tileOf(new Array(64).fill(5), 8);
    cache.put(mapKey(0, { size: 8 }), fine);
    cache.put(mapKey(0, { size: 2 }), coarse);
    expect(cache.get(mapKey(0, { size: 2 }))).toBe(fine);
    expect(cache.get(mapKey(0, { size: 512 }))).toBe(fine);
  });
});

describe("a snapshot", () => {
  async function shown(): Promise<{ source: LiveSource; kernel: Kernel }> {
    const kernel = new Kernel();
    const source = new LiveSource(kernel.ask);
    const client = source.client(listening().listener);
    client.want(keys(0, 6));
    await settled();
    await kernel.flush();
    client.onScreen(keys(2, 4));
    return { source, kernel };
  }

  it("holds what was on screen, and nothing else", async () => {
    const { source } = await shown();
    const saved = createSource(new StaticHost({ snapshot: await source.snapshot() }));
    const { ready, failures, listener } = listening();
    const client = saved.client(listener);
    client.want(keys(0, 4));
    await vi.waitFor(() => expect(ready).toEqual([2, 3]));
    expect(failures).toHaveLength(2);
    expect(failures[0]).toContain("no kernel");
    expect(saved.live).toBe(false);
    expect([...saved.peek(mapKey(2, { size: 512 }))!.codes]).toEqual([2, 0, 65532, 65533]);
  });

  it("is written when the screen has come to rest, once", async () => {
    const { source } = await shown();
    const written: string[] = [];
    const stop = keepSnapshot(source, (text) => void written.push(text), 5);
    const client = source.client(listening().listener);
    client.onScreen(keys(0, 1));
    client.onScreen(keys(0, 2));
    await vi.waitFor(() => expect(written).toHaveLength(1));
    client.onScreen(keys(0, 2));
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect(written).toHaveLength(1);
    stop();
  });

  it("that is damaged says so", async () => {
    const { failures, listener } = listening();
    createSource(new StaticHost({ snapshot: "bm90IGd6aXA=" }))
      .client(listener)
      .want(keys(0, 1));
    await vi.waitFor(() => expect(failures).toEqual(["What was kept of the activations is damaged."]));
  });

  it("has no files and no inputs that were not kept", async () => {
    const source = createSource(new StaticHost());
    await expect(source.array(0, 0, null)).rejects.toThrow(/no kernel/);
    await expect(source.input(0)).rejects.toThrow(/no kernel/);
  });
});
