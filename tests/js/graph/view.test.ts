import { describe, expect, it } from "vitest";
import { encode } from "../data/encode";
import { Net, transformer } from "./models";
import { clickAt, mount, paint, press, pretendToPaint, size, textOnCanvas } from "./mount";

pretendToPaint();

describe("the graph view", () => {
  it("draws its nodes when it gets a size, and says so", async () => {
    const { canvas, probe, view } = mount(await transformer(4).document(), {}, false);
    paint();
    expect(canvas.dataset.visibleNodes).toBeUndefined();
    size(canvas);
    expect(Number(canvas.dataset.visibleNodes)).toBe(probe.nodes().length);
    expect(textOnCanvas()).toContain("×4");
    expect(view.node().dataset.testid).toBe("haoline-graph");
    expect(view.node().dataset.lmSuppressShortcuts).toBe("true");
    for (const name of ["data", "layout", "paint"]) {
      expect(performance.getEntriesByName(`haoline:graph:${name}`).length).toBeGreaterThan(0);
    }
  });

  it("begins below the search, and below its filters where these take a second row", async () => {
    const top = async (width: number): Promise<number> => {
      const { canvas, probe } = mount(await transformer(4).document(), {}, false);
      size(canvas, width);
      return Math.min(...probe.nodes().map(({ y }) => y));
    };
    expect((await top(430)) - (await top(530))).toBeGreaterThan(20);
  });

  it("selects what is clicked and calls back; setSelection marks without calling back", async () => {
    const { view, canvas, probe } = mount(await transformer(4).document());
    const heard: number[][] = [];
    const stop = view.onSelect((ops) => heard.push(ops));
    const node = probe.nodes().find(({ label }) => label === "Gather")!;
    clickAt(canvas, node.x + node.w / 2, node.y + node.h / 2);
    expect(heard).toEqual([node.ops]);
    expect(node.ops).toHaveLength(1);
    view.setSelection([1, 2, 3]);
    paint();
    expect(canvas.dataset.selected).toBe("3");
    clickAt(canvas, 2, 300);
    stop();
    clickAt(canvas, node.x + node.w / 2, node.y + node.h / 2);
    expect(heard).toEqual([node.ops, []]);
  });

  it("opens a run by its button, shows one instance, pages, and closes again", async () => {
    const { canvas, probe, view } = mount(await transformer(4).document());
    const run = probe.nodes().find(({ label }) => label === "layers ×4")!;
    const scale = Number(canvas.dataset.scale);
    clickAt(canvas, run.x + run.w - 18 * scale, run.y + 18 * scale);
    const opened = (): { ops: number[]; labels: string[] } => {
      const nodes = probe.nodes();
      return { ops: nodes.find(({ label }) => label === "attn")?.ops ?? [], labels: nodes.map(({ label }) => label) };
    };
    const first = opened();
    expect(first.labels).toContain("mlp");
    expect(first.labels.filter((label) => label === "attn")).toHaveLength(1);
    const gather = probe.nodes().find(({ label }) => label === "attn")!;
    clickAt(canvas, gather.x + 40, gather.y + gather.h - 3);
    press(view, "]");
    const second = opened();
    expect(second.ops).toHaveLength(first.ops.length);
    expect(second.ops[0]).toBeGreaterThan(first.ops[0]!);
  });

  it("keeps what is in the middle there when a panel beside it takes width", async () => {
    const { canvas, probe } = mount(await transformer(4).document());
    const run = (): number => probe.nodes().find(({ label }) => label.startsWith("layers"))!.x;
    const open = probe.nodes().find(({ label }) => label === "layers ×4")!;
    clickAt(canvas, open.x + open.w / 2, open.y + open.h - 3);
    const before = run();
    size(canvas, 700);
    expect(run()).toBeCloseTo(before - 150, 3);
  });

  it("opens a block where it is clicked, and adds it to the selection with shift instead", async () => {
    const { canvas, probe } = mount(await transformer(4).document());
    const run = probe.nodes().find(({ label }) => label === "layers ×4")!;
    const at = { clientX: run.x + run.w / 2, clientY: run.y + run.h - 3, pointerId: 1, button: 0 };
    Object.assign(canvas, { setPointerCapture: () => undefined });
    for (const type of ["pointerdown", "pointerup"])
      canvas.dispatchEvent(new PointerEvent(type, { ...at, shiftKey: true }));
    expect(probe.nodes().some(({ label }) => label === "attn")).toBe(false);
    clickAt(canvas, at.clientX + 9, at.clientY);
    expect(probe.nodes().some(({ label }) => label === "attn")).toBe(true);
  });

  it("walks along edges by keys and speaks", async () => {
    const { view } = mount(await transformer(2).document());
    const heard: number[][] = [];
    view.onSelect((ops) => heard.push(ops));
    const spoken = view.node().querySelector("[aria-live='polite']:not(span)")!;
    press(view, "ArrowDown");
    expect(spoken.textContent).toContain("input_0");
    press(view, "ArrowDown");
    expect(spoken.textContent).toContain("Gather");
    press(view, "Escape");
    expect(heard.at(-1)).toEqual([]);
  });

  it("takes its own keys and leaves others and modified ones to the notebook", async () => {
    const { view } = mount(await transformer(2).document());
    expect(press(view, "f")).toBe(false);
    expect(press(view, "a")).toBe(true);
    const saved = new KeyboardEvent("keydown", { key: "f", ctrlKey: true, cancelable: true });
    expect(view.node().dispatchEvent(saved)).toBe(true);
  });

  it("zooms on a bare wheel only with the focus", async () => {
    const { view, canvas } = mount(await transformer(2).document());
    const wheel = (ctrlKey: boolean): boolean => {
      const event = new WheelEvent("wheel", { deltaY: -100, cancelable: true });
      // happy-dom's wheel events know no modifier keys.
      Object.defineProperty(event, "ctrlKey", { value: ctrlKey });
      return canvas.dispatchEvent(event);
    };
    const before = canvas.dataset.scale;
    expect(wheel(false)).toBe(true);
    paint();
    expect(canvas.dataset.scale).toBe(before);
    expect(wheel(true)).toBe(false);
    paint();
    expect(Number(canvas.dataset.scale)).toBeGreaterThan(Number(before));
    view.node().focus();
    expect(wheel(false)).toBe(false);
  });

  it("searches, steps through the matches and opens their groups", async () => {
    const { view, probe } = mount(await transformer(6).document());
    expect(view.search("Softmax")).toHaveLength(6);
    const box = view.node().querySelector<HTMLInputElement>("[data-testid=haoline-graph-search]")!;
    const heard: number[][] = [];
    view.onSelect((ops) => heard.push(ops));
    for (let i = 0; i < 7; i += 1) box.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", cancelable: true }));
    expect(new Set(heard.map(([op]) => op)).size).toBe(6);
    expect(heard[6]).toEqual(heard[0]);
    expect(probe.nodes().some(({ label }) => label === "Softmax")).toBe(true);
    expect(view.node().textContent).toContain("1 / 6");
  });

  it("focuses an op that was asked for before there was a size", async () => {
    const net = transformer(6);
    const doc = await net.document();
    const { view, canvas, probe } = mount(doc, {}, false);
    const types = doc.ops.text("type")!;
    const op = Array.from({ length: doc.ops.rows }, (_, row) => row).findLast((row) => types.at(row) === "Softmax")!;
    view.focusOp(op);
    size(canvas);
    const node = probe.nodes().find(({ ops, group }) => !group && ops[0] === op)!;
    expect(node.x + node.w / 2).toBeCloseTo(500, 0);
    expect(node.y + node.h / 2).toBeCloseTo(300, 0);
  });

  it("takes new columns without a new layout, and another report afresh", async () => {
    const net = transformer(6);
    const doc = await net.document();
    const { view, probe } = mount(doc);
    const before = probe.layouts().asked;
    const overlay = encode(
      { kind: "overlay", id: "r1" },
      {
        ops: {
          estimated_us: { values: new Float64Array(doc.ops.rows).fill(5), unit: "us", label: "Time", aggregate: "sum" },
        },
      },
    );
    view.update(await doc.withOverlay(overlay));
    view.setColor("estimated_us");
    textOnCanvas();
    paint();
    expect(probe.layouts().asked).toBe(before);
    expect(textOnCanvas().some((text) => text.startsWith("Time "))).toBe(true);
    view.update(await transformer(3).document("r2"));
    expect(probe.nodes().map(({ label }) => label)).toContain("layers ×3");
  });

  it("shows names from a file as text only", async () => {
    const hostile = '<img src=x onerror="globalThis.pwned=1">';
    const net = new Net(hostile);
    net.markOutput(net.op(hostile, hostile, [net.op("Relu", hostile, [net.input()])]));
    const { view, canvas, probe } = mount(await net.document());
    view.setColor("type");
    for (const node of probe.nodes()) {
      canvas.dispatchEvent(new PointerEvent("pointermove", { clientX: node.x + 5, clientY: node.y + node.h - 2 }));
    }
    expect(view.node().querySelector(".haoline-graph-tooltip")?.textContent).not.toBe("");
    expect(view.node().querySelector("img")).toBeNull();
    expect(textOnCanvas().some((text) => text.startsWith("<img"))).toBe(true);
  });

  it("leaves nothing behind", async () => {
    const { view, canvas } = mount(await transformer(2).document());
    view.dispose();
    expect(document.body.children).toHaveLength(0);
    expect(canvas.width).toBe(0);
  });
});
