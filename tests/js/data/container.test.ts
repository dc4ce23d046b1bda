import { describe, expect, it } from "vitest";
import {
  ContainerError,
  decodeContainer,
  NumericColumn,
  ReportDocument,
  StringColumn,
} from "../../../js/src/data/index";
import { assemble, encode, gzip } from "./encode";

const TABLES = {
  ops: {
    name: ["a", null, "é→", "a"],
    macs: {
      values: Float64Array.of(1, Number.NaN, 3, 4),
      label: "MACs",
      unit: "MAC",
      aggregate: "sum",
      provenance: "counted",
    },
    scope: Int32Array.of(0, -1, 2, 3),
    flag: Uint8Array.of(0, 1, 255, 3),
  },
};

describe("a container", () => {
  it("gives back every column type with its nulls", async () => {
    const doc = await ReportDocument.decode(encode({ model: { name: "m" } }, TABLES));
    const name = doc.column("name");
    const macs = doc.column("macs");
    expect(name).toBeInstanceOf(StringColumn);
    expect([0, 1, 2, 3].map((row) => name?.at(row))).toEqual(["a", null, "é→", "a"]);
    expect(macs).toBeInstanceOf(NumericColumn);
    expect([0, 1, 2, 3].map((row) => macs?.at(row))).toEqual([1, null, 3, 4]);
    expect(macs?.info).toMatchObject({ label: "MACs", unit: "MAC", aggregate: "sum", type: "f64" });
    expect([...doc.ops.indices("scope")]).toEqual([0, -1, 2, 3]);
    expect(doc.ops.numeric("flag")?.at(2)).toBe(255);
    expect(doc.column("scope")?.at(1)).toBeNull();
    expect(doc.column("name")?.at(99)).toBeNull();
  });

  it("reads the same through gzip and from an unaligned view", async () => {
    const bytes = encode({}, TABLES);
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    const unaligned = new DataView(shifted.buffer, 3, bytes.length);
    for (const given of [await gzip(bytes), unaligned]) {
      const doc = await ReportDocument.decode(given);
      expect(doc.ops.numeric("macs")?.at(3)).toBe(4);
    }
  });

  it("labels a column by its name where it has no label, and fills in absent header keys", async () => {
    const doc = await ReportDocument.decode(encode({}, TABLES));
    expect(doc.column("name")?.info.label).toBe("name");
    expect(doc.header.findings).toEqual([]);
    expect(doc.model.inputs).toEqual([]);
    expect(doc.total("macs")).toBeNull();
    expect(doc.table("nothing").rows).toBe(0);
  });

  it.each([
    ["no magic", new TextEncoder().encode("PK\x03\x04 and more"), /magic/],
    ["nothing at all", new Uint8Array(0), /magic/],
    ["a header beyond the end", Uint8Array.of(0x48, 0x4c, 0x52, 0x31, 255, 255, 255, 127), /header ends/],
    ["a header that is no JSON", assemble("{", [], 0), /valid JSON/],
    ["a header that is a list", assemble([1], [], 0), /not an object/],
    ["another schema", assemble({ schema: 2 }, [], 0), /schema 2/],
    ["a cut gzip stream", Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1), /gzip/],
  ])("refuses %s", async (_what, bytes, message) => {
    const attempt = decodeContainer(bytes);
    await expect(attempt).rejects.toThrow(ContainerError);
    await expect(decodeContainer(bytes)).rejects.toThrow(message);
  });

  const column = (change: object): unknown => ({
    schema: 1,
    kind: "report",
    tables: { ops: { rows: 2, columns: [{ name: "x", type: "f64", offset: 0, length: 16, ...change }] } },
  });

  it.each([
    ["past the end", { offset: 8 }, /outside/],
    ["with a negative offset", { offset: -8 }, /outside/],
    ["of an absurd length", { length: 2 ** 53 }, /outside/],
    ["with too few bytes for its rows", { length: 8 }, /8 bytes for 2 rows/],
    ["off its alignment", { offset: 4, length: 16, type: "f64" }, /outside|aligned/],
    ["of an unknown type", { type: "constructor" }, /unknown type/],
    ["without a name", { name: 3 }, /nameless/],
    ["of strings without a dictionary", { type: "str", length: 8 }, /no dictionary/],
  ])("refuses a column %s", async (_what, change, message) => {
    const bytes = assemble(column(change), [new Uint8Array(16)], 16);
    await expect(ReportDocument.decode(bytes)).rejects.toThrow(message);
  });

  it("refuses an unaligned column inside the body", async () => {
    const bytes = assemble(column({ offset: 4 }), [new Uint8Array(24)], 24);
    await expect(ReportDocument.decode(bytes)).rejects.toThrow(/aligned/);
  });

  it("names a broken dictionary when it is read, not before", async () => {
    const doc = await ReportDocument.decode(
      assemble(column({ type: "str", length: 8, dictionary: { offset: 8, length: 8 } }), [new Uint8Array(16)], 16),
    );
    expect(() => doc.column("x")?.at(0)).toThrow(/dictionary/);
  });
});

describe("an overlay", () => {
  const overlay = (id: string, rows: Float64Array) =>
    encode({ kind: "overlay", id, hardware: { profile: { id: "h" } } }, { ops: { estimated_us: rows, macs: rows } });

  it("adds and replaces columns and header keys, and leaves the report as it was", async () => {
    const doc = await ReportDocument.decode(encode({ generator: "g" }, TABLES));
    const merged = await doc.withOverlay(overlay("r1", Float64Array.of(9, 8, 7, 6)));
    expect(merged.ops.numeric("estimated_us")?.at(1)).toBe(8);
    expect(merged.ops.numeric("macs")?.at(0)).toBe(9);
    expect(merged.hardware?.profile.id).toBe("h");
    expect(merged.header).toMatchObject({ kind: "report", generator: "g", id: "r1" });
    expect(doc.ops.numeric("macs")?.at(0)).toBe(1);
    expect(doc.column("estimated_us")).toBeUndefined();
  });

  it("must belong to the report and have its rows", async () => {
    const doc = await ReportDocument.decode(encode({}, TABLES));
    await expect(doc.withOverlay(overlay("other", new Float64Array(4)))).rejects.toThrow(/another report/);
    await expect(doc.withOverlay(overlay("r1", new Float64Array(5)))).rejects.toThrow(/5 rows/);
    await expect(doc.withOverlay(encode({}, TABLES))).rejects.toThrow(/kind overlay/);
  });
});
