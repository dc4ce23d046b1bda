import { describe, expect, it } from "vitest";
import type { ReportDocument } from "../../../js/src/data/index";
import { differences } from "../../../js/src/graph/model/differences";
import { GraphModel } from "../../../js/src/graph/model/graph-model";
import { RUN } from "../../../js/src/graph/model/tree";
import { encode } from "../data/encode";
import { Net, transformer } from "./models";

interface Columns {
  readonly parameters?: (op: number) => number;
  readonly precision?: (op: number) => string;
  readonly latency?: (op: number) => number;
}

async function withColumns(doc: ReportDocument, columns: Columns): Promise<GraphModel> {
  const ops = Array.from({ length: doc.ops.rows }, (_, op) => op);
  const overlay = encode(
    { kind: "overlay", id: doc.id },
    {
      ops: {
        parameters: {
          values: Float64Array.from(ops, columns.parameters ?? (() => 1000)),
          label: "Parameters",
          aggregate: "sum",
          provenance: "counted",
        },
        precision: { values: ops.map(columns.precision ?? (() => "fp16")), label: "Precision", provenance: "counted" },
        latency: {
          values: Float64Array.from(ops, columns.latency ?? (() => 1)),
          label: "Latency",
          aggregate: "sum",
          provenance: "measured",
        },
      },
    },
  );
  return new GraphModel(await doc.withOverlay(overlay));
}

const runOf = (model: GraphModel): number => model.tree.kind.indexOf(RUN);

/** The first op of an instance that is of a type. */
function opIn(doc: ReportDocument, path: string, type: string): number {
  const [types, names] = [doc.ops.text("type")!, doc.ops.text("name")!];
  return types.codes.findIndex((_, op) => types.at(op) === type && names.at(op)!.startsWith(path));
}

describe("instances of a run", () => {
  it("that are alike have nothing to tell, whatever was measured on them", async () => {
    const model = await withColumns(await transformer(5).document(), { latency: (op) => op * 1.7 });
    expect(differences(model, runOf(model))).toEqual([]);
  });

  it("tell what they cost more, in words that differ", async () => {
    const doc = await transformer(5).document();
    const softmax = opIn(doc, "layers/layers.3", "Softmax");
    const model = await withColumns(doc, { parameters: (op) => (op === softmax ? 1_000_001 : 1_000_000) });
    expect(differences(model, runOf(model))).toEqual([
      { instance: 3, what: [{ label: "Parameters", first: "25,000,000", here: "25,000,001" }], more: 0 },
    ]);
  });

  it("tell another precision once, however many ops have it", async () => {
    const doc = await transformer(4).document();
    const names = doc.ops.text("name")!;
    const late = (op: number): boolean => names.at(op)!.startsWith("layers/layers.2/mlp");
    const model = await withColumns(doc, { precision: (op) => (late(op) ? "int8" : "fp16") });
    const [found, ...others] = differences(model, runOf(model));
    expect(others).toEqual([]);
    expect(found!.instance).toBe(2);
    expect(found!.what).toContainEqual({ label: "Precision of MatMul", first: "fp16", here: "int8" });
    expect(found!.what.map(({ label }) => label)).toEqual([...new Set(found!.what.map(({ label }) => label))]);
  });

  it("tell another shape of a result", async () => {
    const net = new Net();
    let x = net.input();
    for (let i = 0; i < 4; i += 1) {
      const wide = net.op("MatMul", `layers/layers.${i}`, [x, net.weight()]);
      if (i === 1) net.resize(wide, "1×96");
      x = net.op("Relu", `layers/layers.${i}`, [wide]);
    }
    net.markOutput(x);
    const model = await withColumns(await net.document(), {});
    const found = differences(model, runOf(model));
    expect(found.map(({ instance }) => instance)).toEqual([1]);
    expect(found[0]!.what).toEqual([{ label: "Result of MatMul", first: "float32 1×64", here: "float32 1×96" }]);
  });

  it("tell which ops they have that others lack", async () => {
    const net = new Net();
    let x = net.input();
    for (let i = 0; i < 4; i += 1) {
      const path = `layers/layers.${i}`;
      const y = net.op("Relu", path, [net.op("MatMul", path, [x, net.weight()])]);
      x = i === 2 ? net.op("Tanh", path, [y]) : y;
    }
    net.markOutput(x);
    const doc = await net.document();
    // An engine may count as one structure what the view tells apart.
    doc.scopes.indices("structure").fill(1);
    const model = await withColumns(doc, {});
    const [found] = differences(model, runOf(model));
    expect(found).toMatchObject({ instance: 2, more: 0 });
    expect(found!.what).toContainEqual({ label: "Tanh ops", first: "0", here: "1" });
  });

  it("tell that they read something of their own", async () => {
    const net = new Net();
    const mask = net.input();
    let x = net.input();
    for (let i = 0; i < 4; i += 1) {
      const path = `layers/layers.${i}`;
      const other = i === 2 ? net.input() : mask;
      x = net.op("Sub", path, [net.op("Add", path, [x, mask]), other]);
    }
    net.markOutput(x);
    const doc = await net.document();
    const model = await withColumns(doc, {});
    expect(differences(model, runOf(model))).toEqual([
      { instance: 2, what: [{ label: "Tensors read", first: "2", here: "3" }], more: 0 },
    ]);
  });

  it("tell a few differences and how many more there are", async () => {
    const doc = await transformer(3).document();
    const names = doc.ops.text("name")!;
    const model = await withColumns(doc, {
      precision: (op) => (names.at(op)!.startsWith("layers/layers.1/") ? `odd ${op}` : "fp16"),
    });
    const [found] = differences(model, runOf(model));
    expect(found!.what).toHaveLength(6);
    expect(found!.more).toBeGreaterThan(5);
  });

  it("are compared anew under other columns, and only then", async () => {
    const doc = await transformer(4).document();
    const model = await withColumns(doc, {});
    const before = differences(model, runOf(model));
    expect(differences(model, runOf(model))).toBe(before);
    const softmax = opIn(doc, "layers/layers.1", "Softmax");
    model.setColumns((await withColumns(doc, { parameters: (op) => (op === softmax ? 1 : 1000) })).doc);
    expect(differences(model, runOf(model))).toHaveLength(1);
  });
});
