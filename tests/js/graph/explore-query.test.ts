import { describe, expect, it } from "vitest";
import type { ReportDocument } from "../../../js/src/data/index";
import { parseAmount } from "../../../js/src/graph/explore/numbers";
import { parseQuery, quoted } from "../../../js/src/graph/explore/query";
import { quickFilters } from "../../../js/src/graph/explore/quick";
import { searchOps } from "../../../js/src/graph/explore/search";
import { GraphModel } from "../../../js/src/graph/model/graph-model";
import { encode } from "../data/encode";
import { chain, type Net, transformer } from "./models";

type Columns = Parameters<typeof encode>[1]["ops"];

/** The report with other columns of its op table, and other header keys. */
const withColumns = (doc: ReportDocument, ops: Columns, header = {}): Promise<ReportDocument> =>
  doc.withOverlay(encode({ kind: "overlay", id: doc.id, ...header }, { ops }));

const modelOf = async (net: Net): Promise<GraphModel> => new GraphModel(await net.document());

const typesOf = (model: GraphModel, query: string): string[] =>
  (searchOps(model, query).ops ?? []).map((op) => model.labels.opType(op));

describe("a query", () => {
  it("is read term by term", () => {
    const [word, no, range, phrase] = parseQuery('Conv -type:Add macs:1e6..1e9 name:"two words"');
    expect(word).toEqual({ negated: false, field: "", operator: ":", value: "Conv", source: "Conv" });
    expect(no).toMatchObject({ negated: true, field: "type", value: "Add" });
    expect(range).toMatchObject({ field: "macs", operator: ":", value: "1e6..1e9" });
    expect(phrase).toMatchObject({ field: "name", value: "two words" });
  });

  it("takes blanks around a comparison, and a sign after a colon", () => {
    expect(parseQuery("macs > 1e9 flops:>=5")).toMatchObject([
      { field: "macs", operator: ">", value: "1e9" },
      { field: "flops", operator: ">=", value: "5" },
    ]);
  });

  it("has a reading however odd it is", () => {
    for (const text of ['"', ":", "-", "- -", "::a", ">", "a:", '"a b', "!x", "=".repeat(50), "\u0000\n", "x:y:z"]) {
      expect(() => parseQuery(text)).not.toThrow();
    }
    expect(parseQuery('"two words')).toMatchObject([{ field: "", value: "two words" }]);
    expect(parseQuery("a ".repeat(10_000)).length).toBeLessThan(100);
  });

  it("reads what it wrote", () => {
    for (const word of ["Conv", "my column", "a:b", "-x", "a>b"]) {
      expect(parseQuery(quoted(word))).toMatchObject([{ negated: false, field: "", value: word }]);
    }
  });
});

describe("an amount", () => {
  it("may have a prefix, bytes, a unit of time or per cent", () => {
    expect(parseAmount("2.5M", "")).toBe(2.5e6);
    expect(parseAmount("1e3k", "MAC")).toBe(1e6);
    expect(parseAmount("64KiB", "B")).toBe(65536);
    expect(parseAmount("2GB", "B")).toBe(2e9);
    expect(parseAmount("3ms", "us")).toBe(3000);
    expect(parseAmount("40%", "")).toBe(0.4);
    for (const odd of ["", "much", "1.2.3", "5ms"]) expect(parseAmount(odd, "B")).toBeNaN();
  });
});

