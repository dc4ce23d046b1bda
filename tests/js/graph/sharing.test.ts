import { describe, expect, it } from "vitest";
import type { Layout } from "../../../js/src/graph/layout/types";
import { GraphModel } from "../../../js/src/graph/model/graph-model";
import { ROOT, RUN } from "../../../js/src/graph/model/tree";
import { Expansion } from "../../../js/src/graph/scene/expansion";
import type { Frame } from "../../../js/src/graph/scene/frame";
import { Scene } from "../../../js/src/graph/scene/scene";
import { chain, Net, resnet, tangle, transformer } from "./models";

function random(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >> 8) % limit;
  };
}

/** Blocks of one op sequence that differ in what crosses their borders. */
function lookalikes(): Net {
  const net = new Net();
  const [a, b] = [net.input(), net.input()];
  const block = (path: string, x: number, y: number): number => {
    const left = net.op("Relu", path, [x]);
    const right = net.op("Relu", path, [y]);
    return net.op("Add", path, [left, right]);
  };
  const same = block("one", a, a);
  const other = block("two", a, b);
  const third = block("three", same, other);
  const sum = net.op("Sum", "tail", [same, other, third]);
  net.markOutput(net.op("Neg", "tail", [net.op("Mul", "tail", [sum, other])]));
  return net;
}

/** Many blocks of three additions each, wired at random: some are equal, most differ only in who reads what. */
function shuffled(): Net {
  const net = new Net();
  const pick = random(3);
  let outside = [net.input(), net.input()];
  const last: number[] = [];
  for (let block = 0; block < 70; block += 1) {
    const inside: number[] = [];
    for (let op = 0; op < 3; op += 1) {
      const any = (): number => (inside.length > 0 && pick(3) > 0 ? inside[pick(inside.length)]! : outside[pick(2)]!);
      inside.push(
        net.op("Add", `block${"abcdefg"[block % 7]}${"xyz"[block % 3]}${"pq"[block % 2]}_${block}`, [any(), any()]),
      );
    }
    outside = [inside[2 - pick(2)]!, inside[pick(3)]!];
    if (pick(4) === 0) last.push(inside[pick(3)]!);
  }
  net.markOutput(net.op("Sum", "", [...last, ...outside]));
  return net;
}

/** Layers with experts, of which a few carry one op more, and sizes passed along as integers. */
function mixture(layers: number): Net {
  const net = new Net();
  let x = net.input();
  for (let i = 0; i < layers; i += 1) {
    const path = `layers/layers.${i}`;
    const gate = net.op("Softmax", `${path}/gate`, [net.op("MatMul", `${path}/gate`, [x, net.weight()])]);
    const experts = Array.from({ length: 5 }, (_, e) => {
      const own = `${path}/experts/experts.${e}`;
      const up = net.op("Relu", own, [net.op("MatMul", own, [x, net.weight()])]);
      const down = net.op("MatMul", own, [e === 2 && i % 3 === 0 ? net.op("Tanh", own, [up]) : up, net.weight()]);
      return net.op("Mul", own, [down, gate]);
    });
    x = net.op("Add", path, [x, net.op("Sum", path, experts)]);
  }
  net.markOutput(net.op("Relu", "head", [net.op("MatMul", "head", [x, net.weight()])]));
  return net;
}

const MODELS: [string, () => Net][] = [
  ["a transformer", () => transformer(4)],
  ["more layers than are alike by chance", () => transformer(11)],
  ["a ResNet", () => resnet(4)],
  ["a chain", () => chain(40)],
  ["a tangle", () => tangle(250, 20)],
  ["lookalikes", lookalikes],
  ["blocks wired at random", shuffled],
  ["a mixture of experts", () => mixture(7)],
];

interface Pair {
  readonly model: GraphModel;
  readonly expansion: Expansion;
  readonly shared: Scene;
  readonly alone: Scene;
}

/** The same expansion seen by a scene that shares shapes and by one for which no two groups are alike. */
async function pairOf(net: Net, constants = false): Promise<Pair> {
  const doc = await net.document();
  const model = new GraphModel(doc, { constants });
  const unlike = new GraphModel(doc, { constants });
  Object.defineProperty(unlike, "classes", { value: Int32Array.from(unlike.tree.kind.keys()) });
  const expansion = new Expansion(model);
  return {
    model,
    expansion,
    shared: new Scene(model, expansion, null),
    alone: new Scene(unlike, expansion, null),
  };
}

function expectEqualFrames(a: Frame, b: Frame): number {
  expect(factsOf(a)).toBe(factsOf(b));
  if (a.layout !== b.layout) expectEqualLayouts(a.layout, b.layout);
  return a.kids.reduce((count, kid, i) => count + (kid ? expectEqualFrames(kid, b.kids[i]!) : 0), 1);
}

