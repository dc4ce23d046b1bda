import { describe, expect, it } from "vitest";
import { GraphModel } from "../../../js/src/graph/model/graph-model";
import { GROUP, OP, OUTPUT, ROOT, RUN } from "../../../js/src/graph/model/tree";
import { Expansion } from "../../../js/src/graph/scene/expansion";
import { Scene } from "../../../js/src/graph/scene/scene";
import { chain, Net, resnet, tangle, transformer } from "./models";

const modelOf = async (net: Net, constants = false): Promise<GraphModel> =>
  new GraphModel(await net.document(), { constants });

/** Every item reachable from the root. */
function reachable(model: GraphModel): number[] {
  const items = [ROOT];
  for (const item of items) items.push(...model.tree.children[item]!);
  return items;
}

const titles = (model: GraphModel, items: readonly number[]): string[] => items.map((item) => model.labels.title(item));

describe("an op amid a block", () => {
  it("stands before the block, so that the run it interrupts stays whole", async () => {
    const net = new Net();
    let x = net.input();
    let mask = -1;
    for (let i = 0; i < 4; i += 1) {
      x = net.op("MatMul", `layers/layers.${i}`, [x, net.weight()]);
      if (i === 0) mask = net.op("Neg", "layers", [net.input()]);
      x = net.op("Add", `layers/layers.${i}`, [x, mask]);
    }
    net.markOutput(x);
    const { tree } = await modelOf(net);
    const run = tree.kind.indexOf(RUN);
    expect(tree.children[run]).toHaveLength(4);
    expect(tree.hi[tree.children[run]!.at(-1)!]).toBe(tree.hi[run]);
  });

  it("so does a group of ops, such as the angles that the first layer works out for all", async () => {
    const net = new Net();
    let x = net.input();
    let angles = -1;
    for (let i = 0; i < 4; i += 1) {
      x = net.op("MatMul", `layers.${i}`, [x, net.weight()]);
      if (i === 0) angles = net.op("Sin", "rotary", [net.op("Neg", "rotary", [net.input()])]);
      x = net.op("Add", `layers.${i}`, [x, angles]);
    }
    net.markOutput(x);
    const { tree } = await modelOf(net);
    expect(tree.children[tree.kind.indexOf(RUN)]).toHaveLength(4);
  });
});

