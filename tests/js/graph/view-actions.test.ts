import { describe, expect, it, vi } from "vitest";
import type { GraphOptions } from "../../../js/src/graph/index";
import { encode } from "../data/encode";
import { chain, Net, transformer } from "./models";
import {
  clickAt,
  clickNode,
  type Mounted,
  mount,
  nodeNamed,
  paint,
  press,
  pretendToPaint,
  textOnCanvas,
} from "./mount";

pretendToPaint();

const decoder = async (layers = 4, options: GraphOptions = {}): Promise<Mounted> =>
  mount(await transformer(layers).document(), options);

const labels = ({ probe }: Mounted): string[] => probe.nodes().map(({ label }) => label);
const part = ({ view }: Mounted, testid: string): HTMLElement =>
  view.node().querySelector<HTMLElement>(`[data-testid=haoline-graph-${testid}]`)!;
const menuItems = (mounted: Mounted): HTMLButtonElement[] => [...part(mounted, "menu").querySelectorAll("button")];
const choose = (mounted: Mounted, label: string): void =>
  menuItems(mounted)
    .find((item) => item.textContent?.startsWith(label))!
    .click();

function rightClick({ canvas }: Mounted, x: number, y: number): boolean {
  return canvas.dispatchEvent(new MouseEvent("contextmenu", { clientX: x, clientY: y, cancelable: true }));
}

describe("opening", () => {
  it("goes to a depth, everything, nothing", async () => {
    const mounted = await decoder();
    press(mounted.view, "1");
    expect(labels(mounted)).toEqual(expect.arrayContaining(["attn", "mlp"]));
    expect(labels(mounted)).not.toContain("q");
    press(mounted.view, "9");
    expect(labels(mounted)).toContain("q");
    expect(labels(mounted).filter((label) => label === "Softmax")).toHaveLength(1);
    press(mounted.view, "e");
    expect(labels(mounted).filter((label) => label === "Softmax")).toHaveLength(4);
    press(mounted.view, "0");
    expect(mounted.view.state().expanded).toEqual([]);
  });

  it("closes all others but what is around the selection", async () => {
    const mounted = await decoder();
    press(mounted.view, "2");
    const norm = nodeNamed(mounted, "norm1");
    expect(norm.expanded).toBe(true);
    mounted.view.setSelection([nodeNamed(mounted, "attn").ops[0]!]);
    press(mounted.view, "c");
    expect(nodeNamed(mounted, "norm1").expanded).toBe(false);
    expect(nodeNamed(mounted, "attn").expanded).toBe(true);
  });

  it("pages with the same groups open", async () => {
    const mounted = await decoder();
    clickNode(mounted, "layers ×4");
    clickNode(mounted, "attn");
    press(mounted.view, "]");
    expect(nodeNamed(mounted, "attn").expanded).toBe(true);
    expect(mounted.view.state().expanded).toEqual(["layers/layers.1", "layers/layers.1/attn"]);
  });

  it("shows a group alone with the way back, by key and by crumb", async () => {
    const mounted = await decoder();
    clickNode(mounted, "layers ×4");
    clickNode(mounted, "mlp");
    press(mounted.view, "o");
    expect(labels(mounted)).toContain("Relu");
    expect(labels(mounted)).not.toContain("Gather");
    expect(mounted.view.state().focus).toBe("layers/layers.0/mlp");
    const crumbs = (): string[] => [...part(mounted, "crumbs").children].map((crumb) => crumb.textContent ?? "");
    expect(crumbs()).toEqual(["decoder", "›", "layers.0", "›", "mlp"]);
    press(mounted.view, "Backspace");
    expect(mounted.view.state().focus).toBe("");
    expect(part(mounted, "crumbs").hidden).toBe(true);
    press(mounted.view, "Enter", { shiftKey: true });
    expect(mounted.view.state().focus).toBe("layers/layers.0/mlp");
    part(mounted, "crumbs").querySelector("button")!.click();
    expect(mounted.view.state().focus).toBe("");
  });

  it("of a group that is shown alone stays within it", async () => {
    const mounted = await decoder();
    mounted.view.setState({ expanded: ["layers/layers.0"], focus: "layers/layers.0" });
    press(mounted.view, "e");
    press(mounted.view, "0");
    expect(labels(mounted)).toContain("attn");
    expect(mounted.view.state().focus).toBe("layers/layers.0");
  });
});

