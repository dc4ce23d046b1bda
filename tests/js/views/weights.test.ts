import { beforeEach, describe, expect, it, vi } from "vitest";
import { type Answer, ReportDocument, StaticHost } from "../../../js/src/data/index.js";
import { HOSTILE } from "./fixture.js";
import { byId, column, drawn, LiveHost, press, tall } from "./helpers.js";
import { weights } from "./weights-fixture.js";

beforeEach(() => {
  document.body.replaceChildren();
});

const BREAKDOWN = [
  { name: "role", type: "str", values: ["norm", "feed_forward"] },
  { name: "dtype", type: "str", values: ["bfloat16", "int4"] },
  { name: "quantization", type: "str", values: [null, "GPTQ int4"] },
  { name: "tensors", type: "f64", values: [2, 2] },
  { name: "parameters", type: "f64", values: [64, 2048] },
  { name: "weight_bytes", type: "f64", values: [128, 1024] },
  { name: "bits_per_weight", type: "f64", values: [16, 4.16] },
  { name: "share", type: "f64", values: [0.0001, 0.9999] },
] as const;

const TRAINING = [
  { name: "optimizer", type: "str", values: ["adamw", "sgd"] },
  { name: "weights", type: "f64", values: [1024, 1024] },
  { name: "total", type: "f64", values: [4096, null] },
] as const;

function host(more: Parameters<typeof weights>[0] = {}, tab = "graph"): StaticHost {
  return new StaticHost({ document: weights(more), tab });
}

describe("a checkpoint", () => {
  it("has tiles of what it can tell, and says in one line what it cannot", async () => {
    const { root } = await drawn(host());
    const tiles = [...root.querySelectorAll(".hl-stat")].map((tile) => tile.getAttribute("data-testid"));
    expect(tiles).toEqual(["parameters", "weight_bytes", "bits", "tensors"].map((id) => `haoline-stat-${id}`));
    expect(byId("haoline-quiet", root).textContent).toBe(
      "A checkpoint holds weights but no ops: compute is not known.",
    );
    expect(root.querySelector('[data-testid="haoline-notes-chip"]')).toBeNull();
    expect(byId("haoline-tab-layers", root).textContent).toBe("Weights");
  });

  it("is coloured by stored type and sized by bytes until its reader chooses", async () => {
    const first = await drawn(host());
    expect([first.host.get("color"), first.host.get("size")]).toEqual(["weight_precision", "weight_bytes"]);
    const chosen = new StaticHost({ document: weights(), tab: "graph", color: "role" });
    await drawn(chosen);
    expect([chosen.get("color"), chosen.get("size")]).toEqual(["role", ""]);
  });

  it("lists its weights with their roles, shapes and packing", async () => {
    const { root } = await drawn(host({}, "layers"));
    const grid = byId("haoline-table", root);
    tall(grid, 400);
    grid.dispatchEvent(new Event("scroll"));
    expect(column(root, "name")[1]).toBe("model.layers.0.q_proj.weight");
    expect(column(root, "category")[1]).toBe("attention");
    expect(column(root, "quantization")).toEqual(["", "GPTQ int4", "", "GPTQ int4", ""]);
    expect(column(root, "bits_per_weight")[1]).toBe("4.16");
    expect(column(root, "weight_bytes")[1]).toBe("512 B");
  });

  it("breaks its bytes down, the largest part first, in place of a liveness curve", async () => {
    const { root } = await drawn(host({ tables: { breakdown: BREAKDOWN } }, "memory"));
    const rows = [...byId("haoline-breakdown", root).querySelectorAll("tr")].map((row) =>
      [...row.children].map((cell) => cell.textContent),
    );
    expect(rows[1]).toEqual(["feed forward", "int4", "GPTQ int4", "2", "2.05 k", "1 KiB", "4.16", "100 %"]);
    expect(rows[2]?.at(-1)).toBe("< 0.1 %");
    expect(root.querySelector('[data-testid="haoline-memory-chart"]')).toBeNull();
  });

  it("says whether its weights fit, and estimates no time", async () => {
    const hardware = { profile: { id: "x", name: "X", vendor: "", memory_bytes: 4096 }, count: 1, precision: null };
    const { root } = await drawn(
      host({ header: { hardware: { ...hardware, detected: null, estimate: null } } }, "hardware"),
    );
    expect(byId("haoline-weights-fit", root).textContent).toContain("The weights do not fit");
  });

  it("has the memory of training where it is estimated, unknown sizes as unknown", async () => {
    const { root } = await drawn(host({ tables: { training: TRAINING } }, "memory"));
    const training = byId("haoline-training", root);
    expect(training.textContent).toContain("estimated");
    expect([...training.querySelectorAll("tr")].at(-1)?.textContent).toBe("sgd1 KiBn/a");
  });
});

