import { describe, expect, it } from "vitest";
import type { NumericColumn, ReportDocument } from "../../../js/src/data/index";
import { searchOps } from "../../../js/src/graph/explore/search";
import { GraphModel } from "../../../js/src/graph/model/graph-model";
import { INPUT, OP, ROOT } from "../../../js/src/graph/model/tree";
import { Aggregator } from "../../../js/src/graph/overlay/aggregate";
import {
  type Coloring,
  makeColoring,
  type RangeLegend,
  type WordsLegend,
} from "../../../js/src/graph/overlay/coloring";
import { makeEdgeColoring } from "../../../js/src/graph/overlay/edge-coloring";
import { rangeTerm } from "../../../js/src/graph/overlay/query-text";
import { ramp } from "../../../js/src/graph/overlay/ramps";
import { distinct, neutrals, ordered } from "../../../js/src/graph/overlay/words-palette";
import { closedSize, columnSizing } from "../../../js/src/graph/scene/sizes";
import { encode, type TableSpec } from "../data/encode";
import { chain, Net, resnet, tangle, transformer } from "./models";

async function modelWith(net: Net, ops: TableSpec, tensors: TableSpec = {}): Promise<GraphModel> {
  const tables = Object.entries({ ops, tensors }).filter(([, table]) => Object.keys(table).length > 0);
  const doc = await net.document();
  return new GraphModel(await doc.withOverlay(encode({ kind: "overlay" }, Object.fromEntries(tables))));
}

async function rowsOf(net: Net): Promise<number> {
  return (await net.document()).ops.rows;
}

/** Numbers that look random and are the same every time; every seventh is unknown. */
function numbers(rows: number, signed = false): Float64Array {
  let state = 1;
  return Float64Array.from({ length: rows }, (_, row) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return row % 7 === 3 ? Number.NaN : (state % 1000) - (signed ? 500 : 0);
  });
}

function items(model: GraphModel): number[] {
  return [...model.tree.kind.keys()].filter((item) => item === ROOT || model.tree.parent[item]! >= 0);
}

function groups(model: GraphModel): number[] {
  return items(model).filter((item) => model.isGroup(item));
}

const coloring = (model: GraphModel, name: string): Coloring => makeColoring(model, name)!;

const NETS: readonly (readonly [string, Net])[] = [
  ["a transformer", transformer(5)],
  ["a ResNet", resnet(4)],
  ["a tangle", tangle(300, 40)],
];

describe.each(NETS)("groups of %s", (_, net) => {
  it.each(["sum", "max", "min", "mean"] as const)("show the %s over their ops", async (aggregate) => {
    const values = numbers(await rowsOf(net), aggregate !== "sum");
    const model = await modelWith(net, { mine: { values, aggregate } });
    const { values: made } = new Aggregator(model, model.doc.column("mine") as NumericColumn);
    for (const item of groups(model)) {
      const known = model.opsOf(item).flatMap((op) => (Number.isNaN(values[op]!) ? [] : [values[op]!]));
      const sum = known.reduce((a, b) => a + b, 0);
      const expected = { sum, max: Math.max(...known), min: Math.min(...known), mean: sum / known.length };
      if (known.length === 0) expect(made[item]).toBeNaN();
      else expect(made[item]).toBeCloseTo(expected[aggregate], 6);
    }
  });

  it("show nothing where the column has no aggregate", async () => {
    const model = await modelWith(net, { mine: { values: numbers(await rowsOf(net)) } });
    const shown = coloring(model, "mine");
    for (const item of groups(model)) expect([shown.text(item), shown.unknown(item)]).toEqual(["n/a", true]);
  });
});

/** A weight that is cast in a scope of its own, beside the op that reads it. */
function withConstant(): Net {
  const net = new Net("folded");
  const x = net.op("Relu", "block", [net.input()]);
  const weight = net.op("Cast", "block/weights", [net.weight()]);
  net.markOutput(net.op("MatMul", "block", [x, weight]));
  net.markOutput(net.op("Relu", "", [x]));
  return net;
}