describe("a search", () => {
  it("ranks a type before names, and finds weights by the op that reads them", async () => {
    const model = await modelOf(transformer(2));
    expect(typesOf(model, "softmax")).toEqual(["Softmax", "Softmax"]);
    expect(searchOps(model, "LAYERS.1/ATTN").ops!.length).toBeGreaterThan(5);
    expect(typesOf(model, "initializer_4")).toContain("Gather");
    expect(searchOps(model, "  ").ops).toBeNull();
    expect(searchOps(model, "nothinglikeit").ops).toEqual([]);
  });

  it("restricts by field, joins terms and leaves out", async () => {
    const model = await modelOf(transformer(3));
    expect(new Set(typesOf(model, "type:mul"))).toEqual(new Set(["Mul", "MatMul"]));
    expect(new Set(typesOf(model, "type=mul"))).toEqual(new Set(["Mul"]));
    expect(new Set(typesOf(model, "type:mul -type:mat"))).toEqual(new Set(["Mul"]));
    expect(new Set(typesOf(model, "type:mul type!=MatMul"))).toEqual(new Set(["Mul"]));
    const one = searchOps(model, "scope:layers.1/attn").ops!;
    expect(one.length).toBeGreaterThan(5);
    expect(searchOps(model, "scope:layers.1/attn type:softmax").ops).toHaveLength(1);
  });

  it("compares numbers, and passes over what is unknown", async () => {
    const model = await modelOf(transformer(2));
    const { rows } = model.doc.ops;
    expect(searchOps(model, "macs>10").ops).toEqual(Array.from({ length: rows - 10 }, (_, i) => i + 10));
    expect(searchOps(model, "macs:3..5").ops).toEqual([2, 3, 4]);
    expect(searchOps(model, "macs:..2").ops).toEqual([0, 1]);
    expect(searchOps(model, "latency>=0").ops).not.toContain(0);
  });

  it("finds by attribute, in any column of words, and by columns that a user has added", async () => {
    const model = await modelOf(chain(4));
    const attributes = ["group = 1", "", "dilations = [2, 2]", ""];
    model.setColumns(await withColumns(model.doc, { attributes, "my note": ["good", "bad one", "good", "good"] }));
    expect(searchOps(model, "attr:dilations").ops).toEqual([2]);
    expect(searchOps(model, "dilations").ops).toEqual([2]);
    expect(searchOps(model, '"my note":"bad one"').ops).toEqual([1]);
  });

  it("knows bottlenecks by time where there is an estimate, worst first, else by FLOPs", async () => {
    const model = await modelOf(chain(5));
    expect(searchOps(model, "is:bottleneck").ops).toEqual([]);
    model.setColumns(await withColumns(model.doc, { flops: Float64Array.of(1, 1, 97, 1, 0) }));
    expect(searchOps(model, "is:bottleneck").ops).toEqual([2]);
    expect(quickFilters(model)[0]).toMatchObject({ label: "Bottlenecks", count: 1 });
    expect(quickFilters(model)[0]!.title).toContain("FLOPs");
    model.setColumns(await withColumns(model.doc, { estimated_us: Float64Array.of(30, Number.NaN, 5, 60, 5) }));
    expect(searchOps(model, "is:bottleneck").ops).toEqual([3, 0]);
    expect(quickFilters(model)[0]!.title).toContain("time");
  });

  it("asks for findings and for low precision, and offers what applies", async () => {
    const findings = [{ id: "x", severity: "info", title: "", ops: [1, 99], evidence: "", advice: "" }];
    const model = await modelOf(chain(4));
    expect(quickFilters(model)).toEqual([]);
    model.setColumns(
      await withColumns(
        model.doc,
        { precision: ["fp32", "int8", "fp16", "fp32"], weight_precision: ["int8", "int8", "fp16", "fp32"] },
        { findings },
      ),
    );
    expect(searchOps(model, "has:finding").ops).toEqual([1]);
    expect(searchOps(model, "is:quantized").ops).toEqual([0, 1]);
    expect(quickFilters(model).map(({ label, count }) => [label, count])).toEqual([
      ["INT8", 2],
      ["With findings", 1],
    ]);
  });

  it("says what it cannot read and answers the rest", async () => {
    const model = await modelOf(transformer(1));
    for (const query of ["nosuch>5", "nosuch:thing", "macs>much", "is:nice", "has:wings", "type>3", "type:"]) {
      const { ops, problem } = searchOps(model, `softmax ${query}`);
      expect(problem, query).not.toBe("");
      expect(ops, query).toHaveLength(1);
      expect(searchOps(model, query).ops, query).toBeNull();
    }
  });

  it("finds a tensor whose name holds a colon", async () => {
    const model = await modelOf(chain(2));
    const names = ["dense/Conv:0", "Relu"];
    model.setColumns(await withColumns(model.doc, { name: names }));
    expect(searchOps(model, "dense/Conv:0")).toEqual({ ops: [0], problem: "" });
  });
});