describe("the instances of a block", () => {
  it("say which of them differ, and in what", async () => {
    const doc = await transformer(4).document();
    const types = doc.ops.text("type")!;
    const softmax = [...types.codes.keys()].filter((op) => types.at(op) === "Softmax");
    const precision = [...types.codes.keys()].map((op) => (op === softmax[2] ? "fp32" : "fp16"));
    const columns = { ops: { precision: { values: precision, label: "Precision", provenance: "counted" } } };
    const mounted = mount(await doc.withOverlay(encode({ kind: "overlay", id: doc.id }, columns)));
    const tip = (): string => {
      const { x, y, w } = nodeNamed(mounted, "layers ×4");
      mounted.canvas.dispatchEvent(new PointerEvent("pointermove", { clientX: x + w / 3, clientY: y + 12 }));
      return mounted.view.node().querySelector(".haoline-graph-tooltip")!.textContent ?? "";
    };
    expect(tip()).toContain("≠ first1 of 4: 3");
    clickNode(mounted, "layers ×4");
    textOnCanvas();
    press(mounted.view, "]");
    paint();
    expect(textOnCanvas()).toContain("2 / 4");
    press(mounted.view, "]");
    paint();
    expect(textOnCanvas()).toContain("3 / 4 ≠");
    expect(tip()).toContain("fp32");
  });
});

describe("the selection", () => {
  it("inside the shown instance of a block is what was clicked, for the keys that follow", async () => {
    const mounted = await decoder();
    clickNode(mounted, "layers ×4");
    clickNode(mounted, "norm1");
    press(mounted.view, "Enter");
    expect(nodeNamed(mounted, "norm1").expanded).toBe(false);
    expect(nodeNamed(mounted, "layers ×4").expanded).toBe(true);
  });

  it("grows by shift and click, shrinks again, and marks all of it", async () => {
    const mounted = await decoder();
    clickNode(mounted, "Gather");
    clickNode(mounted, "MatMul", { shiftKey: true });
    expect(mounted.view.state().selection).toHaveLength(2);
    expect(part(mounted, "selection").textContent).toContain("2 selected");
    clickNode(mounted, "Gather", { shiftKey: true });
    expect(mounted.view.state().selection).toEqual(nodeNamed(mounted, "MatMul").ops);
  });

  it("is drawn with shift as a rectangle", async () => {
    const mounted = await decoder();
    const { canvas, view } = mounted;
    const { x, y, w, h, ops } = nodeNamed(mounted, "Gather");
    Object.assign(canvas, { setPointerCapture: () => undefined });
    const at = (type: string, clientX: number, clientY: number): void => {
      canvas.dispatchEvent(
        new PointerEvent(type, { pointerId: 1, clientX, clientY, button: 0, shiftKey: true, bubbles: true }),
      );
    };
    at("pointerdown", x - 5, y - 5);
    at("pointermove", x + w / 2, y + h / 2);
    const band = view.node().querySelector<HTMLElement>(".haoline-graph-band")!;
    expect(band.hidden).toBe(false);
    at("pointermove", x + w + 5, y + h + 5);
    at("pointerup", x + w + 5, y + h + 5);
    expect(band.hidden).toBe(true);
    expect(view.state().selection).toEqual(ops);
  });
});

describe("following", () => {
  it("traces from the selection and says how much stands in closed groups", async () => {
    const mounted = await decoder();
    clickNode(mounted, "Gather");
    press(mounted.view, "d");
    const down = mounted.probe.emphasised()!;
    expect(down.length).toBeGreaterThan(50);
    expect(part(mounted, "result").textContent).toMatch(/Downstream: \d+ ops · \d+ in closed groups/);
    press(mounted.view, "d");
    expect(mounted.probe.emphasised()).toBeNull();
    press(mounted.view, "u");
    press(mounted.view, "Escape");
    expect(mounted.probe.emphasised()).toBeNull();
    expect(mounted.view.state().selection).not.toEqual([]);
  });

  it("opens the groups around a short path", async () => {
    const mounted = await decoder();
    const { doc } = { doc: await transformer(4).document() };
    const softmax = [...doc.ops.text("type")!.codes.keys()].filter((op) => doc.ops.text("type")!.at(op) === "Softmax");
    mounted.view.setSelection([softmax[0]!, softmax[1]!]);
    press(mounted.view, "p");
    expect(part(mounted, "result").textContent).toContain("Shortest path");
    expect(mounted.view.state().expanded).toEqual(expect.arrayContaining(["layers", "layers/layers.0/attn"]));
    const path = mounted.probe.emphasised()!;
    expect(path).toEqual(expect.arrayContaining([softmax[0], softmax[1]]));
    expect(part(mounted, "result").textContent).not.toContain("closed");
  });

  it("says where there is no path", async () => {
    const net = new Net();
    net.markOutput(net.op("Relu", "", [net.input()]));
    net.markOutput(net.op("Tanh", "", [net.input()]));
    const mounted = mount(await net.document());
    mounted.view.setSelection([0, 1]);
    press(mounted.view, "p");
    expect(mounted.view.node().textContent).toContain("No path");
    expect(mounted.probe.emphasised()).toBeNull();
  });
});