describe("amounts", () => {
  it("of ops that are not drawn count for the group that they stand in", async () => {
    const model = await modelWith(withConstant(), {
      mine: { values: Float64Array.of(1, 20, 300, 4000), aggregate: "sum" },
    });
    expect(model.hiddenOps).toBe(1);
    const shown = new Aggregator(model, model.doc.column("mine") as NumericColumn);
    const block = groups(model).find((item) => model.labels.title(item) === "block")!;
    expect(shown.value(block)).toBe(321);
    expect(shown.value(ROOT)).toBe(4321);
  });

  it("that are infinite spoil no other group", async () => {
    const net = transformer(3);
    const values = new Float64Array(await rowsOf(net)).fill(1);
    values[5] = Infinity;
    const model = await modelWith(net, { mine: { values, aggregate: "sum" } });
    const shown = new Aggregator(model, model.doc.column("mine") as NumericColumn);
    for (const item of groups(model)) {
      const ops = model.opsOf(item);
      expect(shown.value(item)).toBe(ops.includes(5) ? Infinity : ops.length);
    }
    expect(coloring(model, "mine").text(model.itemOfOp(5))).toBe("∞");
  });

  it("that are zero beside unknown ones make no total of zero", async () => {
    const net = transformer(1);
    const values = new Float64Array(await rowsOf(net));
    values[3] = Number.NaN;
    const model = await modelWith(net, { mine: { values, aggregate: "sum" } });
    expect(new Aggregator(model, model.doc.column("mine") as NumericColumn).value(ROOT)).toBeNaN();
  });

  it("are coloured in order, and what is unknown in a shade of its own", async () => {
    const model = await modelWith(chain(4), { mine: { values: Float64Array.of(1, 2, Number.NaN, 3) } });
    const shown = coloring(model, "mine");
    const steps = [0, 1, 3].map((op) => ramp("sequential", false).indexOf(shown.color(model.itemOfOp(op))!));
    expect(steps).toEqual([0, 128, 255]);
    expect(shown.color(model.itemOfOp(2))).toBe(neutrals(false).unknown);
    expect(shown.unknown(model.itemOfOp(2))).toBe(true);
    const input = items(model).find((item) => model.tree.kind[item] === INPUT)!;
    expect([shown.color(input), shown.unknown(input)]).toEqual([null, false]);
  });

  it("have the same places in the dark", async () => {
    const model = await modelWith(chain(3), { mine: { values: Float64Array.of(-1, 0, 1) } });
    const [light, dark] = [coloring(model, "mine"), coloring(model, "mine").themed(true)];
    expect(dark.color(model.itemOfOp(1))).toBe(ramp("diverging", true)[128]);
    expect(light.color(model.itemOfOp(1))).toBe(ramp("diverging", false)[128]);
    expect(dark.themed(true)).toBe(dark);
    expect(dark.themed(false).themed(true)).toBe(dark);
  });

  it.each([
    ["all equal", [5, 5, 5, 5]],
    ["all unknown", [Number.NaN, Number.NaN, Number.NaN, Number.NaN]],
    ["infinite", [Infinity, -Infinity, Infinity, -Infinity]],
    ["as far apart as numbers go", [-Number.MAX_VALUE, Number.MAX_VALUE, 5e-324, 0]],
  ])("that are %s still have colours and a legend", async (_, values) => {
    const model = await modelWith(chain(4), { mine: { values: Float64Array.from(values), aggregate: "mean" } });
    const shown = coloring(model, "mine");
    for (const item of items(model)) {
      if (model.tree.kind[item] === OP) expect(shown.color(item)).toMatch(/^(#|rgb)/);
      expect(shown.text(item)).not.toContain("NaN");
    }
    expect((shown.legend as RangeLegend).colors).toHaveLength(256);
  });

  it("keep the kind of scale that was chosen when their values change", async () => {
    const model = await modelWith(chain(4), { mine: { values: Float64Array.of(1, 2, 3, 4) } });
    const before = makeColoring(model, "mine", { choice: { kind: "log", domain: [2, 3] } });
    const after = makeColoring(model, "mine", { like: before })!.legend as RangeLegend;
    expect(after.scale).toMatchObject({ kind: "log", min: 1, max: 4 });
  });

  it("of a column that is not there have no colours", async () => {
    const model = await modelWith(chain(2), {});
    expect(makeColoring(model, "nonsense")).toBeNull();
    expect(makeColoring(model, "")).toBeNull();
    expect(makeEdgeColoring(model, "nonsense")).toBeNull();
  });
});

describe("a brushed range", () => {
  it.each([
    [10, 400],
    [-500, 0],
    [123.456, 123.457],
    [-1e-7, 1e21],
  ])("asks for exactly the ops from %d to %d", async (low, high) => {
    const net = transformer(8);
    const values = numbers(await rowsOf(net), true);
    const model = await modelWith(net, { "my column": { values } });
    const { ops, problem } = searchOps(model, rangeTerm("my column", low, high));
    expect(problem).toBe("");
    const inside = [...values.keys()].filter((op) => values[op]! >= low && values[op]! <= high);
    expect([...ops!].sort((a, b) => a - b)).toEqual(inside);
  });
});

describe("words", () => {
  const words = (texts: (string | null)[], more: object = {}): TableSpec => ({ mine: { values: texts, ...more } });

  it("have one colour each, the frequent ones first, and one shade together from the ninth on", async () => {
    const texts = Array.from({ length: 66 }, (_, op) => String.fromCharCode(97 + Math.floor(Math.sqrt(2 * op))));
    const model = await modelWith(chain(66), words(texts));
    const { entries, others, unknown } = coloring(model, "mine").legend as WordsLegend;
    expect(entries).toHaveLength(8);
    expect(entries.map(({ rows }) => rows)).toEqual([...entries.map(({ rows }) => rows)].sort((a, b) => b - a));
    expect(others.words).toBe(new Set(texts).size - 8);
    expect(entries.reduce((sum, { rows }) => sum + rows, others.rows) + unknown).toBe(66);
  });

  it("keep their colours when their numbers change, as after a change of hardware", async () => {
    const before = await modelWith(chain(5), words(["compute", "compute", "compute", "memory", null]));
    const after = await modelWith(chain(5), words(["overhead", "overhead", "memory", "memory", "compute"]));
    const old = coloring(before, "mine");
    const shown = makeColoring(after, "mine", { like: old })!;
    const color = (of: Coloring, model: GraphModel, op: number): string | null => of.color(model.itemOfOp(op));
    expect(color(shown, after, 4)).toBe(color(old, before, 0));
    expect(color(shown, after, 2)).toBe(color(old, before, 3));
    expect(color(shown, after, 0)).toBe(distinct(2, false));
    expect(color(coloring(after, "mine"), after, 4)).not.toBe(color(old, before, 0));
  });

  it("make a group pale where they differ, and say how much there is of the first", async () => {
    const net = new Net("net");
    let x = net.input();
    for (let i = 0; i < 4; i += 1) x = net.op("Conv", "pure", [x]);
    for (let i = 0; i < 4; i += 1) x = net.op("Relu", "mixed", [x]);
    net.markOutput(x);
    const model = await modelWith(net, words(["a", "a", "a", "a", "a", "a", "a", "b"]));
    const shown = coloring(model, "mine");
    const [pure, mixed] = ["pure", "mixed"].map(
      (name) => groups(model).find((item) => model.labels.title(item) === name)!,
    ) as [number, number];
    expect([shown.color(pure), shown.text(pure)]).toEqual([distinct(0, false), "a"]);
    expect([shown.color(mixed), shown.text(mixed)]).not.toContain(distinct(0, false));
    expect(shown.text(mixed)).toBe("a 75 %");
    expect(shown.shares(mixed).map(({ text, share }) => [text, share])).toEqual([
      ["a", 0.75],
      ["b", 0.25],
    ]);
  });

  it("name a group by a word that has a colour, however many others there are", async () => {
    const rare = Array.from({ length: 60 }, (_, op) => `rare ${op}`);
    const often = Array.from({ length: 24 }, (_, op) => `often ${op % 8}`);
    const model = await modelWith(chain(85), words([...rare, ...often, "often 3"]));
    expect(coloring(model, "mine").text(ROOT)).toBe("often 3 4.71 %");
    expect(coloring(model, "mine").shares(ROOT)[0]).toMatchObject({ text: "others" });
  });

  it("are asked for whole", async () => {
    const texts = ["int8", "uint8", "int8", 'say "x"', "two words", "-minus", null];
    const model = await modelWith(chain(7), words(texts));
    for (const { text, query, rows } of (coloring(model, "mine").legend as WordsLegend).entries) {
      if (text.includes('"')) continue;
      expect([text, searchOps(model, query).ops?.length]).toEqual([text, rows]);
    }
  });

  it("may be as many as there are ops", async () => {
    const model = await modelWith(chain(20_000), words(Array.from({ length: 20_000 }, (_, op) => `op ${op}`)));
    const { entries, others } = coloring(model, "mine").legend as WordsLegend;
    expect([entries.length, others.words, others.rows]).toEqual([8, 19_992, 19_992]);
  });

  it("stand for flags and for numbers that are names", async () => {
    const flags = await modelWith(chain(3), { mine: { values: Uint8Array.of(1, 0, 1) } });
    expect((coloring(flags, "mine").legend as WordsLegend).entries.map(({ text, rows }) => [text, rows])).toEqual([
      ["yes", 2],
      ["no", 1],
    ]);
    const names = await modelWith(chain(3), { mine: { values: Int32Array.of(7, -1, 12), scale: "categorical" } });
    const { entries, unknown } = coloring(names, "mine").legend as WordsLegend;
    expect([entries.map(({ text }) => text), unknown]).toEqual([["12", "7"], 1]);
    expect(searchOps(names, entries[0]!.query).ops).toEqual([2]);
  });
});

describe("ordered words", () => {
  const SEVERITIES = ["info", "warning", "error"];

  /** `encode` lists words as they come: these come in order first. */
  async function severities(net: Net, rest: (string | null)[], aggregate: string | null = "max"): Promise<GraphModel> {
    return modelWith(net, { severity: { values: [...SEVERITIES, ...rest], scale: "ordinal", aggregate } });
  }

  it("show the worst in a group, in fixed colours", async () => {
    const net = new Net("net");
    let x = net.input();
    for (const path of ["a", "b", "c", "d"]) for (let i = 0; i < 3; i += 1) x = net.op("Relu", path, [x]);
    net.markOutput(x);
    const rest = ["info", null, "warning", null, "info", null, null, null, null];
    const model = await severities(net, rest);
    const shown = coloring(model, "severity");
    const of = (name: string): number => groups(model).find((item) => model.labels.title(item) === name)!;
    const [, warning, error] = ordered(SEVERITIES);
    expect(["a", "b", "c"].map((name) => shown.text(of(name)))).toEqual(["error", "warning", "info"]);
    expect([shown.color(of("a")), shown.color(of("b"))]).toEqual([error, warning]);
    expect([shown.text(of("d")), shown.color(of("d"))]).toEqual(["none", neutrals(false).unknown]);
    expect((shown.legend as WordsLegend).entries.map(({ text }) => text)).toEqual(["error", "warning", "info"]);
  });

  it("show the least where that counts, and nothing where groups have none", async () => {
    const least = await severities(chain(4), [null], "min");
    expect(coloring(least, "severity").text(ROOT)).toBe("info");
    const none = await severities(chain(4), [null], null);
    expect(coloring(none, "severity").text(ROOT)).toBe("none");
  });
});

describe("edges", () => {
  const tensorOf = (model: GraphModel): number[] => [...new Set(model.edges.tensor)];

  it("are coloured by a column of the tensor table", async () => {
    const net = chain(4);
    const rows = (await net.document()).tensors.rows;
    const values = Float64Array.from({ length: rows }, (_, row) => row);
    values[1] = Number.NaN;
    const model = await modelWith(net, {}, { mine: { values, unit: "B" } });
    const edges = makeEdgeColoring(model, "mine")!;
    const colors = tensorOf(model).map((tensor) => edges.color(tensor));
    expect(colors.filter((color) => color === null)).toHaveLength(1);
    expect(new Set(colors).size).toBe(colors.length);
    expect(edges.text(2)).toBe("2 B");
    expect((edges.legend as RangeLegend).unknown).toBe(1);
    expect(edges.themed(true).color(2)).not.toBe(edges.color(2));
  });

  it("count only tensors that are drawn", async () => {
    const model = await modelWith(transformer(2), {});
    const legend = makeEdgeColoring(model, "dtype")!.legend as WordsLegend;
    const drawn = tensorOf(model).length;
    expect(legend.entries.reduce((sum, { rows }) => sum + rows, 0)).toBe(drawn);
    expect(drawn).toBeLessThan(model.doc.tensors.rows);
  });

  it("may be coloured by anything in the table", async () => {
    const model = await modelWith(transformer(2), {});
    for (const { info } of model.doc.tensors.columns) {
      const edges = makeEdgeColoring(model, info.name)!;
      for (const dark of [false, true]) for (const tensor of tensorOf(model)) edges.themed(dark).color(tensor);
      expect(edges.legend.unknown).toBeGreaterThanOrEqual(0);
    }
  });
});

describe("sizes by a column", () => {
  it("grow in area with the value, within bounds that leave room for words", async () => {
    const model = await modelWith(chain(5), {
      mine: { values: Float64Array.of(0, 25, 50, 100, Number.NaN), aggregate: "sum" },
    });
    const sizing = columnSizing(model, new Aggregator(model, model.doc.column("mine") as NumericColumn));
    const grown = [0, 1, 2, 3, 4].map((op) => {
      const item = model.itemOfOp(op);
      return sizing(item).w / closedSize(model, item).w;
    });
    expect(grown[3]).toBeCloseTo(2.2);
    expect(grown[2]! ** 2 / grown[3]! ** 2).toBeCloseTo(0.5, 1);
    expect(grown[1]! ** 2 / grown[3]! ** 2).toBeCloseTo(0.25, 1);
    expect(grown[0]).toBeLessThan(1);
    expect(grown[4]).toBe(1);
    for (const op of [0, 1, 2, 3, 4]) expect(sizing(model.itemOfOp(op)).h).toBeGreaterThanOrEqual(36);
    const input = items(model).find((item) => model.tree.kind[item] === INPUT)!;
    expect(sizing(input)).toEqual(closedSize(model, input));
  });

  it("stand values of any kind", async () => {
    const values = Float64Array.of(Infinity, -Infinity, Number.NaN, -3);
    const model = await modelWith(chain(4), { mine: { values, aggregate: "sum" } });
    const sizing = columnSizing(model, new Aggregator(model, model.doc.column("mine") as NumericColumn));
    for (const item of items(model)) expect(Number.isFinite(sizing(item).w * sizing(item).h)).toBe(true);
  });
});

describe("columns of a document", () => {
  it("carry hints for their scale, and old documents none", async () => {
    const values = Float64Array.of(1, 2);
    const read = async (ops: TableSpec): Promise<ReportDocument> => (await modelWith(chain(2), ops)).doc;
    const hinted = await read({ mine: { values, scale: "diverging", center: 2, aggregate: "min" } });
    expect(hinted.column("mine")!.info).toMatchObject({ scale: "diverging", center: 2, aggregate: "min" });
    const wrong = await read({ mine: { values, scale: "rainbow", center: "high" } });
    expect(wrong.column("mine")!.info).toMatchObject({ scale: null, center: null, aggregate: null });
    const old = await read({ mine: { values } });
    expect(old.column("mine")!.info).toMatchObject({ scale: null, center: null });
  });
});
