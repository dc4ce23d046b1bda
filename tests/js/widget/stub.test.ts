import { afterEach, describe, expect, it, vi } from "vitest";
import { applyStyle } from "../../../js/src/widget/bundle.js";
import type { WidgetModel } from "../../../js/src/widget/model-host.js";
import { registry } from "../../../js/src/widget/registry.js";
import stub from "../../../js/src/widget/stub.js";

type Callback = (...args: never[]) => void;

/** A widget model whose kernel answers when told to. */
class Model implements WidgetModel {
  readonly sent: unknown[] = [];
  saved = 0;
  #values: Record<string, unknown>;
  #listeners = new Map<string, Set<Callback>>();

  constructor(values: Record<string, unknown> = {}) {
    this.#values = { view_id: "v1", report_id: "r1", ...values };
  }

  get(name: string): unknown {
    return this.#values[name];
  }

  set(name: string, value: unknown): void {
    this.#values[name] = value;
    this.emit(`change:${name}`);
  }

  save_changes(): void {
    this.saved += 1;
  }

  send(content: unknown): void {
    this.sent.push(content);
  }

  on(event: string, callback: Callback): void {
    const set = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, set.add(callback));
  }

  off(event: string, callback: Callback): void {
    this.#listeners.get(event)?.delete(callback);
  }

  emit(event: string, ...args: unknown[]): void {
    for (const callback of [...(this.#listeners.get(event) ?? [])]) callback(...(args as never[]));
  }

  count(event: string): number {
    return this.#listeners.get(event)?.size ?? 0;
  }
}

const MODULE =
  "export const drawModel = (el, model) => { el.append('drawn ' + model.get('view_id')); return () => el.replaceChildren(); };";

function answer(model: Model): void {
  const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
  model.emit("msg:custom", { type: "other" });
  model.emit("msg:custom", { type: "bundle" }, [encode(MODULE), encode(".haoline{}")]);
}

/** The test runner imports no blob URLs; a data URL is the same module. */
function importable(): void {
  vi.spyOn(URL, "createObjectURL").mockReturnValue(`data:text/javascript,${encodeURIComponent(MODULE)}`);
}

function element(): HTMLElement {
  const el = document.createElement("div");
  document.body.append(el);
  return el;
}

afterEach(() => {
  const page = registry();
  delete page.draw;
  delete page.bundle;
  page.models.clear();
  document.head.replaceChildren();
  document.body.replaceChildren();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe("initialize", () => {
  it("makes the model known under its own name and forgets it again", () => {
    const told: string[] = [];
    const listen = (event: Event): unknown => told.push((event as CustomEvent<string>).detail);
    registry().events.addEventListener("model", listen);
    const model = new Model();
    const forget = stub.initialize({ model });
    expect(registry().models.get("v1")).toBe(model);
    forget();
    expect(registry().models.has("v1")).toBe(false);
    expect(told).toEqual(["v1", "v1"]);
    registry().events.removeEventListener("model", listen);
  });

  it("leaves a newer model of the same name alone", () => {
    const [older, newer] = [new Model(), new Model()];
    const forget = stub.initialize({ model: older });
    stub.initialize({ model: newer });
    forget();
    expect(registry().models.get("v1")).toBe(newer);
  });
});

describe("render", () => {
  it("uses the views of the extension and asks the kernel for nothing", async () => {
    const gone = vi.fn();
    registry().draw = (el) => {
      el.append("by extension");
      return gone;
    };
    const [model, el] = [new Model(), element()];
    const dispose = await stub.render({ model, el });
    expect(el.textContent).toBe("by extension");
    expect(model.sent).toEqual([]);
    dispose();
    expect(gone).toHaveBeenCalledOnce();
  });

  it("gives an extension that is still starting a moment", async () => {
    const config = document.createElement("script");
    config.id = "jupyter-config-data";
    document.body.append(config);
    const [model, el] = [new Model(), element()];
    const rendering = stub.render({ model, el });
    expect(el.textContent).toContain("Loading");
    registry().draw = (target) => {
      target.append("late");
      return () => undefined;
    };
    await rendering;
    expect(el.textContent).toBe("late");
    expect(model.sent).toEqual([]);
  });

  it("fetches the bundle once for all reports of a page", async () => {
    importable();
    const [first, second] = [new Model(), new Model({ view_id: "v2" })];
    const elements = [element(), element()];
    const rendering = [
      stub.render({ model: first, el: elements[0]! }),
      stub.render({ model: second, el: elements[1]! }),
    ];
    await vi.waitFor(() => expect(first.sent).toEqual([{ type: "bundle" }]));
    answer(first);
    await Promise.all(rendering);
    expect(second.sent).toEqual([]);
    expect(elements.map((el) => el.textContent)).toEqual(["drawn v1", "drawn v2"]);
    expect(document.head.querySelectorAll("style").length).toBe(1);
    expect(first.count("msg:custom")).toBe(0);
  });

  it("says why it failed and lets the next report ask again", async () => {
    vi.useFakeTimers();
    const [model, el] = [new Model(), element()];
    const rendering = stub.render({ model, el });
    await vi.advanceTimersByTimeAsync(61_000);
    await rendering;
    expect(el.textContent).toContain("run the cell again");
    expect(registry().bundle).toBeUndefined();
  });
});

describe("style", () => {
  it("goes into the shadow tree that holds the report", () => {
    const outer = element();
    const shadow = outer.attachShadow({ mode: "open" });
    const inner = document.createElement("div");
    shadow.append(inner);
    applyStyle(inner, ".a{}");
    applyStyle(inner, ".a{}");
    expect(shadow.querySelectorAll("style").length).toBe(1);
    expect(document.head.querySelectorAll("style").length).toBe(0);
  });
});
