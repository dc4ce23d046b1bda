import { beforeEach, describe, expect, it } from "vitest";
import { ReportDocument, StaticHost } from "../../../js/src/data/index.js";
import { GraphModel } from "../../../js/src/graph/model/graph-model.js";
import { translated } from "../../../js/src/graph/pair/counterparts.js";
import { report } from "./fixture.js";
import { byId, column, drawn, tall } from "./helpers.js";

beforeEach(() => {
  document.body.replaceChildren();
});

const COLUMNS = [
  { name: "measured_us", type: "f64", values: [4, 3, 2, 1], unit: "us", provenance: "measured", aggregate: "sum" },
  { name: "source_ops", type: "str", values: ["Conv_0 + Relu_1", "", "Conv_2", ""] },
] as const;
const ENGINE = {
  version: "8.5.1",
  device: { name: "A100", memory_bytes: 2 ** 36 },
  layers: 4,
  fusions: 1,
  reformats: null,
  precision: { FP16: 1, FP32: 3 },
  bindings: [{ name: "x" }],
  profile: { total_ms: 0.01, count: 20 },
};

function engine(facts: unknown = { engine: ENGINE }, tab = "graph"): StaticHost {
  const model = { name: "e", format: "tensorrt", holds: "layers", producer: "TensorRT", metadata: {} };
  const document = report({ columns: COLUMNS, header: { model, facts, hardware: null } });
  return new StaticHost({ document, tab });
}

describe("an engine", () => {
  it("tells what was measured and what it is made of, the most frequent precision first", async () => {
    const { root } = await drawn(engine());
    expect(byId("haoline-stat-engine_time", root).textContent).toContain("10 µs");
    expect(byId("haoline-stat-engine_time", root).textContent).toContain("mean of 20 runs");
    const facts = [...byId("haoline-engine", root).querySelectorAll("dl > div")].map((fact) => fact.textContent);
    expect(facts).toEqual(["Fusions1 layers made of several ops", "Precision of layersFP32 3 · FP16 1", "Bindings1"]);
  });

  it("has no time without a profile, never zero", async () => {
    const { root } = await drawn(engine({ engine: { ...ENGINE, profile: null } }));
    expect(byId("haoline-stat-engine_time", root).textContent).toContain("n/a");
    expect(byId("haoline-stat-engine_time", root).textContent).toContain("no profile given");
  });

  it("is coloured by precision and sized by measured time", async () => {
    const { host } = await drawn(engine());
    expect([host.get("color"), host.get("size")]).toEqual(["precision", "measured_us"]);
  });

  it("belongs to the device that it was built for: there is none to choose", async () => {
    const { root } = await drawn(engine({ engine: ENGINE }, "hardware"));
    expect(byId("haoline-hardware", root).textContent).toContain("A100");
    expect(byId("haoline-hardware", root).textContent).toContain("64 GiB");
    expect(byId("haoline-hardware-chip", root).closest<HTMLElement>(".hl-hardware-box")?.hidden).toBe(true);
  });

  it("lists its layers with their times and sources", async () => {
    const { root } = await drawn(engine({ engine: ENGINE }, "layers"));
    const grid = byId("haoline-table", root);
    tall(grid, 400);
    grid.dispatchEvent(new Event("scroll"));
    expect(column(root, "measured_us")).toEqual(["4 µs", "3 µs", "2 µs", "1 µs"]);
    expect(column(root, "source_ops")[0]).toBe("Conv_0 + Relu_1");
  });
});

it("a model coloured by the times of its engine has the engine beside it coloured by the same", async () => {
  const timed = { ...COLUMNS[0], name: "engine_us" };
  const source = new GraphModel(await ReportDocument.decode(report({ columns: [timed] })));
  const built = new GraphModel(await ReportDocument.decode(report({ columns: COLUMNS })));
  const rows = Int32Array.of(0, 1, 2, 3);
  expect(translated({ color: "engine_us", size: "macs" }, source, built, rows)).toMatchObject({
    color: "measured_us",
    size: "macs",
  });
  expect(translated({ color: "measured_us" }, built, source, rows)).toMatchObject({ color: "engine_us" });
});

it("a graph with the times of its engine shows them first", async () => {
  const timed = { ...COLUMNS[0], name: "engine_us" };
  const { host } = await drawn(new StaticHost({ document: report({ columns: [timed] }), tab: "graph" }));
  expect(host.get("color")).toBe("engine_us");
});
