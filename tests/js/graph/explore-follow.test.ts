import { describe, expect, it } from "vitest";
import { Follower } from "../../../js/src/graph/explore/follower";
import { shortestPath } from "../../../js/src/graph/explore/path";
import { trace } from "../../../js/src/graph/explore/trace";
import { GraphModel } from "../../../js/src/graph/model/graph-model";
import { Net, tangle, transformer } from "./models";

const modelOf = async (net: Net): Promise<GraphModel> => new GraphModel(await net.document());

/** Two branches from one op into an addition, and an op apart. */
function diamond(): { net: Net; ops: Record<string, number> } {
  const net = new Net();
  const made: Record<string, number> = {};
  const op = (name: string, ...inputs: number[]): number => {
    made[name] = net.op(name, "", inputs);
    return made[name];
  };
  const top = op("Top", net.input());
  const long = op("Long2", op("Long1", top));
  net.markOutput(op("Join", long, op("Short", top)));
  net.markOutput(op("Apart", net.input()));
  return { net, ops: Object.fromEntries(Object.entries(made).map(([name, tensor]) => [name, net.opOf(tensor)])) };
}

async function diamondModel(): Promise<{
  leaf: (name: string) => number;
  names: (l: Iterable<number>) => string[];
  model: GraphModel;
}> {
  const { net, ops } = diamond();
  const model = await modelOf(net);
  const { leafOf, itemOf } = model.tree;
  return {
    model,
    leaf: (name) => leafOf[ops[name]!]!,
    names: (leaves) => [...leaves].map((leaf) => model.labels.title(itemOf[leaf]!)),
  };
}

const members = (member: Uint8Array): number[] => [...member.keys()].filter((leaf) => member[leaf] === 1);

describe("a trace", () => {
  it("follows what an op depends on, and what depends on it", async () => {
    const { model, leaf, names } = await diamondModel();
    const count = model.tree.itemOf.length;
    const up = names(members(trace(model.edges, count, [leaf("Long2")], "upstream")));
    expect(new Set(up)).toEqual(new Set(["input_0", "Top", "Long1", "Long2"]));
    const down = names(members(trace(model.edges, count, [leaf("Long2")], "downstream")));
    expect(down).toContain("Join");
    expect(down).not.toContain("Short");
    expect(down).not.toContain("Apart");
  });

  it("of both ways is the union; each is taken back by itself, and other seeds start afresh", async () => {
    const { model, leaf, names } = await diamondModel();
    const follower = new Follower();
    const follow = (name: string, way: "upstream" | "downstream"): string[] => {
      follower.trace(model, [leaf(name)], way);
      return follower.member ? names(members(follower.member)) : [];
    };
    expect(follow("Short", "upstream")).not.toContain("Join");
    expect(follow("Short", "downstream")).toEqual(expect.arrayContaining(["Top", "Short", "Join"]));
    expect(follow("Short", "upstream")).not.toContain("Top");
    expect(follow("Short", "downstream")).toEqual([]);
    follow("Short", "upstream");
    expect(follow("Long1", "downstream")).not.toContain("Top");
  });
});

describe("the shortest path", () => {
  it("runs with the flow where it can", async () => {
    const { model, leaf, names } = await diamondModel();
    const path = (from: string, to: string): ReturnType<typeof shortestPath> =>
      shortestPath(model.edges, model.tree.itemOf.length, [leaf(from)], [leaf(to)]);
    const forward = path("Top", "Join")!;
    expect(forward.flow).toBe("forward");
    expect(names(forward.leaves)).toEqual(["Top", "Short", "Join"]);
    expect(path("Join", "Top")).toMatchObject({ flow: "backward" });
    const across = path("Long1", "Short")!;
    expect(across.flow).toBe("mixed");
    expect(names(across.leaves)).toEqual(["Long1", "Top", "Short"]);
    expect(path("Top", "Apart")).toBeNull();
    expect(path("Top", "Top")!.leaves).toHaveLength(1);
  });

  it("of a large graph is found at once, from groups as well", async () => {
    const model = await modelOf(tangle(20_000, 40));
    const count = model.tree.itemOf.length;
    const path = shortestPath(model.edges, count, [1], [count - 1])!;
    expect(path.leaves.length).toBeGreaterThan(200);
    const blocks = await modelOf(transformer(4));
    const { lo, hi } = blocks.tree;
    const range = (item: number): number[] => Array.from({ length: hi[item]! - lo[item]! }, (_, i) => lo[item]! + i);
    const ends = blocks.tree.children[0]!;
    expect(shortestPath(blocks.edges, blocks.tree.itemOf.length, range(ends[0]!), range(ends.at(-1)!))).not.toBeNull();
  });
});
