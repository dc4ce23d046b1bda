import { afterEach, describe, expect, it, vi } from "vitest";
import type { Answer } from "../../../js/src/data/index.js";
import { modelHost, type WidgetModel } from "../../../js/src/widget/model-host.js";

function model() {
  const values = new Map<string, unknown>([["selection", [1]]]);
  return {
    get: (name: string) => values.get(name),
    set: vi.fn((name: string, value: unknown) => void values.set(name, value)),
    save_changes: vi.fn(),
    send: vi.fn(),
    on: vi.fn(),
    off: vi.fn(),
  } satisfies WidgetModel;
}

describe("a host over a widget model", () => {
  it("reads traits and saves what it writes", () => {
    const widget = model();
    const host = modelHost(widget);
    expect(host.live).toBe(true);
    expect(host.get("selection")).toEqual([1]);
    host.set("tab", "memory");
    expect(widget.set).toHaveBeenCalledWith("tab", "memory");
    expect(widget.save_changes).toHaveBeenCalledOnce();
  });

  it("gets a page from the kernel, which answers in bytes", async () => {
    const widget = model();
    const page = modelHost(widget).page?.();
    expect(widget.send).toHaveBeenCalledWith({ type: "html" });
    const [, answer] = widget.on.mock.calls.find(([event]) => event === "msg:custom") ?? [];
    answer({ type: "bundle" }, [new Uint8Array([1])]);
    answer({ type: "html" }, [new TextEncoder().encode("<!doctype html>")]);
    expect(await (await page)?.text()).toBe("<!doctype html>");
    expect(widget.off).toHaveBeenCalledWith("msg:custom", answer);
  });

  it("listens to changes of one trait and stops with the same callback", () => {
    const widget = model();
    const callback = (): void => undefined;
    const host = modelHost(widget);
    host.on("overlay", callback);
    host.off("overlay", callback);
    expect(widget.on).toHaveBeenCalledWith("change:overlay", callback);
    expect(widget.off).toHaveBeenCalledWith("change:overlay", callback);
  });
});