describe("the tree", () => {
  it.each([
    ["transformer", () => transformer(6)],
    ["resnet", () => resnet(3)],
    ["chain", () => chain(50)],
    ["tangle", () => tangle(300, 12)],
  ])("of a %s holds every visible op once, in nested intervals", async (_name, make) => {
    const model = await modelOf(make());
    const { tree } = model;
    const items = reachable(model);
    const leaves = items.filter((item) => !model.isGroup(item));
    expect(leaves.length).toBe(tree.itemOf.length);
    expect(new Set(leaves).size).toBe(leaves.length);
    for (const item of items) {
      const children = tree.children[item]!;
      for (const child of children) expect(tree.parent[child]).toBe(item);
      if (children.length === 0) continue;
      expect(tree.lo[children[0]!]).toBe(tree.lo[item]);
      expect(tree.hi[children.at(-1)!]).toBe(tree.hi[item]);
      for (let i = 1; i < children.length; i += 1) expect(tree.lo[children[i]!]).toBe(tree.hi[children[i - 1]!]);
    }
  });

  it("shows inputs first, outputs last, and no group of a single member", async () => {
    const model = await modelOf(transformer(4));
    const top = titles(model, model.tree.children[ROOT]!);
    expect(top.slice(0, 2)).toEqual(["input_0", "input_1"]);
    expect(model.tree.kind[model.tree.children[ROOT]!.at(-1)!]).toBe(OUTPUT);
    for (const item of reachable(model)) {
      if (model.isGroup(item)) expect(model.tree.children[item]!.length).toBeGreaterThan(1);
    }
  });

  it("folds chained blocks of one structure into ×N and names it after their list", async () => {
    const model = await modelOf(transformer(12));
    const runs = reachable(model).filter((item) => model.tree.kind[item] === RUN);
    expect(runs).toHaveLength(1);
    expect(model.tree.children[runs[0]!]).toHaveLength(12);
    expect(model.labels.title(runs[0]!)).toBe("layers");
    expect(model.tree.parent[runs[0]!]).toBe(ROOT);
  });

  it("leaves out of a run the block that differs", async () => {
    const model = await modelOf(resnet(4));
    const stage = model.tree.children[ROOT]!.find((item) => model.labels.title(item) === "layer1")!;
    const [first, rest, ...more] = model.tree.children[stage]!;
    expect(more).toEqual([]);
    expect(model.tree.kind[first!]).toBe(GROUP);
    expect(model.tree.kind[rest!]).toBe(RUN);
    expect(model.tree.children[rest!]).toHaveLength(3);
  });

  it("folds blocks that differ only in where their inputs come from, not those that differ inside", async () => {
    const runsOf = async (last: string): Promise<number[]> => {
      const net = new Net();
      let x = net.input();
      for (let i = 0; i < 4; i += 1) {
        const path = `layers/layers.${i}`;
        const y = net.op("Relu", path, [net.op("MatMul", path, [x, net.weight()])]);
        x = net.op(i === 3 ? last : "Add", path, [x, y]);
      }
      net.markOutput(x);
      const doc = await net.document();
      doc.scopes.indices("structure").forEach((_, row, classes) => {
        classes[row] = row;
      });
      const model = new GraphModel(doc);
      return reachable(model).flatMap((item) =>
        model.tree.kind[item] === RUN ? [model.tree.children[item]!.length] : [],
      );
    };
    expect(await runsOf("Add")).toEqual([4]);
    expect(await runsOf("Mul")).toEqual([3]);
  });

  it("does not fold the projections of an attention", async () => {
    const model = await modelOf(transformer(2));
    const names = titles(model, reachable(model));
    for (const name of ["q", "k", "v"]) expect(names).toContain(name);
  });

  it("folds parallel experts only when they are numbered and many", async () => {
    const build = (names: string[]): Net => {
      const net = new Net();
      const x = net.input();
      const outs = names.map((name) => net.op("Relu", `moe/${name}`, [net.op("MatMul", `moe/${name}`, [x])]));
      net.markOutput(net.op("Sum", "moe", outs));
      return net;
    };
    const runsOf = async (names: string[]): Promise<number> => {
      const model = await modelOf(build(names));
      return reachable(model).filter((item) => model.tree.kind[item] === RUN).length;
    };
    expect(await runsOf(["experts.0", "experts.1", "experts.2", "experts.3"])).toBe(1);
    expect(await runsOf(["a", "b", "c", "d"])).toBe(0);
  });

  it("hides what depends on weights alone until asked", async () => {
    const net = new Net();
    const x = net.input();
    const dequantized = net.op("DequantizeLinear", "", [net.weight()]);
    const noise = net.op("RandomNormal", "", []);
    net.markOutput(net.op("Sum", "", [net.op("MatMul", "", [x, dequantized]), noise]));
    const types = async (constants: boolean): Promise<string[]> => {
      const model = await modelOf(net, constants);
      return titles(
        model,
        reachable(model).filter((item) => model.tree.kind[item] === OP),
      );
    };
    expect(await types(false)).toEqual(["RandomNormal", "MatMul", "Sum"]);
    expect(await types(true)).toContain("DequantizeLinear");
    expect((await modelOf(net)).hiddenOps).toBe(1);
  });

  it("never hides everything, nor the op that makes an output", async () => {
    const net = new Net();
    net.op("Constant", "", []);
    expect(reachable(await modelOf(net)).length).toBe(2);
    const answer = new Net();
    answer.markOutput(answer.op("Constant", "", []));
    answer.op("Relu", "", [answer.input()]);
    const model = await modelOf(answer);
    expect(titles(model, reachable(model))).toContain("Constant");
  });

  it("puts a loop's body, with the scopes inside it, under the loop", async () => {
    const net = new Net();
    const x = net.input();
    const loop = net.op("Loop", "decoder", [x]);
    const row = net.opOf(loop);
    const inner = net.op("Add", "decoder/body/cell", [net.tensor("activation"), x], row);
    net.op("Relu", "decoder/body/cell", [inner], row);
    net.op("Tanh", "decoder/body", [inner], row);
    net.markOutput(net.op("Neg", "", [loop]));
    const model = await modelOf(net);
    const body = reachable(model).find((item) => model.tree.owner[item] === row)!;
    expect(model.labels.title(body)).toBe("Loop");
    expect(model.opsOf(body)).toEqual([row, row + 1, row + 2, row + 3]);
  });

  it("wires a loop to the ops that read what it gives its body", async () => {
    const net = new Net();
    const loop = net.op("Loop", "", [net.input()]);
    const row = net.opOf(loop);
    const inner = net.op("Add", "body", [net.fed(row), net.weight()], row);
    net.markOutput(loop);
    const { graph } = await modelOf(net);
    const { count, from, to } = graph.edges;
    const wires = Array.from({ length: count }, (_, edge) => [from[edge], to[edge]]);
    expect(wires).toContainEqual([row, net.opOf(inner)]);
  });

  it("lets what a body computes leave through the border of its frame, to the readers of the loop's results", async () => {
    const net = new Net();
    const loop = net.op("Loop", "", [net.input()]);
    const row = net.opOf(loop);
    const inner = net.op("Tanh", "", [net.op("Add", "", [net.fed(row), net.weight()], row)], row);
    net.hands(inner, loop);
    net.markOutput(net.op("Neg", "", [net.op("Relu", "", [loop])]));
    const model = await modelOf(net);
    const wires = Array.from(model.graph.edges.from.subarray(0, model.graph.edges.count), (from, edge) => [
      from,
      model.graph.edges.to[edge],
    ]);
    expect(wires).toContainEqual([net.opOf(inner), row + 3]);
    expect(wires).not.toContainEqual([row, row + 3]);
    const expansion = new Expansion(model);
    const body = reachable(model).find((item) => model.tree.owner[item] === row)!;
    expansion.open(body);
    const root = new Scene(model, expansion).root();
    const frame = root.kids[root.boxes.indexOf(body)]!;
    expect(frame.ports.outputs).toEqual([loop]);
    const bottom = frame.boxes.length + frame.ports.inputs.length;
    const last = frame.boxes.findIndex((item) => model.labels.title(item) === "Tanh");
    const ends = Array.from(frame.edges.from, (from, edge) => [from, frame.edges.to[edge]]);
    expect(ends).toContainEqual([last, bottom]);
  });

  it("draws the results of both branches, and of one that only hands on, from the op that chooses", async () => {
    const net = new Net();
    const [x, condition] = [net.input(), net.input()];
    const outside = net.op("Relu", "", [x]);
    const results: number[] = [];
    for (const plain of [false, true]) {
      const choice = net.op("If", "", [condition]);
      const row = net.opOf(choice);
      const yes = net.op("Neg", "", [net.op("Abs", "", [outside], row)], row);
      const no = plain ? outside : net.op("Exp", "", [net.op("Log", "", [outside], row)], row);
      for (const inner of [yes, no]) net.hands(inner, choice);
      results.push(choice);
    }
    net.markOutput(net.op("Add", "", results));
    const { graph } = await modelOf(net);
    const types = (await net.document()).ops.text("type")!;
    const last = graph.ops - 1;
    const into = [...graph.edges.to.keys()].filter((edge) => edge < graph.edges.count && graph.edges.to[edge] === last);
    expect(into.map((edge) => types.at(graph.edges.from[edge]!))).toEqual(["Neg", "Exp", "Neg", "If"]);
  });

  it("does not hang on results that stand for each other", async () => {
    const net = new Net();
    const [a, b] = [net.op("Loop", "", [net.input()]), net.op("Loop", "", [net.input()])];
    net.hands(a, b);
    net.hands(b, a);
    net.markOutput(net.op("Add", "", [a, b]));
    expect((await modelOf(net)).tree.itemOf.length).toBeGreaterThan(3);
  });

  it("folds loose ops between modules together, without touching an attention's own", async () => {
    const net = new Net();
    const x = net.input();
    let mask = net.input();
    for (let i = 0; i < 12; i += 1) mask = net.op("Unsqueeze", "", [mask]);
    let h = x;
    for (const name of ["a", "b"]) h = net.op("Relu", name, [net.op("Add", name, [h, mask])]);
    net.markOutput(h);
    const model = await modelOf(net);
    const top = model.tree.children[ROOT]!;
    expect(titles(model, top)).toContain("Unsqueeze … Unsqueeze");
    expect(top.length).toBeLessThan(8);
  });

  it("survives scopes nested ten thousand deep", async () => {
    const net = new Net();
    let path = "s";
    let x = net.input();
    for (let depth = 0; depth < 1500; depth += 1) {
      x = net.op("Relu", path, [x]);
      path += "/s";
    }
    net.markOutput(x);
    const model = await modelOf(net);
    expect(model.tree.itemOf.length).toBe(1502);
  });
});

