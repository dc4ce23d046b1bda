import { describe, expect, it } from "vitest";
import type { Suggestion } from "../../../js/src/data/suggestion.js";
import { readWhatIf, type WhatIf } from "../../../js/src/data/what-if.js";
import { builtFrom, parseBuilds, withBuild } from "../../../js/src/divergence/whatif/builds.js";
import { candidates } from "../../../js/src/divergence/whatif/candidates.js";
import {
  choiceOf,
  EMPTY,
  follows,
  isEmpty,
  parsePlan,
  planText,
  samePlan,
  withChoice,
  withSuggestion,
} from "../../../js/src/divergence/whatif/plan.js";
import { Predictor } from "../../../js/src/divergence/whatif/predict.js";
import { compared, WHAT_IF } from "./compared-fixture.js";

const KEEP_A = { keep_float: [0], int16: [], changes: [] };

function whatIf(changed: object = {}): WhatIf {
  return readWhatIf({ ...WHAT_IF, ...changed })!;
}

describe("a plan", () => {
  it("has each op in at most one of its lists", () => {
    const float = withChoice(withChoice(EMPTY, [3, 1], "float"), [2], "int16");
    expect(float).toEqual({ keep_float: [1, 3], int16: [2], changes: [] });
    expect([1, 2, 5].map((op) => choiceOf(float, op))).toEqual(["float", "int16", "int8"]);
    expect(withChoice(float, [3], "int16")).toEqual({ keep_float: [1], int16: [2, 3], changes: [] });
    expect(withChoice(float, [1, 2, 3], "int8")).toEqual(EMPTY);
    expect([isEmpty(EMPTY), isEmpty(float)]).toEqual([true, false]);
    expect(samePlan(float, { keep_float: [3, 1, 1], int16: [2], changes: [] })).toBe(true);
  });

  it("takes in what is suggested, and gives it back", () => {
    const own = withChoice(EMPTY, [5], "float");
    const suggestion = { keep_float: [1, 2], int16: [5, 6], changes: ["clip-mask"] } as unknown as Suggestion;
    const taken = withSuggestion(own, suggestion, true);
    expect(taken).toEqual({ keep_float: [1, 2, 5], int16: [6], changes: ["clip-mask"] });
    expect([follows(own, suggestion), follows(taken, suggestion)]).toEqual([false, true]);
    expect(withSuggestion(taken, suggestion, false)).toEqual(EMPTY);
    expect(planText(taken)).toBe("3 ops float, 1 op INT16, clip-mask");
  });

  it("from anywhere is made one of the model's rows", () => {
    const given = { keep_float: [2, 2, 9, -1, 0.5], int16: [2, 1], changes: ["b", "a", "b", 7, ""] as string[] };
    expect(parsePlan(given, 4)).toEqual({ keep_float: [2], int16: [1], changes: ["a", "b"] });
    expect(parsePlan({ keep_float: [1] }, 4)).toEqual({ keep_float: [1], int16: [], changes: [] });
    expect(parsePlan(null, 4)).toEqual(EMPTY);
    expect(parsePlan({ keep_float: "all" } as never, 4)).toEqual(EMPTY);
  });
});

