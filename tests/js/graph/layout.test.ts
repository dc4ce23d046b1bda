import { describe, expect, it } from "vitest";
import { layoutLayered } from "../../../js/src/graph/layout/layered";
import { LayoutMemo } from "../../../js/src/graph/layout/memo";
import { makeProper, markStubs } from "../../../js/src/graph/layout/proper";
import { rankNodes } from "../../../js/src/graph/layout/rank";
import { GAP, type Layout, type LayoutInput } from "../../../js/src/graph/layout/types";
import { GraphModel } from "../../../js/src/graph/model/graph-model";
import { Expansion } from "../../../js/src/graph/scene/expansion";
import type { Frame } from "../../../js/src/graph/scene/frame";
import { hitEdge } from "../../../js/src/graph/scene/hit";
import { Scene } from "../../../js/src/graph/scene/scene";
import { chain, type Net, resnet, tangle, transformer } from "./models";
import { boxesOf, checkApart, checkDrawing } from "./real/checks";
import { drawnCourses } from "./real/courses";
import { countCrossings } from "./real/crossings";
import { inputOf } from "./real/input";
import { framesOf } from "./real/openings";
import { asFrame, randomInput } from "./real/random";

function graph(n: number, edges: readonly (readonly [number, number])[], inPorts = 0, outPorts = 0): LayoutInput {
  const total = n + inPorts + outPorts;
  const width = Float64Array.from({ length: total }, (_, i) => (i < n ? 100 + 10 * (i % 5) : 0));
  return {
    n,
    inPorts,
    outPorts,
    width,
    height: Float64Array.from({ length: total }, (_, i) => (i < n ? 40 : 0)),
    edges: edges.length,
    from: Int32Array.from(edges, ([from]) => from),
    to: Int32Array.from(edges, ([, to]) => to),
    fromDx: new Float64Array(edges.length),
    toDx: new Float64Array(edges.length),
  };
}

const centre = (input: LayoutInput, layout: Layout, node: number): number => layout.x[node]! + input.width[node]! / 2;

async function sceneOf(net: Net, open: (expansion: Expansion) => void): Promise<{ scene: Scene; root: Frame }> {
  const model = new GraphModel(await net.document());
  const expansion = new Expansion(model);
  open(expansion);
  const scene = new Scene(model, expansion);
  return { scene, root: scene.root() };
}

const everything = (expansion: Expansion): void => expansion.openAll();

const MODELS: [string, () => Net][] = [
  ["a transformer", () => transformer(3)],
  ["a ResNet", () => resnet(3)],
  ["a chain", () => chain(40)],
  ["a tangle", () => tangle(250, 20)],
];

