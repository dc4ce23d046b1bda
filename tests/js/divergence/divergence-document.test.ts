import { describe, expect, it } from "vitest";
import { DivergenceDocument } from "../../../js/src/data/index.js";
import { readWhatIf } from "../../../js/src/data/what-if.js";
import { capture } from "../activations/panel-fixture.js";
import { encode } from "../data/encode.js";
import { compared, comparison, WHAT_IF } from "./compared-fixture.js";

describe("a comparison", () => {
  it("tells local from accumulated error, no error from an unknown one", async () => {
    const doc = await compared();
    expect([0, 1, 2, 3].map((row) => doc.sqnr(row, "accumulated"))).toEqual([20, null, Number.POSITIVE_INFINITY, 10]);
    expect([0, 1, 2, 3].map((row) => doc.sqnr(row, "local"))).toEqual([20, null, Number.POSITIVE_INFINITY, 40]);
    expect(doc.noise(0, "accumulated")).toBeCloseTo(0.01);
    expect([doc.noise(1, "local"), doc.noise(2, "local")]).toEqual([null, 0]);
  });

  it("finds rows by tensors and ops of both sides", async () => {
    const doc = await compared();
    expect([doc.rowOfTensor(3), doc.rowOfTensor(9)]).toEqual([2, -1]);
    expect([...doc.rowsOfOp(3)]).toEqual([3]);
    expect([...doc.rowsOfOp(-1)]).toEqual([]);
    expect([...doc.rowsOfVariantOp(6)]).toEqual([2, 3]);
    expect([...doc.rowsOfVariantOp(-1)]).toEqual([]);
    expect([doc.matched(0), doc.matched(1), doc.text(1, "why")]).toEqual([
      true,
      false,
      "folded into the quantizer of a",
    ]);
  });

  it("has the grid, channels and both histograms of a tensor", async () => {
    const doc = await compared();
    expect(doc.grid(0)).toEqual({ scale: 0.5, zeroPoint: 3, low: -1.5, high: 126, bits: 8 });
    expect(doc.grid(1).scale).toBeNull();
    expect([...(doc.channelValues(0, "sqnr_db") ?? [])]).toEqual([12, 30]);
    expect(doc.channelValues(1, "sqnr_db")).toBeNull();
    const histogram = doc.histogram(0);
    expect([...(histogram?.float ?? [])]).toEqual([5, 3]);
    expect([...(histogram?.variant ?? [])]).toEqual([6, 2]);
    expect([...(doc.histogram(3)?.low ?? [])]).toEqual([2]);
    expect(doc.histogram(1)).toBeNull();
    expect([doc.dims(3), doc.shape(3), doc.shape(0)]).toEqual([[1, null], [], [1, 2, 2, 2]]);
  });

  it("gets the costs of ops later, and is otherwise the same", async () => {
    const doc = await compared();
    expect(doc.header.what_if).toBeNull();
    const later = doc.withWhatIf(WHAT_IF);
    expect(later.header.what_if?.units.map(({ id }) => id)).toEqual(["a", "c", "a+d", "b (time)"]);
    expect([later.id, later.tensors.rows]).toEqual([doc.id, 4]);
  });

  it("bears a header of any writer", async () => {
    const bytes = encode({ kind: "divergence", outputs: [{ cosine: "near" }, 5], latency: 3, samples: "x" }, {});
    const { header, tensors } = await DivergenceDocument.decode(bytes);
    expect(header.outputs.map(({ name, cosine, samples }) => [name, cosine, samples.cosine])).toEqual([
      ["", null, []],
      ["", null, []],
    ]);
    expect([header.latency, header.samples, header.sizes.float, tensors.rows]).toEqual([null, [], null, 0]);
    await expect(DivergenceDocument.decode(capture())).rejects.toThrow("kind divergence, got activations");
    await expect(DivergenceDocument.decode(new DataView(comparison().buffer, 0, 40))).rejects.toThrow();
  });

  it("reads no costs from what is none", () => {
    expect(readWhatIf(null)).toBeNull();
    expect(readWhatIf({ units: 3 })).toBeNull();
    const read = readWhatIf({ units: [{ ops: [1, -2, "x"], noise: "much" }, 7] });
    expect(read?.units).toMatchObject([{ ops: [1], noise: null, id: "" }]);
    expect(read?.base).toEqual({ sqnr_db: null, cosine: null });
  });
});
