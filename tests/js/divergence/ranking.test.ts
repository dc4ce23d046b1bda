import { describe, expect, it } from "vitest";
import { DivergenceDocument, ReportDocument } from "../../../js/src/data/index.js";
import { errorless, errors, largest, opNoise, ranking } from "../../../js/src/divergence/measures.js";
import { bands } from "../../../js/src/divergence/ranking/bands.js";
import { blocks, categories } from "../../../js/src/divergence/ranking/blocks.js";
import { depthErrors } from "../../../js/src/divergence/ranking/depth-data.js";
import { groupErrors } from "../../../js/src/divergence/ranking/groups.js";
import { barsPath, stepsPath } from "../../../js/src/divergence/ranking/paths.js";
import { encode } from "../data/encode.js";
import { report } from "../views/fixture.js";
import { compared, WHAT_IF } from "./compared-fixture.js";

const PLOT = { left: 0, right: 8, bottom: 10, y: (value: number) => 10 - value };

describe("errors", () => {
  it("are shares of the signal; none is 0 and unknown is not a number", async () => {
    const doc = await compared();
    expect([...errors(doc, "local")].map((value) => Number(value.toFixed(4)))).toEqual([0.1, Number.NaN, 0, 0.01]);
    expect([...errors(doc, "accumulated")][3]).toBeCloseTo(0.316, 3);
    expect(errors(doc, "weights")[0]).toBeCloseTo(10 ** -1.7);
  });

  it("of the outputs are shared by the ops that share a quantizer", async () => {
    const doc = (await compared()).withWhatIf(WHAT_IF);
    const noise = opNoise(doc);
    expect([0, 1, 2, 3].map((op) => Number(noise.get(op)?.toFixed(6)))).toEqual([0.0065, 0, 0.003, 0.0005]);
    expect(errors(doc, "outputs")[0]).toBeCloseTo(Math.sqrt(0.0065));
  });

  it("are ranked by what is seen where nobody measured what is made", async () => {
    const unknown = { local_sqnr_db: new Float64Array(4).fill(Number.NaN), local_exact: new Uint8Array(4) };
    expect(ranking(await compared())).toBe("local");
    expect(ranking(await compared({}, unknown))).toBe("accumulated");
    expect(ranking((await compared({}, unknown)).withWhatIf(WHAT_IF))).toBe("outputs");
  });

  it("are said to be none, or unknown, where there is none to show", async () => {
    const unknown = new Float64Array(4).fill(Number.NaN);
    const [nobody, everybody] = [new Uint8Array(4), new Uint8Array(4).fill(1)];
    const bare = { sqnr_db: unknown, local_sqnr_db: unknown };
    expect(errorless(await compared())).toBe("");
    expect(errorless(await compared({}, { ...bare, exact: everybody, local_exact: everybody }))).toContain("last bit");
    expect(errorless(await compared({}, { ...bare, exact: nobody, local_exact: nobody }))).toBe(
      "Nothing was compared.",
    );
  });

  it("are ranked without those that are unknown or none", () => {
    expect(largest(Float64Array.from([0, 3, Number.NaN, 5, 3]), 3)).toEqual([3, 1, 4]);
  });
});

describe("the depth of a model", () => {
  it("has an axis of whole powers of ten and marks the costliest where they are seen", async () => {
    const doc = await compared();
    const data = depthErrors(doc, await ReportDocument.decode(report()));
    expect([data.low, data.high + 0]).toEqual([-2, 0]);
    expect([...data.unmatched]).toEqual([0, 1, 0, 0]);
    expect(data.costliest).toEqual([0, 3]);
    expect(data.marked).toEqual([0, 3]);
  });

  it("marks what was folded away at the op that reads it", async () => {
    const folded = { ...WHAT_IF, units: [{ id: "b", ops: [1], noise: 0.1 }] };
    const data = depthErrors((await compared()).withWhatIf(folded), await ReportDocument.decode(report()));
    expect([data.costliest, data.marked]).toEqual([[1], [2]]);
  });

  it("has an axis also without any error", async () => {
    const none = { sqnr_db: new Float64Array(4).fill(Number.NaN), local_sqnr_db: new Float64Array(4).fill(Number.NaN) };
    const data = depthErrors(await compared({}, none), await ReportDocument.decode(report()));
    expect(data.high).toBeGreaterThan(data.low);
    expect(data.costliest).toEqual([]);
  });

  it("is drawn as bars of what is made and a line of what is seen, broken where nothing is known", () => {
    const values = Float64Array.from([4, Number.NaN, 0, 2]);
    expect(barsPath(values, PLOT)).toBe("M0 10V6H2V10ZM6 10V8H8V10Z");
    expect(stepsPath(values, PLOT, false)).toBe("M0 6H2M6 8H8");
    expect(stepsPath(values, PLOT, true)).toBe("M0 10V6H2V10ZM6 10V8H8V10Z");
  });

  it("shows the worst of each pixel where tensors outnumber pixels", () => {
    const values = Float64Array.from({ length: 800 }, (_, row) => (row === 450 ? 9 : row === 451 ? Number.NaN : 1));
    expect(stepsPath(values, PLOT, false)).toBe("M0 9H1V9H2V9H3V9H4V1H5V9H6V9H7V9H8");
  });
});

