import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { layoutLayered } from "../../../js/src/graph/layout/layered";
import { LayoutWorker, type Offload, pageOffload } from "../../../js/src/graph/layout/offload";
import type { Layout, LayoutInput } from "../../../js/src/graph/layout/types";
import { GraphModel } from "../../../js/src/graph/model/graph-model";
import { ROOT } from "../../../js/src/graph/model/tree";
import { Expansion } from "../../../js/src/graph/scene/expansion";
import type { Frame } from "../../../js/src/graph/scene/frame";
import { Scene } from "../../../js/src/graph/scene/scene";
import { Net } from "./models";

/** Takes layouts on, and makes them when told to. */
class Desk implements Offload {
  readonly tasks: { input: LayoutInput; done: (layout: Layout) => void; cancelled: boolean }[] = [];

  start(input: LayoutInput, done: (layout: Layout) => void): () => void {
    const task = { input, done, cancelled: false };
    this.tasks.push(task);
    return () => {
      task.cancelled = true;
    };
  }

  finish(): void {
    for (const { input, done, cancelled } of this.tasks.splice(0)) if (!cancelled) done(stacked(input));
  }
}

/** One box below the other: what a layout is like does not matter here, and a large one takes long. */
function stacked(input: LayoutInput): Layout {
  const nodes = input.width.length;
  const y = Float64Array.from({ length: nodes }, (_, i) => 60 * i);
  return {
    width: 200,
    height: 60 * nodes,
    x: new Float64Array(nodes),
    y,
    rank: Int32Array.from(y.keys()),
    start: Int32Array.from({ length: input.edges + 1 }, (_, e) => 2 * e),
    points: new Float64Array(4 * input.edges),
    stub: new Uint8Array(input.edges),
  };
}

/** `ops` unnamed ops beside a module of `inner` ops. */
function crowd(ops: number, inner: number): Net {
  const net = new Net();
  let x = net.input();
  for (let i = 0; i < ops; i += 1) x = net.op("MatMul", "", [x, net.weight()]);
  for (let i = 0; i < inner; i += 1) x = net.op("MatMul", "module", [x, net.weight()]);
  net.markOutput(x);
  return net;
}

async function sceneOf(net: Net): Promise<{ model: GraphModel; expansion: Expansion; scene: Scene; desk: Desk }> {
  const model = new GraphModel(await net.document());
  const expansion = new Expansion(model);
  const desk = new Desk();
  return { model, expansion, desk, scene: new Scene(model, expansion, desk) };
}

describe("a large layout", () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it("of the whole graph leaves it empty, and says how much is under way, until it is there", async () => {
    const { scene, desk } = await sceneOf(crowd(6500, 0));
    expect(scene.root().boxes).toHaveLength(0);
    expect(scene.pending).toEqual([{ item: ROOT, nodes: 6502 }]);
    desk.finish();
    expect(scene.pending).toEqual([]);
    expect(scene.root().boxes).toHaveLength(6502);
  });

  it("of a group leaves the group closed, and tells who listens when it can be opened", async () => {
    const { model, expansion, scene, desk } = await sceneOf(crowd(3, 6500));
    const module = [...model.tree.kind.keys()].find((item) => item !== ROOT && model.isGroup(item))!;
    const ready: number[] = [];
    scene.onReady((items) => ready.push(...items));
    expansion.open(module);
    const at = scene.root().boxes.indexOf(module);
    expect(at).toBeGreaterThan(0);
    expect(scene.root().kids[at]).toBeNull();
    desk.finish();
    expect(ready).toEqual([module]);
    scene.touch(module);
    expect(scene.root().kids[at]?.boxes).toHaveLength(6500);
    expect(scene.pending).toEqual([]);
  });

  it("is given up when its group is closed, and when the scene goes", async () => {
    const { model, expansion, scene, desk } = await sceneOf(crowd(3, 6500));
    const module = [...model.tree.kind.keys()].find((item) => item !== ROOT && model.isGroup(item))!;
    expansion.open(module);
    scene.root();
    expansion.close(module);
    scene.touch(module);
    scene.root();
    expect(desk.tasks.map(({ cancelled }) => cancelled)).toEqual([true]);
    expansion.open(module);
    scene.touch(module);
    scene.root();
    scene.dispose();
    expect(desk.tasks.map(({ cancelled }) => cancelled)).toEqual([true, true]);
    expect(scene.pending).toEqual([]);
  });

  it("goes on while something else in the view changes", async () => {
    const { model, expansion, scene, desk } = await sceneOf(crowd(3, 6500));
    const module = [...model.tree.kind.keys()].find((item) => item !== ROOT && model.isGroup(item))!;
    expansion.open(module);
    scene.root();
    scene.touchAll();
    scene.root();
    expect(desk.tasks.map(({ cancelled }) => cancelled)).toEqual([false]);
    desk.finish();
    expect(scene.root().kids.some((kid) => kid?.item === module)).toBe(true);
  });

  it("is what many small ones are together: the rest is told of at once when all is done", async () => {
    let clock = 0;
    vi.spyOn(performance, "now").mockImplementation(() => (clock += 40));
    const net = new Net();
    let x = net.input();
    for (let i = 0; i < 5; i += 1) {
      // Each a little longer than the one before: no two are alike.
      for (let k = 0; k < 300 + i; k += 1) x = net.op("MatMul", `part${i}x`, [x, net.weight()]);
    }
    net.markOutput(x);
    const { expansion, scene, desk } = await sceneOf(net);
    expansion.openAll();
    const told: (readonly number[])[] = [];
    scene.onReady((items) => told.push(items));
    const open = (): number => scene.root().kids.filter((kid) => kid !== null).length;
    expect(open()).toBe(3);
    expect(scene.pending).toHaveLength(2);
    desk.finish();
    expect(told).toHaveLength(1);
    for (const item of told[0]!) scene.touch(item);
    expect(open()).toBe(5);
  });

  it("leaves a group as it was drawn before, as far as that still fits", async () => {
    const net = new Net();
    let x = net.input();
    for (let i = 0; i < 6500; i += 1) x = net.op("MatMul", "module", [x, net.weight()]);
    for (let i = 0; i < 3; i += 1) x = net.op("Relu", "module/last", [x]);
    net.markOutput(net.op("Neg", "", [x]));
    const { model, expansion, scene, desk } = await sceneOf(net);
    const [module, last] = [...model.tree.kind.keys()].filter((item) => item !== ROOT && model.isGroup(item));
    const frame = (): Frame => scene.root().kids[scene.root().boxes.indexOf(module!)]!;
    expansion.open(module!);
    scene.root();
    desk.finish();
    const before = frame();
    expansion.open(last!);
    scene.touch(last!);
    expect(frame().layout).toBe(before.layout);
    expect(frame().kids[frame().boxes.indexOf(last!)]).toBeNull();
    expect(frame().edges.tensor).toHaveLength(frame().edges.count);
    expect(scene.pending.map(({ item }) => item)).toEqual([module]);
    desk.finish();
    expect(frame().layout).not.toBe(before.layout);
    expect(frame().kids[frame().boxes.indexOf(last!)]?.boxes).toHaveLength(3);
  });

  it("is made at once where there is no worker", () => {
    expect(pageOffload()).toBeNull();
  });
});

