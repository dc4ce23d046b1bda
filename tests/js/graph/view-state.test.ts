import { describe, expect, it, vi } from "vitest";
import type { GraphState } from "../../../js/src/graph/index";
import { Net, transformer } from "./models";
import { clickNode, type Mounted, mount, nodeNamed, paint, press, pretendToPaint, settled, size } from "./mount";

pretendToPaint();

const decoder = async (layers = 4): Promise<Mounted> => mount(await transformer(layers).document());

const labels = ({ probe }: Mounted): string[] => probe.nodes().map(({ label }) => label);

/** To the pixel. */
const places = ({ probe }: Mounted): unknown[] =>
  probe.nodes().map(({ label, x, y, expanded }) => [label, Math.round(x), Math.round(y), expanded]);

function heard({ view }: Mounted): Partial<GraphState>[] {
  const changes: Partial<GraphState>[] = [];
  view.onChange((changed) => changes.push(changed));
  return changes;
}

describe("the state of a view", () => {
  it("begins with what the view does by itself", async () => {
    const { view } = await decoder();
    expect(view.state()).toEqual({
      selection: [],
      expanded: null,
      focus: "",
      camera: null,
      color: "",
      edgeColor: "",
      size: "",
      filter: "",
      constants: false,
      quantizers: true,
    });
  });

  it("says which groups are open: an instance turns its run, a run shows all of its instances", async () => {
    const mounted = await decoder();
    clickNode(mounted, "layers ×4");
    press(mounted.view, "]");
    expect(mounted.view.state().expanded).toEqual(["layers/layers.1"]);
    mounted.view.setState({ expanded: ["layers", "layers/layers.2"] });
    mounted.view.fit();
    paint();
    expect(labels(mounted)).toEqual(expect.arrayContaining(["layers.0", "layers.3", "attn"]));
    expect(mounted.view.state().expanded).toEqual(["layers", "layers/layers.2"]);
    mounted.view.setState({ expanded: [] });
    expect(labels(mounted)).not.toContain("attn");
    mounted.view.setState({ expanded: null });
    expect(mounted.view.state().expanded).toBeNull();
  });

  it("comes back in another view", async () => {
    const first = await decoder();
    clickNode(first, "layers ×4");
    clickNode(first, "attn");
    press(first.view, "h");
    press(first.view, "+");
    first.view.setState({ filter: "type:MatMul" });
    const state = first.view.state();
    expect(state.camera).not.toBeNull();
    const second = await decoder();
    second.view.setState(JSON.parse(JSON.stringify(state)));
    expect(second.view.state()).toEqual(state);
    expect(places(second)).toEqual(places(first));
    expect(second.probe.emphasised()).toEqual(first.probe.emphasised());
  });

  it("passes over what the model has not", async () => {
    const mounted = await decoder();
    const odd = {
      selection: [1, -4, 1e9, 0.5, "x"],
      expanded: ["layers", "no/such", "", 7],
      focus: "nowhere",
      camera: { x: Number.NaN, y: 0, scale: 1 },
      color: "nosuch",
      edgeColor: "nosuch",
      size: "nosuch",
      filter: "nosuch>3",
      constants: "yes",
      unheard: 1,
    } as unknown as Partial<GraphState>;
    mounted.view.setState(odd);
    const state = mounted.view.state();
    expect(state).toMatchObject({ selection: [1], expanded: ["layers"], focus: "", camera: null, constants: false });
    expect(state).toMatchObject({ color: "", edgeColor: "", size: "" });
    expect(mounted.probe.emphasised()).toBeNull();
  });

  it("of constants survives the change of the tree", async () => {
    const net = new Net();
    const fixed = net.op("Transpose", "block/a", [net.weight()]);
    const x = net.op("MatMul", "block/a", [net.op("Relu", "block/a", [net.input()]), fixed]);
    net.markOutput(net.op("Relu", "block/b", [net.op("Tanh", "block/b", [x])]));
    const mounted = mount(await net.document());
    mounted.view.setState({ expanded: ["block/a"], focus: "block/a" });
    expect(labels(mounted)).not.toContain("Transpose");
    mounted.view.setState({ constants: true });
    expect(labels(mounted)).toContain("Transpose");
    expect(mounted.view.state()).toMatchObject({ constants: true, focus: "block/a" });
  });
});

describe("changes", () => {
  it("are told where the user made them, and only what changed", async () => {
    const mounted = await decoder();
    const changes = heard(mounted);
    clickNode(mounted, "Gather");
    await settled();
    expect(changes).toEqual([{ selection: nodeNamed(mounted, "Gather").ops }]);
    press(mounted.view, "h");
    await settled();
    expect(changes.at(-1)).toEqual({ color: "macs" });
    press(mounted.view, "h");
    await settled();
    expect(changes.at(-1)).toEqual({ color: "" });
  });

  it("set from outside come back to nobody", async () => {
    vi.useFakeTimers();
    const mounted = await decoder();
    const changes = heard(mounted);
    mounted.view.setState({ selection: [2], expanded: ["layers"], camera: { x: 1, y: 2, scale: 0.5 }, filter: "relu" });
    mounted.view.setColor("macs");
    mounted.view.focusOp(20);
    mounted.view.fit();
    mounted.view.update(await transformer(3).document("r2"));
    size(mounted.canvas, 500);
    await vi.runAllTimersAsync();
    expect(changes).toEqual([]);
    vi.useRealTimers();
  });

  it("hold what was opened to bring an op into view", async () => {
    const mounted = await decoder();
    expect(mounted.view.state().expanded).toBeNull();
    const op = nodeNamed(mounted, "Gather").ops[0]! + 20;
    mounted.view.focusOp(op);
    const { expanded, camera } = mounted.view.state();
    expect(expanded).not.toBeNull();
    const again = await decoder();
    again.view.setState({ expanded, camera });
    expect(again.probe.nodes().some(({ ops, group }) => !group && ops.includes(op))).toBe(true);
  });

  it("of the camera are told when it rests, and not at all where it was then set from outside", async () => {
    vi.useFakeTimers();
    const mounted = await decoder();
    const changes = heard(mounted);
    for (let i = 0; i < 5; i += 1) press(mounted.view, "+");
    expect(changes).toEqual([]);
    await vi.advanceTimersByTimeAsync(200);
    expect(changes).toEqual([{ camera: mounted.view.state().camera }]);
    press(mounted.view, "-");
    mounted.view.setState({ camera: { x: 0, y: 0, scale: 1 } });
    await vi.advanceTimersByTimeAsync(200);
    expect(changes).toHaveLength(1);
    press(mounted.view, "f");
    await vi.advanceTimersByTimeAsync(200);
    expect(changes.at(-1)).toEqual({ camera: null });
    vi.useRealTimers();
  });
});
