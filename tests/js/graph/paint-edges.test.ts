import { describe, expect, it } from "vitest";
import { emphasize, leavesOf } from "../../../js/src/graph/explore/emphasis";
import { quadraticTensors } from "../../../js/src/graph/paint/attention";
import { traceCourse } from "../../../js/src/graph/paint/course";
import { EdgeStyle, largestEdge } from "../../../js/src/graph/paint/edge-style";
import type { Ctx } from "../../../js/src/graph/paint/surface";
import { chain, Net } from "./models";
import { lookAt, sessionOf } from "./paint-look";

/** Query and key give scores, scores weights, weights a sum of values. */
function attention(scores: string, between: readonly string[] = ["Div", "Add"]): { net: Net; square: number[] } {
  const net = new Net("attention");
  const x = net.input();
  const [q, k, v] = [1, 2, 3].map(() => net.op("MatMul", "", [x, net.weight()]));
  const square = [net.resize(net.op("MatMul", "", [q!, k!]), scores)];
  for (const type of between) square.push(net.resize(net.op(type, "", [square.at(-1)!]), scores));
  square.push(net.resize(net.op("Softmax", "", [square.at(-1)!]), scores));
  net.markOutput(net.op("MatMul", "", [square.at(-1)!, v!]));
  return { net, square };
}

async function marked(net: Net): Promise<number[]> {
  const { model } = sessionOf(await net.document());
  return [...quadraticTensors(model).entries()].filter(([, mark]) => mark === 1).map(([tensor]) => tensor);
}

describe("tensors that grow with the square of the sequence length", () => {
  it("are those between the product, the softmax and the next product", async () => {
    const { net, square } = attention("1×12×128×128");
    expect(await marked(net)).toEqual(square);
  });

  it("need not be square where keys are cached, nor of known length", async () => {
    for (const shape of ["1×12×128×640", "2×?×?", "1×8×16×?×?"]) {
      const { net, square } = attention(shape, ["Where"]);
      expect(await marked(net), shape).toEqual(square);
    }
  });

  it("are none where one token is decoded, or the shape is no matrix of positions", async () => {
    for (const shape of ["1×12×1×640", "128×128", "", "?"]) {
      expect(await marked(attention(shape).net), shape).toEqual([]);
    }
  });

  it("are not the scores of a classifier or of a choice of experts", async () => {
    const net = new Net();
    const scores = net.resize(net.op("MatMul", "", [net.input(), net.weight()]), "1×10×1000");
    const chosen = net.resize(net.op("Softmax", "", [scores]), "1×10×1000");
    net.markOutput(net.op("TopK", "", [chosen]));
    expect(await marked(net)).toEqual([]);
  });

  it("are not looked for through another kind of op", async () => {
    expect(await marked(attention("1×12×128×128", ["Reshape"]).net)).toEqual([]);
  });
});