describe("a question to the kernel", () => {
  afterEach(() => vi.useRealTimers());

  function asked(widget: ReturnType<typeof model>, type = "tile") {
    const answer = modelHost(widget).ask?.({ type, tensor: 3 }) as Promise<Answer>;
    const [sent] = widget.send.mock.calls.at(-1) as unknown as [{ request: number }];
    const [, hear] = widget.on.mock.calls.at(-1) as unknown as [string, (...args: unknown[]) => void];
    return { answer, sent, hear };
  }

  it("that was asked before is only listened for, and can be stopped", async () => {
    const widget = model();
    const stop = new AbortController();
    const told: unknown[] = [];
    const options = { rejoin: true, signal: stop.signal, onProgress: (progress: unknown) => void told.push(progress) };
    const answer = modelHost(widget).ask?.({ type: "build", request: 7 }, options) as Promise<Answer>;
    expect(widget.send).not.toHaveBeenCalled();
    const [, hear] = widget.on.mock.calls.at(-1) as unknown as [string, (...args: unknown[]) => void];
    hear({ type: "progress", request: 7, stage: "running", fraction: 0.5 });
    expect(told).toEqual([{ stage: "running", fraction: 0.5 }]);
    stop.abort();
    expect(widget.send).toHaveBeenCalledWith({ type: "stop", request: 7 });
    hear({ type: "build", request: 7, path: "/b" });
    expect((await answer).content["path"]).toBe("/b");
  });

  it("carries a number, and only the answer of that number and type counts", async () => {
    const widget = model();
    const first = asked(widget);
    const second = asked(widget);
    expect(first.sent).toMatchObject({ type: "tile", tensor: 3 });
    expect(second.sent.request).not.toBe(first.sent.request);
    const bytes = new Uint8Array([1]);
    first.hear({ type: "tile", request: second.sent.request }, [new Uint8Array([2])]);
    first.hear({ type: "array", request: first.sent.request });
    first.hear(null);
    first.hear({ type: "tile", request: first.sent.request, shape: [1] }, [bytes]);
    expect(await first.answer).toEqual({ content: expect.objectContaining({ shape: [1] }), buffers: [bytes] });
    expect(widget.off).toHaveBeenCalledWith("msg:custom", first.hear);
    expect(widget.off).not.toHaveBeenCalledWith("msg:custom", second.hear);
  });

  it("fails with the kernel's own sentence", async () => {
    const { answer, sent, hear } = asked(model());
    hear({ type: "tile", request: sent.request, error: "Sample 9 is not stored." });
    await expect(answer).rejects.toThrow("Sample 9 is not stored.");
  });

  it("gives up on a kernel that is busy for too long, and takes no late answer", async () => {
    vi.useFakeTimers();
    const widget = model();
    const { answer, hear } = asked(widget);
    const failed = expect(answer).rejects.toThrow(/busy with a cell/);
    await vi.runAllTimersAsync();
    await failed;
    expect(widget.off).toHaveBeenCalledWith("msg:custom", hear);
  });

  it("tells how far the kernel is, and waits longer for one that tells", async () => {
    vi.useFakeTimers();
    const widget = model();
    const onProgress = vi.fn();
    const answer = modelHost(widget).ask?.({ type: "build" }, { onProgress }) as Promise<Answer>;
    const [{ request }] = widget.send.mock.calls.at(-1) as unknown as [{ request: number }];
    const [, hear] = widget.on.mock.calls.at(-1) as unknown as [string, (...args: unknown[]) => void];
    hear({ type: "progress", request: request + 1, stage: "another's", fraction: 0.1 });
    hear({ type: "progress", request, stage: "calibrating", fraction: 1.5 });
    await vi.advanceTimersByTimeAsync(120_000);
    hear({ type: "progress", request, stage: "verifying", fraction: null });
    hear({ type: "build", request, cosine: 0.99 });
    expect((await answer).content).toMatchObject({ cosine: 0.99 });
    expect(onProgress.mock.calls.map(([progress]) => progress)).toEqual([
      { stage: "calibrating", fraction: 1 },
      { stage: "verifying", fraction: null },
    ]);
  });

  it("has the kernel stop, and takes its word for what came of it", async () => {
    const widget = model();
    const stop = new AbortController();
    const answer = modelHost(widget).ask?.({ type: "build" }, { signal: stop.signal }) as Promise<Answer>;
    const [{ request }] = widget.send.mock.calls.at(-1) as unknown as [{ request: number }];
    const [, hear] = widget.on.mock.calls.at(-1) as unknown as [string, (...args: unknown[]) => void];
    stop.abort();
    expect(widget.send).toHaveBeenLastCalledWith({ type: "stop", request });
    hear({ type: "build", request, error: "Stopped while calibrating." });
    await expect(answer).rejects.toThrow("Stopped while calibrating.");
  });

  it("leaves a kernel that does not stop to itself", async () => {
    vi.useFakeTimers();
    const widget = model();
    const stop = new AbortController();
    const answer = modelHost(widget).ask?.({ type: "build" }, { signal: stop.signal }) as Promise<Answer>;
    const failed = expect(answer).rejects.toThrow("Stopped.");
    stop.abort();
    await vi.advanceTimersByTimeAsync(10_000);
    await failed;
    expect(widget.off).toHaveBeenCalledOnce();
    await expect(modelHost(widget).ask?.({ type: "build" }, { signal: stop.signal })).rejects.toThrow("Stopped.");
  });

  it("says at once that the kernel is gone", async () => {
    const widget = model();
    widget.send.mockImplementation(() => {
      throw new Error("Comm is disposed");
    });
    await expect(modelHost(widget).ask?.({ type: "tile" })).rejects.toThrow("run the cell again");
    expect(widget.off).toHaveBeenCalledOnce();
  });
});