describe("a prediction", () => {
  it("of nothing kept is what was measured", () => {
    const predictor = new Predictor(whatIf());
    const { sqnr_db, cosine, size, latency_us } = predictor.predict(EMPTY);
    expect(sqnr_db).toBeCloseTo(20);
    expect(cosine).toBeCloseTo(0.995);
    expect([size, latency_us]).toEqual([1000, 100]);
    // What the variant itself gave counts more than what the parts were measured with.
    const own = { sqnr_db: 22, cosine: 0.997, size: 1010, latency_us: 90 };
    const again = new Predictor(whatIf(), own).predict(EMPTY);
    expect(again.sqnr_db).toBeCloseTo(22);
    expect(again.cosine).toBeCloseTo(0.997);
    expect([again.size, again.latency_us]).toEqual([1010, 90]);
  });

  it("adds up what stays quantized; shared quantizers go once all their ops do", () => {
    const predictor = new Predictor(whatIf());
    const one = predictor.predict(KEEP_A);
    expect(one.sqnr_db).toBeCloseTo(-10 * Math.log10(0.004));
    expect([one.size, one.latency_us]).toEqual([1600, 140]);
    const both = predictor.predict({ keep_float: [0, 3], int16: [], changes: [] });
    expect(both.sqnr_db).toBeCloseTo(-10 * Math.log10(0.003));
    expect(predictor.predict({ keep_float: [0, 2, 3], int16: [], changes: [] })).toMatchObject({
      sqnr_db: Number.POSITIVE_INFINITY,
      cosine: 1,
      size: 1900,
    });
  });

  it("takes 16 bits for what they cost, and no time that nobody measured", () => {
    const predictor = new Predictor(whatIf());
    const wide = predictor.predict({ keep_float: [], int16: [0], changes: [] });
    expect(wide.sqnr_db).toBeCloseTo(-10 * Math.log10(0.001 + 0.003 + 0.001));
    expect([wide.size, wide.latency_us]).toEqual([1000, 155]);
    expect(predictor.predict({ keep_float: [0], int16: [2], changes: [] }).latency_us).toBeNull();
    // Nobody measured what the shared quantizer costs at 16 bits: not less than at 8 is sure.
    const shared = predictor.predict({ keep_float: [0], int16: [3], changes: [] });
    expect(shared.sqnr_db).toBeCloseTo(-10 * Math.log10(0.003 + 0.001));
  });

  it("is scaled where the parts add up to less than the whole", () => {
    const predictor = new Predictor(whatIf({ base: { sqnr_db: 10, cosine: 0.9 } }));
    expect(predictor.predict(EMPTY).sqnr_db).toBeCloseTo(10);
    expect(predictor.predict(KEEP_A).sqnr_db).toBeCloseTo(-10 * Math.log10(0.04));
  });

  it("never promises too much where errors hide one another", () => {
    const units = Array.from({ length: 50 }, (_, op) => ({ id: String(op), ops: [op], noise: op === 49 ? 0.9 : 1 }));
    const predictor = new Predictor(whatIf({ units, base: { sqnr_db: -10 * Math.log10(1.4), cosine: 0.29 } }));
    const ops = units.map((_, op) => op);
    const curve = [...predictor.curve(ops)];
    expect(curve[0]).toBeCloseTo(-10 * Math.log10(1.4));
    for (const [count, value] of curve.entries())
      if (count > 0) expect(value).toBeGreaterThanOrEqual(curve[count - 1]! - 1e-9);
    const left = predictor.predict({ keep_float: ops.slice(0, 49), int16: [], changes: [] });
    expect(left.sqnr_db).toBeLessThan(2);
    expect(predictor.predict(EMPTY).cosine).toBeCloseTo(0.29);
  });

  it("says nothing of what a repair brings", () => {
    const { sqnr_db, cosine, size, latency_us } = new Predictor(whatIf()).predict({
      ...KEEP_A,
      changes: ["clip-mask"],
    });
    expect([sqnr_db, cosine, size, latency_us]).toEqual([null, null, null, null]);
  });

  it("says nothing where it rests on what is unknown", () => {
    const unknown = whatIf({ units: [{ id: "a", ops: [0], noise: null }], size: {}, latency: null });
    expect(new Predictor(unknown).predict(EMPTY)).toEqual({
      sqnr_db: null,
      cosine: null,
      size: null,
      latency_us: null,
    });
  });
});

describe("ops to choose from", () => {
  it("are those that make an error, before anything was measured", async () => {
    const found = candidates(await compared());
    expect(found.map(({ op }) => op)).toEqual([0, 3]);
  });

  it("are those whose quantizers cost or save something, costliest first", async () => {
    const found = candidates((await compared()).withWhatIf(WHAT_IF));
    expect(found.map(({ op, bytes, bytesFloat }) => [op, bytes, bytesFloat])).toEqual([
      [0, 200, 800],
      [2, 100, 400],
      [3, null, null],
    ]);
  });
});

describe("what was built", () => {
  const content = {
    size: 1600,
    cosine: 0.998,
    sqnr_db: 24,
    latency: { p50_us: 140 },
    float_latency: { p50_us: 200 },
    calibrated_on: 4,
    path: "/m.onnx",
  };

  it("keeps what was asked, predicted and measured, the newest first", () => {
    const build = builtFrom(content, KEEP_A, null);
    expect(build).toMatchObject({
      plan: KEEP_A,
      measured: { size: 1600, latency_us: 140 },
      float_us: 200,
      path: "/m.onnx",
    });
    const other = builtFrom({ ...content, path: "/n.onnx" }, EMPTY, null);
    expect(
      withBuild(withBuild([build], other), { ...build, float_us: 1 }).map(({ path, float_us }) => [path, float_us]),
    ).toEqual([
      ["/m.onnx", 1],
      ["/n.onnx", 200],
    ]);
  });

  it("comes back from a notebook as it was, and from anywhere as nothing bad", () => {
    const build = builtFrom(content, KEEP_A, { sqnr_db: 23, cosine: 0.9975, size: 1600, latency_us: null });
    expect(parseBuilds(JSON.parse(JSON.stringify([build])), 4)).toEqual([build]);
    expect(parseBuilds({ path: "/m" }, 4)).toEqual([]);
    expect(parseBuilds([7, { plan: "x", measured: { size: "big" } }], 4)).toEqual([
      {
        plan: EMPTY,
        predicted: null,
        measured: { sqnr_db: null, cosine: null, size: null, latency_us: null },
        float_us: null,
        calibrated_on: null,
        path: "",
      },
    ]);
  });
});