describe("a layout", () => {
  it.each(MODELS)("of %s has no overlaps, no edge through a box, all edges downwards", async (_name, make) => {
    const { root } = await sceneOf(make(), everything);
    for (const frame of framesOf(root)) checkDrawing(frame, inputOf(frame));
  });

  it.each(MODELS)("of %s is the same every time", async (_name, make) => {
    const [a, b] = [await sceneOf(make(), everything), await sceneOf(make(), everything)];
    const flat = (root: Frame): number[][] =>
      framesOf(root).map(({ layout }) => [...layout.x, ...layout.y, ...layout.points]);
    expect(flat(a.root)).toEqual(flat(b.root));
  });

  it("draws a chain as one straight line", () => {
    const input = graph(
      30,
      Array.from({ length: 29 }, (_, i) => [i, i + 1] as const),
    );
    const layout = layoutLayered(input);
    const places = Array.from({ length: 30 }, (_, i) => centre(input, layout, i));
    for (const place of places) expect(place).toBeCloseTo(places[0]!, 6);
  });

  it("keeps the main path straight beside a skip connection, and the skip straight beside it", () => {
    const input = graph(7, [
      [0, 1],
      [1, 2],
      [2, 3],
      [3, 4],
      [4, 5],
      [5, 6],
      [0, 6],
    ]);
    const layout = layoutLayered(input);
    for (let node = 2; node <= 5; node += 1) {
      expect(centre(input, layout, node)).toBeCloseTo(centre(input, layout, 1), 6);
    }
    const xs: number[] = [];
    for (let i = layout.start[6]! + 2; i < layout.start[7]! - 2; i += 1) xs.push(layout.points[2 * i]!);
    expect(xs.length).toBe(10);
    for (const x of xs) expect(x).toBeCloseTo(xs[0]!, 6);
  });

  it("untangles what can be untangled", () => {
    const width = 6;
    const edges = Array.from({ length: width }, (_, i) => [i, 2 * width - 1 - i] as const);
    const layout = layoutLayered(graph(2 * width, edges));
    for (let a = 0; a < width; a += 1) {
      for (let b = 0; b < a; b += 1) {
        const upper = layout.x[a]! - layout.x[b]!;
        const lower = layout.x[edges[a]![1]]! - layout.x[edges[b]![1]]!;
        expect(upper * lower).toBeGreaterThan(0);
      }
    }
  });

  it("puts border points on the border, in line with the only box they meet", () => {
    const input = graph(
      2,
      [
        [2, 0],
        [0, 1],
        [1, 3],
      ],
      1,
      1,
    );
    const layout = layoutLayered(input);
    expect(layout.y[2]).toBe(0);
    expect(layout.y[3]).toBe(layout.height);
    expect(layout.x[2]).toBeCloseTo(centre(input, layout, 0), 6);
    expect(layout.x[3]).toBeCloseTo(centre(input, layout, 1), 6);
  });

  it("runs the edge that closes a cycle upwards", () => {
    const input = graph(3, [
      [0, 1],
      [1, 2],
      [2, 0],
    ]);
    const layout = layoutLayered(input);
    expect([...layout.rank]).toEqual([0, 1, 2]);
    const first = layout.points[2 * layout.start[2]! + 1]!;
    const last = layout.points[2 * layout.start[3]! - 1]!;
    expect(first).toBeGreaterThan(last);
  });

  it("of nothing is empty", () => {
    expect(layoutLayered(graph(0, []))).toMatchObject({ width: 0, height: 0 });
  });

  it("draws a hub that feeds everything as stubs", () => {
    const n = 40;
    const edges = [...Array.from({ length: n - 2 }, (_, i) => [i + 1, i + 2] as const)];
    const hub = Array.from({ length: n - 2 }, (_, i) => [0, i + 2] as const);
    const layout = layoutLayered(graph(n, [...edges, ...hub]));
    const stubs = layout.stub.reduce((sum, value) => sum + value, 0);
    expect(stubs).toBeGreaterThan(n / 2);
    expect(layout.stub.slice(0, edges.length).every((value) => value === 0)).toBe(true);
  });
});

describe("a very tall drawing", () => {
  const rows = (n: number): [number, number][] => Array.from({ length: n - 1 }, (_, i) => [i, i + 1]);

  it("is set in columns", () => {
    const input = graph(600, rows(600));
    const layout = layoutLayered(input);
    expect(layout.height).toBeLessThan(6000);
    expect(layout.width / layout.height).toBeGreaterThan(0.5);
    expect(layout.width / layout.height).toBeLessThan(4);
    checkDrawing(asFrame(input, layout), input);
  });

  it("has edges between columns that lie inside each other", () => {
    const chains = 4;
    const length = 120;
    const edges = Array.from({ length: chains * (length - 1) }, (_, i) => [i, i + chains] as const);
    const input = graph(chains * length, edges);
    const layout = layoutLayered(input);
    const courses = drawnCourses(asFrame(input, layout));
    expect(courses.filter((course) => course.at(-1)! < course[1]!).length).toBeGreaterThan(chains);
    expect(countCrossings(courses)).toBe(0);
  });

  it("has edges that can be pointed at where they run level from one column to the next", async () => {
    const { root } = await sceneOf(chain(200), () => undefined);
    const { points } = root.layout;
    const at = points.findIndex(
      (y, i) => i % 2 === 1 && y === points[i - 2] && Math.abs(points[i - 1]! - points[i - 3]!) > 60,
    );
    const middle = (points[at - 1]! + points[at - 3]!) / 2;
    const hit = hitEdge(root, root.dx + middle, root.dy + points[at]! + 2, 5);
    expect(hit?.edge).toBe(root.layout.start.findLastIndex((start) => 2 * start < at));
  });

  it("has its border points above and below the columns that need them", () => {
    const n = 200;
    const [early, late, left, right] = [n, n + 1, n + 2, n + 3];
    const input = graph(n, [...rows(n), [early, 3], [late, n - 3], [5, left], [n - 5, right]], 2, 2);
    const layout = layoutLayered(input);
    const at = (port: number): number => layout.x[port]!;
    expect(Array.from(layout.stub)).not.toContain(1);
    expect(Math.abs(at(late) - centre(input, layout, n - 3))).toBeLessThan(150);
    expect(Math.abs(at(left) - centre(input, layout, 5))).toBeLessThan(150);
    expect(at(late) - at(early)).toBeGreaterThan(500);
    expect(at(right) - at(left)).toBeGreaterThan(500);
  });

  it("stays in one piece where columns would hide its skip connections", () => {
    const n = 90;
    const skips = Array.from({ length: 30 }, (_, i) => [i, n - 1 - i] as const);
    const layout = layoutLayered(graph(n, [...rows(n), ...skips.slice(0, 4)]));
    expect(Array.from(layout.stub)).not.toContain(1);
    expect(layout.height).toBeGreaterThan(6000);
  });
});