describe("groups", () => {
  it("add up the power of what is made; of what is seen, the end of a block and the worst of a category count", async () => {
    const [doc, model] = [await compared(), await ReportDocument.decode(report())];
    const [linear, activation] = groupErrors(doc, categories(doc, model), "worst");
    expect([linear?.group.name, activation?.group.name]).toEqual(["linear", "activation"]);
    expect(linear?.local).toBeCloseTo(0.1);
    expect(linear?.part).toBeCloseTo(0.01 / 0.0101);
    expect([linear?.accumulated, activation?.accumulated]).toEqual([0.1, 10 ** -0.5]);
    const whole = [
      { name: "all", path: "", rows: [0, 1, 2, 3] },
      { name: "none", path: "", rows: [1] },
    ];
    const [all, none] = groupErrors(doc, whole, "end");
    expect(all?.accumulated).toBeCloseTo(10 ** -0.5);
    expect([none?.local, none?.accumulated]).toEqual([Number.NaN, Number.NaN]);
  });

  it("are layers of one kind, all divided or none, under names that tell them apart", async () => {
    const { doc, model } = await layered(3);
    const stem = { name: "stem", path: "stem", rows: [0] };
    expect(blocks(doc, model, 8).map(({ name }) => name)).toEqual([
      "stem",
      "layer.0 › attention",
      "layer.0 › mlp",
      "layer.1 › attention",
      "layer.1 › mlp",
      "layer.2 › attention",
      "layer.2 › mlp",
    ]);
    const layers = blocks(doc, model, 6);
    expect(layers[0]).toEqual(stem);
    expect(layers.map(({ name, rows }) => [name, rows.length]).slice(1)).toEqual([
      ["layer.0", 8],
      ["layer.1", 8],
      ["layer.2", 8],
    ]);
  });

  it("are the layers of a deep model too, though there are more than a chart has room for", async () => {
    const deep = await layered(40);
    const names = ["stem", ...Array.from({ length: 40 }, (_, at) => `layer.${at}`)];
    expect(blocks(deep.doc, deep.model).map(({ name }) => name)).toEqual(names);
    expect(bands(deep.doc, deep.model).map(({ name }) => name)).toEqual(names);
    const endless = await layered(300);
    expect(blocks(endless.doc, endless.model).map(({ name }) => name)).toEqual(["stem", "layer"]);
  });

  it("are stretches of the chart, a block that is left and comes again being two", async () => {
    const { doc, model } = await layered(2, [1, ...Array(8).fill(3), 1, ...Array(8).fill(6)]);
    expect(bands(doc, model).map(({ name, start, stop }) => [name, start, stop])).toEqual([
      ["stem", 0, 1],
      ["layer.0", 1, 9],
      ["stem", 9, 10],
      ["layer.1", 10, 18],
    ]);
    expect(bands(await compared(), await ReportDocument.decode(report({ names: ["a"] })))).toEqual([]);
  });

  it("bear scopes that are their own parents", async () => {
    const { doc, model } = await layered(1, Array(9).fill(2), [3, 3, 4, 2, 4]);
    expect(blocks(doc, model).reduce((sum, { rows }) => sum + rows.length, 0)).toBe(9);
  });
});

/** Layers `layer › 0`, … of two parts with four ops each, after a stem of one op. */
async function layered(
  layers: number,
  scopes = [
    1,
    ...Array.from({ length: layers }, (_, at) => [...Array(4).fill(4 + 3 * at), ...Array(4).fill(5 + 3 * at)]).flat(),
  ],
  parents = [-1, 0, 0, ...Array.from({ length: layers }, (_, at) => [2, 3 + 3 * at, 3 + 3 * at]).flat()],
): Promise<{ doc: DivergenceDocument; model: ReportDocument }> {
  const names = [
    "",
    "stem",
    "layer",
    ...Array.from({ length: layers }, (_, at) => [String(at), "attention", "mlp"]).flat(),
  ];
  const rows = Int32Array.from(scopes, (_, row) => row);
  const model = await ReportDocument.decode(
    encode(
      {},
      {
        ops: { name: scopes.map((_, row) => `op${row}`), scope: Int32Array.from(scopes) },
        scopes: { name: parents.map((_, scope) => names[scope] ?? ""), parent: Int32Array.from(parents) },
      },
    ),
  );
  const tensors = { tensor: rows, op: rows };
  const doc = await DivergenceDocument.decode(encode({ kind: "divergence" }, { divergence: tensors }));
  return { doc, model };
}
