import { describe, expect, it, vi } from "vitest";
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