/** A browser's worker as far as it matters; answers when told to. */
class FakeWorker {
  static readonly made: FakeWorker[] = [];
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onerror: ((event: { preventDefault(): void }) => void) | null = null;
  readonly asked: LayoutInput[] = [];
  terminated = false;

  constructor() {
    FakeWorker.made.push(this);
  }

  postMessage({ input }: { input: LayoutInput }): void {
    this.asked.push(input);
  }

  answer(): void {
    this.onmessage?.({ data: { layout: layoutLayered(this.asked.at(-1)!) } });
  }

  terminate(): void {
    this.terminated = true;
  }
}

function small(n: number): LayoutInput {
  const zeros = (): Float64Array => new Float64Array(n - 1);
  return {
    n,
    inPorts: 0,
    outPorts: 0,
    width: new Float64Array(n).fill(100),
    height: new Float64Array(n).fill(40),
    edges: n - 1,
    from: Int32Array.from({ length: n - 1 }, (_, i) => i),
    to: Int32Array.from({ length: n - 1 }, (_, i) => i + 1),
    fromDx: zeros(),
    toDx: zeros(),
  };
}

describe("the layout worker", () => {
  beforeEach(() => {
    FakeWorker.made.length = 0;
    vi.useFakeTimers();
  });
  afterEach(() => vi.useRealTimers());

  const workerOf = (make: () => FakeWorker = () => new FakeWorker()): LayoutWorker =>
    new LayoutWorker(make as unknown as () => Worker);

  it("is one for all, takes one layout after the other, and goes when it has been idle", () => {
    const worker = workerOf();
    const sizes: number[] = [];
    for (const n of [3, 5]) worker.start(small(n), (layout) => sizes.push(layout.x.length));
    const [only] = FakeWorker.made;
    expect(only!.asked).toHaveLength(1);
    only!.answer();
    only!.answer();
    expect(sizes).toEqual([3, 5]);
    vi.advanceTimersByTime(60_000);
    expect(only!.terminated).toBe(true);
    worker.start(small(4), (layout) => sizes.push(layout.x.length));
    expect(FakeWorker.made).toHaveLength(2);
    FakeWorker.made[1]!.answer();
    expect(sizes).toEqual([3, 5, 4]);
  });

  it("ends what nobody waits for and goes on with the rest", () => {
    const worker = workerOf();
    const sizes: number[] = [];
    const cancel = worker.start(small(3), () => sizes.push(-1));
    const forget = worker.start(small(4), () => sizes.push(-1));
    worker.start(small(5), (layout) => sizes.push(layout.x.length));
    cancel();
    forget();
    expect(FakeWorker.made[0]!.terminated).toBe(true);
    for (const fake of FakeWorker.made) fake.answer();
    expect(sizes).toEqual([5]);
  });

  it.each([
    ["does not start", () => FakeWorker.made[0]!.onerror!({ preventDefault: () => undefined })],
    ["cannot be made", () => undefined],
  ])("that %s leaves its work to the page, later", (what, fail) => {
    const forbid = (): never => {
      throw new Error("forbidden");
    };
    const worker = workerOf(what === "cannot be made" ? forbid : undefined);
    const sizes: number[] = [];
    for (const n of [3, 5]) worker.start(small(n), (layout) => sizes.push(layout.x.length));
    fail();
    expect(sizes).toEqual([]);
    vi.runAllTimers();
    expect(sizes).toEqual([3, 5]);
    worker.start(small(4), (layout) => sizes.push(layout.x.length));
    vi.runAllTimers();
    expect(sizes).toEqual([3, 5, 4]);
    expect(FakeWorker.made.every(({ terminated }) => terminated)).toBe(true);
  });
});