describe("filters", () => {
  it("fade the rest, come from the search box, and narrow the search", async () => {
    const mounted = await decoder();
    const box = part(mounted, "search") as HTMLInputElement;
    box.value = "type:MatMul";
    box.dispatchEvent(new Event("input"));
    box.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", ctrlKey: true, cancelable: true }));
    expect(mounted.view.state().filter).toBe("type:MatMul");
    expect(box.value).toBe("");
    const all = mounted.probe.emphasised()!;
    expect(mounted.view.search("scope:layers.0").length).toBeLessThan(all.length);
    expect(mounted.view.search("Softmax")).toEqual([]);
    expect(mounted.view.node().textContent).toContain("4 outside");
    mounted.view.search("");
    part(mounted, "filters").querySelector<HTMLButtonElement>("[aria-label^='Lift']")!.click();
    expect(mounted.view.state().filter).toBe("");
    expect(mounted.probe.emphasised()).toBeNull();
  });

  it("say what is wrong with them", async () => {
    const mounted = await decoder();
    mounted.view.search("nosuch>3");
    const problem = mounted.view.node().querySelector<HTMLElement>(".haoline-graph-problem")!;
    expect(problem.hidden).toBe(false);
    expect(problem.textContent).toContain("nosuch");
    expect(mounted.probe.emphasised()).toBeNull();
  });
});

describe("menus", () => {
  it("act on what was clicked, without opening it", async () => {
    const mounted = await decoder();
    const run = nodeNamed(mounted, "layers ×4");
    expect(rightClick(mounted, run.x + 20, run.y + run.h - 3)).toBe(false);
    expect(mounted.view.state().selection).toEqual(run.ops);
    expect(nodeNamed(mounted, "layers ×4").expanded).toBe(false);
    choose(mounted, "Show this group alone");
    expect(mounted.view.state().focus).toBe("layers");
    expect(part(mounted, "menu").hidden).toBe(true);
  });

  it("open by key, walk by arrows and close by Escape", async () => {
    const mounted = await decoder();
    mounted.view.node().focus();
    press(mounted.view, "F10", { shiftKey: true });
    const [first, second] = menuItems(mounted).filter((item) => !item.disabled);
    expect(document.activeElement).toBe(first);
    const inMenu = (key: string): boolean =>
      document.activeElement!.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
    inMenu("ArrowDown");
    expect(document.activeElement).toBe(second);
    inMenu("Escape");
    expect(document.activeElement).toBe(mounted.view.node());
    expect(part(mounted, "menu").hidden).toBe(true);
  });

  it("offer what the page around can do, and nothing else", async () => {
    const shown = vi.fn();
    const linked = vi.fn();
    const mounted = await decoder(2, { onShowInTable: shown, onCopyLink: linked });
    clickNode(mounted, "Gather");
    press(mounted.view, "t");
    expect(shown).toHaveBeenCalledWith(nodeNamed(mounted, "Gather").ops);
    press(mounted.view, "ContextMenu");
    choose(mounted, "Copy link");
    expect(linked.mock.calls[0]![0]).toMatchObject({ selection: nodeNamed(mounted, "Gather").ops });
    const bare = await decoder(2);
    clickNode(bare, "Gather");
    press(bare.view, "ContextMenu");
    expect(menuItems(bare).map((item) => item.textContent)).not.toContain("Show in tablet");
  });
});

