import { describe, expect, it } from "vitest";
import { ReportDocument } from "../../../js/src/data/index";
import { layoutGrid } from "../../../js/src/graph/layout/grid";
import { layoutLayered } from "../../../js/src/graph/layout/layered";
import type { LayoutInput } from "../../../js/src/graph/layout/types";
import { GraphModel } from "../../../js/src/graph/model/graph-model";
import { ROOT, RUN } from "../../../js/src/graph/model/tree";
import { weights } from "../views/weights-fixture";

function boxes(sizes: readonly (readonly [number, number])[]): LayoutInput {
  return {
    n: sizes.length,
    inPorts: 0,
    outPorts: 0,
    width: Float64Array.from(sizes, ([w]) => w),
    height: Float64Array.from(sizes, ([, h]) => h),
    edges: 0,
    from: new Int32Array(),
    to: new Int32Array(),
    fromDx: new Float64Array(),
    toDx: new Float64Array(),
  };
}

describe("boxes that nothing connects", () => {
  const many = boxes(Array.from({ length: 97 }, (_, i) => [100 + (i % 7) * 20, 40 + (i % 3) * 15] as const));

  it("are packed in rows about as wide as high, not in one line", () => {
    const { width, height } = layoutLayered(many);
    expect(width / height).toBeGreaterThan(0.9);
    expect(width / height).toBeLessThan(2.2);
  });

  it("keep their order, row by row, and never overlap", () => {
    const { x, y, rank } = layoutGrid(many);
    for (let i = 1; i < many.n; i += 1) {
      if (rank[i] === rank[i - 1]) expect(x[i]!).toBeGreaterThanOrEqual(x[i - 1]! + many.width[i - 1]!);
      else expect(rank[i]!).toBe(rank[i - 1]! + 1);
    }
    for (let i = 0; i < many.n; i += 1) {
      for (let k = 0; k < many.n; k += 1) {
        if (rank[k] === rank[i]! + 1) expect(y[k]!).toBeGreaterThan(y[i]! + many.height[i]!);
      }
    }
  });

  it("fill what the layout claims", () => {
    const { x, y, width, height } = layoutGrid(many);
    const right = Math.max(...Array.from(x, (left, i) => left + many.width[i]!));
    const bottom = Math.max(...Array.from(y, (top, i) => top + many.height[i]!));
    expect(right).toBeCloseTo(width);
    expect(bottom).toBeLessThanOrEqual(height + 1e-9);
  });
});

describe("a checkpoint as a graph", () => {
  async function graph(): Promise<GraphModel> {
    return new GraphModel(await ReportDocument.decode(weights()));
  }

  it("shows every weight though all are constant", async () => {
    const model = await graph();
    expect(model.hiddenOps).toBe(0);
    expect([0, 1, 2, 3, 4].map((op) => model.itemOfOp(op) >= 0)).toEqual([true, true, true, true, true]);
  });

  it("folds equal layers that nothing links", async () => {
    const { tree } = await graph();
    const runs = tree.children[ROOT]!.filter((item) => tree.kind[item] === RUN);
    expect(runs.map((run) => tree.children[run]!.length)).toEqual([2]);
  });

  it("calls a weight by what its scope does not say, and tells shape and packing", async () => {
    const model = await graph();
    const item = model.itemOfOp(1);
    expect(model.labels.title(item)).toBe("q_proj");
    expect(model.labels.subtitle(item)).toBe("32×32 · GPTQ int4");
  });
});