describe("the look of an edge", () => {
  it("is thicker for more bytes, within bounds", async () => {
    const net = new Net();
    const sizes = [0, 10, 1e4, 1e6, 1e12, Number.NaN].map((nbytes) => {
      const tensor = net.op("Relu", "", [net.input()]);
      return net.resize(tensor, "1", nbytes);
    });
    const style = new EdgeStyle(lookAt(sessionOf(await net.document())));
    const [none, few, some, many, huge, unknown] = sizes.map((tensor) => style.width(tensor));
    expect([none, few]).toEqual([1, 1]);
    expect(some).toBeLessThan(many!);
    expect(many).toBeLessThan(huge!);
    expect(huge).toBe(5);
    expect(unknown).toBeGreaterThan(0);
  });

  it("has the colour of its precision, or of the column chosen for edges", async () => {
    const net = new Net();
    const [half, int] = [net.tensor("input", "float16"), net.tensor("input", "int8")];
    net.markOutput(net.op("Mul", "", [half, int]));
    const session = sessionOf(await net.document());
    const byDtype = new EdgeStyle(lookAt(session));
    expect(byDtype.color(half)).not.toBe(byDtype.color(int));
    const edgeColoring = { color: (tensor: number) => (tensor === half ? "#123456" : null) };
    const look = lookAt(session, { edgeColoring });
    expect(new EdgeStyle(look).color(half)).toBe("#123456");
    expect(new EdgeStyle(look).color(int)).toBe(look.theme.faint);
  });

  it("is strong along a path and pale beside it", async () => {
    const net = new Net();
    const x = net.input();
    const [a, b] = [net.op("Relu", "", [x]), net.op("Tanh", "", [x])];
    net.markOutput(net.op("Add", "", [a, b]));
    const session = sessionOf(await net.document());
    const on = emphasize(leavesOf(session.model, [0, 2]), { outline: false, edges: true });
    const style = new EdgeStyle(lookAt(session, { emphasis: on }));
    const frame = session.root();
    const of = (tensor: number, op: number): number =>
      [...frame.edges.tensor.keys()].find(
        (e) => frame.edges.tensor[e] === tensor && frame.boxes[frame.edges.to[e]!] === session.model.itemOfOp(op),
      )!;
    expect([style.strong(frame, of(a, 2)), style.pale(frame, of(a, 2))]).toEqual([true, false]);
    expect([style.strong(frame, of(b, 2)), style.pale(frame, of(b, 2))]).toEqual([false, true]);
  });
});

describe("the largest tensor of a group", () => {
  it("is marked once", async () => {
    const net = new Net();
    let x = net.input();
    for (let i = 0; i < 5; i += 1) x = net.op("Relu", "", [x]);
    net.markOutput(x);
    const frame = sessionOf(await net.document()).root();
    expect(frame.edges.tensor[largestEdge(frame, (tensor) => (tensor === 3 ? 9000 : 100))]).toBe(3);
  });

  it("is not marked where all are alike, or none is known", async () => {
    const frame = sessionOf(await chain(6).document()).root();
    expect(largestEdge(frame, () => 4096)).toBe(-1);
    const other = sessionOf(await chain(6).document()).root();
    expect(largestEdge(other, () => null)).toBe(-1);
  });
});

/** The upper and lower end of everything that is traced. */
function traced(trace: (ctx: Ctx) => void): { points: number; top: number; bottom: number } {
  const ys: number[] = [];
  const note = (_: number, y: number): void => void ys.push(y);
  const curve = (...args: number[]): void => void ys.push(args.at(-1)!);
  trace({ moveTo: note, lineTo: note, bezierCurveTo: curve } as unknown as Ctx);
  return { points: ys.length, top: Math.min(...ys), bottom: Math.max(...ys) };
}

describe("a course", () => {
  it("is traced as far as it shows", async () => {
    const net = new Net();
    const x = net.input();
    let y = x;
    for (let i = 0; i < 200; i += 1) y = net.op("Relu", "", [y]);
    net.markOutput(net.op("Add", "", [x, y]));
    const frame = sessionOf(await net.document()).root();
    const long = [...frame.bounds.keys()]
      .filter((i) => i % 4 === 0)
      .map((i) => i / 4)
      .reduce((a, b) => (span(frame.bounds, b) > span(frame.bounds, a) ? b : a));
    const whole = traced((ctx) => traceCourse(ctx, frame, long));
    const middle = (whole.top + whole.bottom) / 2;
    const view = { x: -1e5, y: middle, w: 2e5, h: 100 };
    const part = traced((ctx) => traceCourse(ctx, frame, long, { x: 0, y: 0, view }));
    expect(part.top).toBeLessThanOrEqual(middle);
    expect(part.bottom).toBeGreaterThanOrEqual(middle + 100);
    expect(part.points).toBeLessThanOrEqual(whole.points);
  });
});

function span(bounds: Float32Array, e: number): number {
  return bounds[4 * e + 3]! - bounds[4 * e + 1]!;
}