describe("what a file says of itself", () => {
  const facts = {
    chat_template: `${HOSTILE}\n{{ messages }}`,
    config: { hidden_size: 64, rope_scaling: { factor: 32, type: HOSTILE } },
    shards: [{ file: HOSTILE, bytes: 1234567, tensors: 2 }],
    tokenizer: {},
  };

  it("is text, whatever it holds", async () => {
    const { root } = await drawn(host({ header: { facts } }));
    byId("haoline-about-chip", root).click();
    const about = byId("haoline-about", root);
    expect(about.querySelector("img, script")).toBeNull();
    expect(about.querySelector('[data-part="chat_template"] pre')?.textContent).toBe(facts.chat_template);
    expect(about.querySelector('[data-part="shards"]')?.textContent).toContain("1,234,567");
    expect(about.querySelector('[data-part="tokenizer"]')).toBeNull();
  });

  it("closes on Escape, as it holds the focus", async () => {
    const { root } = await drawn(host({ header: { facts } }));
    const chip = byId("haoline-about-chip", root);
    chip.click();
    const [first] = byId("haoline-about", root).querySelectorAll("summary");
    expect(document.activeElement).toBe(first);
    press(first!, "Escape");
    expect(chip.getAttribute("aria-expanded")).toBe("false");
  });

  it("is not offered where it says nothing", async () => {
    const { root } = await drawn(host());
    expect(root.querySelector('[data-testid="haoline-about-chip"]')).toBeNull();
  });
});

describe("the architecture", () => {
  const architecture = {
    family: "qwen3_next",
    layers: ["linear_attention", "linear_attention", "full_attention"],
    attention_heads: 16,
    kv_heads: 2,
    experts: 512,
    experts_per_token: 10,
    total_parameters: 80e9,
    active_parameters: 3e9,
    kv_bytes_per_token: 24576,
    kv_dtype: "bfloat16",
    tied_embeddings: true,
    vocabulary: 151936,
  };

  it("names kinds of layers with their number, and leaves out what is not known", async () => {
    const { root } = await drawn(host({ header: { architecture } }));
    const pairs = [...byId("haoline-architecture", root).querySelectorAll("dl > div")].map((pair) => pair.textContent);
    expect(pairs).toEqual([
      "Layers3 · 2 linear attention · 1 full attention",
      "Heads16 · 2 KV",
      "Experts512 · 10 active",
      "Vocabulary151,936 tied embeddings",
      "KV cache per token24 KiB in bfloat16",
      "Active parameters3 B of 80 B",
    ]);
  });

  it("is absent where a document has none, or nonsense in its place", async () => {
    const { root } = await drawn(host({ header: { architecture: ["llama"] } }));
    expect(root.querySelector('[data-testid="haoline-architecture"]')).toBeNull();
  });
});

describe("the values of a weight", () => {
  const answer: Answer = {
    content: { elements: 5e9, counted: 8e6, sampled: true, minimum: -1, maximum: 1, mean: 0, std: 0.5, zeros: 80000 },
    buffers: [new Float64Array([-1, 0, 1]), new Float64Array([3, 5])],
  };

  class AskedHost extends LiveHost {
    readonly ask = vi.fn(async () => answer);
  }

  it("are asked of the kernel when a weight is selected", async () => {
    const live = new AskedHost({ document: weights(), tab: "layers" });
    const { root } = await drawn(live);
    live.set("selection", [1]);
    await vi.waitFor(() => expect(byId("haoline-values-figures", root).textContent).toContain("Mean0"));
    expect(live.ask).toHaveBeenCalledExactlyOnceWith({ type: "histogram", tensor: 1, bins: 128 });
    expect(byId("haoline-values-status", root).textContent).toBe("Sampled: 8 M of 5 G elements, rows evenly spaced.");
    expect(byId("haoline-values-figures", root).textContent).toContain("80,000 (1 %)");
  });

  it("of a part are a click away, and a second click hides them", async () => {
    const live = new AskedHost({ document: weights(), tab: "layers" });
    const { root } = await drawn(live);
    live.set("selection", [1]);
    const buttons = root.querySelectorAll<HTMLElement>('[data-testid="haoline-tensor-values"]');
    buttons[1]?.click();
    await vi.waitFor(() => expect(live.ask).toHaveBeenCalledWith({ type: "histogram", tensor: 5, bins: 128 }));
    buttons[1]?.click();
    expect(byId("haoline-values", root).hidden).toBe(true);
  });

  it("that cannot be read are said to be so", async () => {
    const live = new AskedHost({ document: weights(), tab: "layers" });
    live.ask.mockRejectedValueOnce(new Error("The file has changed."));
    const { root } = await drawn(live);
    live.set("selection", [2]);
    await vi.waitFor(() => expect(byId("haoline-values-status", root).textContent).toBe("The file has changed."));
  });

  it("need a kernel", async () => {
    const { host: kept, root } = await drawn(host({}, "layers"));
    kept.set("selection", [1]);
    expect(byId("haoline-values-status", root).textContent).toContain("run the cell");
  });
});

it("knows what its rows are, and takes anything else for ops", async () => {
  const holds = async (value: unknown): Promise<string> => {
    const model = { name: "m", holds: value };
    return (await ReportDocument.decode(weights({ header: { model } }))).holds;
  };
  expect(await Promise.all(["weights", "layers", "ops", 7, undefined].map(holds))).toEqual([
    "weights",
    "layers",
    "ops",
    "ops",
    "ops",
  ]);
});
