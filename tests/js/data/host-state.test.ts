import { describe, expect, it } from "vitest";
import { HOST_DEFAULTS, parseState, STATE_NAMES, StaticHost, stateOf } from "../../../js/src/data/index.js";

const FULL = {
  tab: "layers",
  height: 300,
  selection: [3, 1],
  color: "macs",
  edge_color: "nbytes",
  size: "flops",
  filter: "type:Conv",
  expanded: ["layers.0"],
  focus: "layers",
  camera: { x: -1, y: 2.5, scale: 0.25 },
  constants: true,
  quantizers: false,
  sample: 3,
  tensor: 12,
  panel: { maps: { sort: "max" } },
  snapshot: "H4sI",
  plan: { keep_float: [3, 9], int16: [4], changes: [] },
};

describe("a kept state", () => {
  it("comes back as it was, and says nothing of defaults", () => {
    expect(stateOf(new StaticHost(FULL))).toEqual(FULL);
    expect(parseState(JSON.parse(JSON.stringify(FULL)))).toEqual(FULL);
    expect(stateOf(new StaticHost())).toEqual({});
  });

  it("leaves out bytes, the hardware, which view it is and what the kernel is at", () => {
    const others = ["document", "overlay", "activations", "divergence", "hardware", "status", "view", "work"];
    for (const name of others) expect(STATE_NAMES).not.toContain(name);
    expect(Object.keys(HOST_DEFAULTS).length).toBe(STATE_NAMES.length + others.length);
  });

  it.each([
    ["nothing", null],
    ["a word", "macs"],
    ["a list", [1, 2]],
    ["rows that are none", { selection: [1.5, "a"] }],
    ["a camera without scale", { camera: { x: 1, y: 2 } }],
    ["a camera of no size", { camera: { x: 1, y: 2, scale: 0 } }],
    ["addresses that are none", { expanded: ["a", 3] }],
    ["a height without end", { height: Number.POSITIVE_INFINITY }],
    ["a plan without rows", { plan: { keep_float: [1] } }],
    ["a plan of words", { plan: { keep_float: ["conv_1"], int16: [], changes: [] } }],
    ["a sample before the first", { sample: -1, tensor: -2 }],
    ["settings that are a list", { panel: [1] }],
    ["settings without end", { panel: { a: "x".repeat(30_000) } }],
    ["a snapshot that no notebook should carry", { snapshot: "A".repeat(500_000) }],
    ["what it does not know", { document: "x", evil: 1, hardware: {} }],
    ["what objects inherit", JSON.parse('{"__proto__": {"color": "macs"}}')],
  ])("that is %s changes nothing", (_, state) => {
    expect(parseState(state)).toEqual({});
  });
});