/** All but the layout, as text: comparing arrays one by one takes a test runner long. */
function factsOf({ item, boxes, ports, w, h, dx, dy, nodes, sizes, skip, edges, kids }: Frame): string {
  const { from, to, fromPort, toPort, tensor, sample } = edges;
  const lists = [boxes, ports.inputs, ports.outputs, sizes, skip, from, to, fromPort, toPort, tensor, sample];
  const open = kids.map((kid) => kid !== null);
  return [[item, w, h, dx, dy, nodes], ...lists, open].map((list) => list.join(" ")).join("\n");
}

const compared = new WeakMap<Layout, Layout>();

function expectEqualLayouts(a: Layout, b: Layout): void {
  if (compared.get(a) === b) return;
  compared.set(a, b);
  const text = ({ x, y, rank, points, start, stub }: Layout): string =>
    [x, y, rank, points, start, stub].map((list) => list.join(" ")).join("\n");
  expect(text(a)).toBe(text(b));
}

function groupsOf(model: GraphModel): number[] {
  return [...model.tree.kind.keys()].filter((item) => model.isGroup(item) && model.tree.parent[item]! >= 0);
}

/** Opens, closes or turns a few groups. */
function shake({ model, expansion, shared, alone }: Pair, pick: (limit: number) => number): void {
  const groups = groupsOf(model);
  for (let change = 0; change < 6; change += 1) {
    const group = groups[pick(groups.length)]!;
    if (pick(3) > 0) expansion.open(group);
    else expansion.close(group);
    const instances = model.tree.kind[group] === RUN ? model.tree.children[group]!.length : 0;
    if (instances > 0) expansion.setInstance(group, pick(instances + 1) - 1);
    for (const scene of [shared, alone]) scene.touch(group);
  }
}

describe("shapes shared between identical groups", () => {
  it.each(MODELS)("of %s are what each group would get by itself", async (_name, make) => {
    for (const constants of [false, true]) {
      const pair = await pairOf(make(), constants);
      const pick = random(11);
      pair.expansion.openAll();
      pair.shared.root();
      // The first groups are not compared yet: a first view must not wait for that.
      pair.shared.touchAll();
      expectEqualFrames(pair.shared.root(), pair.alone.root());
      for (let round = 0; round < 5; round += 1) {
        shake(pair, pick);
        expect(expectEqualFrames(pair.shared.root(), pair.alone.root())).toBeGreaterThan(0);
      }
    }
  });

  it("follow other sizes, also where only some instances differ in them", async () => {
    const { model, expansion, shared, alone } = await pairOf(transformer(12));
    expansion.openAll();
    const sizing = (item: number): { w: number; h: number } => ({ w: 60 + 10 * (model.tree.lo[item]! % 7), h: 42 });
    for (const scene of [shared, alone]) scene.setSizing(sizing);
    expectEqualFrames(shared.root(), alone.root());
    const [first, second] = model.tree.children[model.tree.kind.indexOf(RUN)]!;
    expect(shared.frame(first!).layout).not.toBe(shared.frame(second!).layout);
    for (const scene of [shared, alone]) scene.setSizing(null);
    expectEqualFrames(shared.root(), alone.root());
    expect(shared.frame(first!).layout).toBe(shared.frame(second!).layout);
  });

  it("make opening everything cost a layout per kind of group, not per group", async () => {
    const layouts = async (layers: number): Promise<number> => {
      const { expansion, shared } = await pairOf(transformer(layers));
      expansion.openAll();
      expect(shared.root().nodes).toBeGreaterThan(layers * 20);
      return shared.layouts.computed;
    };
    expect(await layouts(400)).toBeLessThanOrEqual((await layouts(60)) + 1);
  });

  it("turn a run to another instance without a new layout", async () => {
    const { model, expansion, shared } = await pairOf(transformer(60));
    const run = model.tree.kind.indexOf(RUN);
    expansion.openAll();
    expansion.setInstance(run, 3);
    shared.root();
    const { computed } = shared.layouts;
    expansion.setInstance(run, 4);
    shared.touch(run);
    const [before, after] = [3, 4].map((i) => model.tree.lo[model.tree.children[run]![i]!]!);
    const frame = shared.root().kids[shared.root().boxes.indexOf(run)]!;
    expect(shared.layouts.computed).toBe(computed);
    expect(model.tree.lo[frame.boxes[0]!]).toBe(after);
    expect(after).toBeGreaterThan(before!);
  });

  it("tell classes apart by ports although the ops are the same", async () => {
    const model = new GraphModel(await lookalikes().document());
    const [one, two, three] = ["one", "two", "three"].map(
      (name) => model.classes[groupsOf(model).find((item) => model.labels.title(item) === name)!],
    );
    expect(one).not.toBe(two);
    expect(two).toBe(three);
    expect(model.classes[ROOT]).toBeGreaterThanOrEqual(0);
  });
});
