import { describe, expect, it } from "vitest";
import { addressOf, itemAt } from "../../../js/src/graph/model/address";
import { GraphModel } from "../../../js/src/graph/model/graph-model";
import { GROUP, ROOT, RUN } from "../../../js/src/graph/model/tree";
import { chain, Net, resnet, tangle, transformer } from "./models";

const modelOf = async (net: Net, constants = false): Promise<GraphModel> =>
  new GraphModel(await net.document(), { constants });

function reachable(model: GraphModel): number[] {
  const items = [ROOT];
  for (const item of items) items.push(...model.tree.children[item]!);
  return items;
}

/** Two loops, one named as a scope is, and scopes of which only one member shows. */
function awkward(): Net {
  const net = new Net();
  let x = net.input();
  for (const scope of ["a", "b"]) {
    const loop = net.op("Loop", scope, [x]);
    const row = net.opOf(loop);
    net.op("Relu", `${scope}/body`, [net.op("Add", `${scope}/body`, [net.fed(row), x], row)], row);
    x = net.op("Neg", "outer/inner/core", [net.op("Tanh", "outer/inner/core", [loop])]);
  }
  net.markOutput(x);
  return net;
}

const MODELS: [string, () => Net][] = [
  ["a transformer", () => transformer(5)],
  ["a ResNet", () => resnet(4)],
  ["a chain", () => chain(30)],
  ["a tangle", () => tangle(200, 12)],
  ["loops and lone scopes", awkward],
];

describe("an address", () => {
  it.each(MODELS)("of every item of %s leads back to it", async (_name, make) => {
    for (const constants of [false, true]) {
      const model = await modelOf(make(), constants);
      const items = reachable(model);
      const addresses = items.map((item) => addressOf(model, item));
      expect(new Set(addresses).size).toBe(items.length);
      expect(addresses.map((address) => itemAt(model, address))).toEqual(items);
    }
  });

  it("says scope paths, and the path of the scope that holds just a run", async () => {
    const model = await modelOf(transformer(3));
    const run = model.tree.kind.indexOf(RUN);
    expect(addressOf(model, ROOT)).toBe("");
    expect(addressOf(model, run)).toBe("layers");
    expect(model.tree.children[run]!.map((instance) => addressOf(model, instance))).toEqual([
      "layers/layers.0",
      "layers/layers.1",
      "layers/layers.2",
    ]);
    expect(itemAt(model, "layers/layers.1/attn")).toBeGreaterThan(0);
    expect(itemAt(model, "layers/layers.9")).toBe(-1);
  });

  it("of a run that shares its scope names its first and last instance", async () => {
    const model = await modelOf(resnet(4));
    const runs = reachable(model).filter((item) => model.tree.kind[item] === RUN);
    expect(runs.map((run) => addressOf(model, run))).toContain("layer1/layer1.1…layer1/layer1.3");
  });

  it("of a body is its owner's name, and does not take the owner's own address", async () => {
    const model = await modelOf(awkward());
    const body = reachable(model).find((item) => model.tree.kind[item] === GROUP && model.tree.owner[item]! >= 0)!;
    const owner = model.tree.owner[body]!;
    expect(addressOf(model, body)).toBe(model.doc.ops.text("name")!.at(owner));
    expect(itemAt(model, addressOf(model, model.itemOfOp(owner)))).toBe(model.itemOfOp(owner));
  });

  it("of a scope that was drawn into its only member leads to that member", async () => {
    const model = await modelOf(awkward());
    expect(itemAt(model, "outer")).toBe(itemAt(model, "outer/inner/core"));
    expect(itemAt(model, "outer")).toBeGreaterThan(0);
  });

  it("tells scopes of one path apart, the same way every time", async () => {
    const doc = await transformer(2).document();
    const paths = doc.scopes.text("path")!;
    paths.codes.fill(paths.codes[paths.length - 1]!);
    const [a, b] = [new GraphModel(doc), new GraphModel(doc)];
    const addresses = (model: GraphModel): string[] => reachable(model).map((item) => addressOf(model, item));
    expect(addresses(a)).toEqual(addresses(b));
    expect(new Set(addresses(a)).size).toBe(addresses(a).length);
  });
});
