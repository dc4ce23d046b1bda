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
};

describe("a kept state", () => {
  it("comes back as it was, and says nothing of defaults", () => {
    expect(stateOf(new StaticHost(FULL))).toEqual(FULL);
    expect(parseState(JSON.parse(JSON.stringify(FULL)))).toEqual(FULL);
    expect(stateOf(new StaticHost())).toEqual({});
  });

  it("leaves out bytes, the hardware and which view it is", () => {
    for (const name of ["document", "overlay", "hardware", "status", "view"]) expect(STATE_NAMES).not.toContain(name);
    expect(Object.keys(HOST_DEFAULTS).length).toBe(STATE_NAMES.length + 5);
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
    ["what it does not know", { document: "x", evil: 1, hardware: {} }],
    ["what objects inherit", JSON.parse('{"__proto__": {"color": "macs"}}')],
  ])("that is %s changes nothing", (_, state) => {
    expect(parseState(state)).toEqual({});
  });
});