describe("the default view", () => {
  const shown = (model: GraphModel): number[] => {
    const expansion = new Expansion(model);
    expansion.openDefault((item) => model.tree.hi[item]! - model.tree.lo[item]!);
    const visit = (item: number): number[] =>
      expansion.content(item).flatMap((child) => (expansion.isOpen(child) ? visit(child) : [child]));
    return visit(ROOT);
  };

  it.each([2, 12, 96])("tells the story of %i layers in a few nodes", async (layers) => {
    const model = await modelOf(transformer(layers));
    const nodes = shown(model);
    expect(nodes.length).toBeGreaterThanOrEqual(8);
    expect(nodes.length).toBeLessThanOrEqual(26);
    expect(titles(model, nodes)).toContain("input_0");
  });

  it("opens the way to an op, in the instance that holds it", async () => {
    const model = await modelOf(transformer(12));
    const expansion = new Expansion(model);
    const softmax = model.doc.ops.text("type")!;
    const op = Array.from({ length: model.graph.ops }, (_, i) => i).filter((i) => softmax.at(i) === "Softmax")[7]!;
    const item = model.itemOfOp(op);
    expect(expansion.visible(item)).not.toBe(item);
    expansion.reveal(item);
    expect(expansion.visible(item)).toBe(item);
    const run = reachable(model).find((candidate) => model.tree.kind[candidate] === RUN)!;
    expect(expansion.instance(run)).toBe(7);
  });
});