describe("quantize and dequantize", () => {
  /** Relu, a pair, Conv whose weight has a pair of its own, a lone DequantizeLinear to the output. */
  function quantized(): Net {
    const net = new Net();
    const pair = (value: number): number =>
      net.op("DequantizeLinear", "", [net.op("QuantizeLinear", "", [value, net.weight()]), net.weight()]);
    const relu = net.op("Relu", "", [net.input()]);
    const conv = net.op("Conv", "", [pair(relu), net.op("DequantizeLinear", "", [net.weight(), net.weight()])]);
    net.markOutput(net.op("Tanh", "", [pair(conv)]));
    return net;
  }

  it("are drawn until they are left out; then edges run past", async () => {
    const mounted = mount(await quantized().document());
    expect(labels(mounted)).toContain("QuantizeLinear");
    part(mounted, "more").click();
    choose(mounted, "Quantize and dequantize (5 ops)");
    expect(mounted.view.state().quantizers).toBe(false);
    expect(labels(mounted).filter((label) => !/put|activation/.test(label))).toEqual(["Relu", "Conv", "Tanh"]);
    clickNode(mounted, "Conv");
    press(mounted.view, "ArrowUp");
    expect(mounted.view.state().selection).toEqual(nodeNamed(mounted, "Relu").ops);
  });

  it("cannot empty the view", async () => {
    const net = new Net();
    net.markOutput(net.op("DequantizeLinear", "", [net.op("QuantizeLinear", "", [net.input()])]));
    const mounted = mount(await net.document());
    mounted.view.setState({ quantizers: false });
    expect(labels(mounted)).toContain("QuantizeLinear");
  });
});

describe("keys", () => {
  it("go to the notebook from the search box and with modifiers, not from the graph's own", async () => {
    const mounted = await decoder();
    const box = part(mounted, "search");
    const inBox = new KeyboardEvent("keydown", { key: "e", bubbles: true, cancelable: true });
    box.dispatchEvent(inBox);
    expect(inBox.defaultPrevented).toBe(false);
    expect(mounted.view.state().expanded).toBeNull();
    expect(press(mounted.view, "e", { ctrlKey: true })).toBe(true);
    expect(press(mounted.view, "y")).toBe(true);
    expect(press(mounted.view, "e")).toBe(false);
  });

  it("that have nothing to act on stay here and say what to do: in a notebook d twice deletes a cell", async () => {
    const mounted = await decoder();
    for (const key of ["u", "d", "c", "n", "z", "Backspace"]) expect(press(mounted.view, key), key).toBe(false);
    expect(mounted.view.node().textContent).toContain("Select something first");
    press(mounted.view, "p");
    expect(mounted.view.node().textContent).toContain("Select two things first");
  });

  it("are all in the help", async () => {
    const mounted = await decoder();
    press(mounted.view, "?");
    const help = part(mounted, "help");
    expect(help.hidden).toBe(false);
    for (const key of ["Backspace", "1 – 9", "Esc", "Shift+F10", "Shift+Enter", "h"]) {
      expect([...help.querySelectorAll("kbd")].map((each) => each.textContent)).toContain(key);
    }
    press(mounted.view, "Escape");
    expect(help.hidden).toBe(true);
  });

  it("walk inside the toolbar, which is one tab stop", async () => {
    const mounted = await decoder();
    const bar = mounted.view.node().querySelector<HTMLElement>("[role=toolbar]")!;
    const buttons = [...bar.querySelectorAll("button")];
    expect(buttons.filter((each) => each.tabIndex === 0)).toHaveLength(1);
    buttons[0]!.focus();
    buttons[0]!.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowDown", bubbles: true, cancelable: true }));
    expect(document.activeElement).toBe(buttons[1]);
    for (const each of buttons) expect(each.getAttribute("aria-label")).not.toBe("");
  });
});

describe("odd models", () => {
  it("take every key and never throw", async () => {
    const keys = ["e", "0", "3", "u", "d", "p", "c", "o", "z", "h", "n", "N", "[", "]", "Enter", "Backspace", "Escape"];
    const nothing = new Net("nothing");
    for (const net of [nothing, chain(1), chain(60)]) {
      const mounted = mount(await net.document());
      clickAt(mounted.canvas, 300, 100);
      press(mounted.view, "ArrowDown");
      for (const key of [...keys, ...keys]) press(mounted.view, key);
      mounted.view.search('is:bottleneck -a "');
      mounted.view.dispose();
    }
  });
});
