import { describe, expect, it } from "vitest";
import {
  BROKEN,
  DEAD,
  depthData,
  extreme,
  SATURATED,
  tiniestEnd,
} from "../../../js/src/activations/panels/depth-data.js";
import { ReportDocument } from "../../../js/src/data/index.js";
import { report } from "../views/fixture.js";
import { captured } from "./panel-fixture.js";

describe("the model over its depth", () => {
  it("has a place for each captured tensor in execution order, with what is wrong with it", async () => {
    const saturation = Float64Array.from([0, 0, 0.4, Number.NaN]);
    const data = depthData(await captured({}, { saturation }), await ReportDocument.decode(report()));
    expect([...data.rows]).toEqual([0, 1, 2, 3]);
    expect([...data.flags]).toEqual([0, DEAD, SATURATED, BROKEN]);
    expect([...data.low]).toEqual([-1.9, 0, 1, Number.NaN]);
    expect([...data.sparsity]).toEqual([0, 0.5, 0, 0]);
  });

  it("falls back to min and max where no quantiles are known", async () => {
    const unknown = Float64Array.from([1, 1, 1, 1]).fill(Number.NaN);
    const doc = await captured({}, { q001: unknown, q999: unknown });
    const data = depthData(doc, await ReportDocument.decode(report()));
    expect([data.low[0], data.high[0]]).toEqual([-2, 4]);
  });

  it("bends its axis where nearly all ranges end, not where one vanishes", () => {
    const ends = { low: Float64Array.from({ length: 40 }, () => -1), high: Float64Array.from({ length: 40 }, () => 2) };
    ends.high[3] = 1e-30;
    expect(tiniestEnd(ends as never)).toBe(1);
  });

  it("takes the extreme of what is known", () => {
    const values = Float64Array.from([Number.NaN, 3, 1, Number.NaN]);
    expect(extreme(values, 0, 4, Math.min)).toBe(1);
    expect(extreme(values, 0, 1, Math.max)).toBeNaN();
  });
});