describe("a tangle", () => {
  it("is no wider than its ranks make it", () => {
    const input = randomInput({ nodes: 300, reach: 60, reads: 3 }, 1);
    const ranking = rankNodes(input);
    const proper = makeProper(input, ranking, markStubs(input, ranking));
    const wide = new Float64Array(ranking.ranks);
    proper.rank.forEach((rank, node) => {
      wide[rank]! += proper.width[node]! + GAP.mixed;
    });
    expect(layoutLayered(input).width).toBeLessThan(1.5 * Math.max(...wide));
  });
});

describe("scale", () => {
  it("lays out identical groups once", async () => {
    const few = await sceneOf(transformer(8), everything);
    const many = await sceneOf(transformer(400), everything);
    expect(many.scene.layouts.asked).toBeGreaterThan(4000);
    expect(many.scene.layouts.computed).toBeLessThanOrEqual(few.scene.layouts.computed + 1);
    expect(many.scene.layouts.computed).toBeLessThan(20);
  });

  it("opens one group by laying out that group and those around it", async () => {
    const model = new GraphModel(await transformer(400).document());
    const expansion = new Expansion(model);
    expansion.openAll();
    const scene = new Scene(model, expansion);
    scene.root();
    const attention = model.tree.kind.findIndex(
      (_, item) => model.isGroup(item) && model.labels.title(item) === "attn",
    );
    const before = scene.layouts.asked;
    expansion.close(attention);
    scene.touch(attention);
    scene.root();
    expect(scene.layouts.asked - before).toBeLessThanOrEqual(4);
  });

  it("keeps a flat graph of 20,000 ops linear", async () => {
    const net = tangle(20_000, 400);
    const { root } = await sceneOf(net, () => undefined);
    expect(root.boxes.length).toBeGreaterThan(20_000);
    checkApart(boxesOf(root));
  }, 60_000);

  it("bounds the places of long edges by the number of nodes", () => {
    const n = 3000;
    const edges = Array.from({ length: n - 1 }, (_, i) => [i, i + 1] as const);
    const long = Array.from({ length: n / 2 }, (_, i) => [i, n - 1 - (i % 7)] as const);
    const input = graph(n, [...edges, ...long]);
    const ranking = rankNodes(input);
    const proper = makeProper(input, ranking, markStubs(input, ranking));
    expect(proper.count).toBeLessThanOrEqual(5 * n);
  });

  it("tells layouts apart that differ in anything", () => {
    const memo = new LayoutMemo();
    const base = graph(3, [
      [0, 1],
      [1, 2],
    ]);
    const first = memo.layout(base);
    expect(
      memo.layout(
        graph(3, [
          [0, 1],
          [1, 2],
        ]),
      ),
    ).toBe(first);
    const wider = graph(3, [
      [0, 1],
      [1, 2],
    ]);
    wider.width[1] = 300;
    expect(memo.layout(wider)).not.toBe(first);
    expect(
      memo.layout(
        graph(3, [
          [0, 1],
          [0, 2],
        ]),
      ),
    ).not.toBe(first);
    expect(memo.counts).toEqual({ computed: 3, asked: 4 });
  });
});
