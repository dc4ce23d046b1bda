import { describe, expect, it } from "vitest";
import { StaticHost } from "../../../js/src/data/index.js";
import { candidates } from "../../../js/src/views/activations/rows.js";
import { readState, writeState } from "../../../js/src/views/activations/state.js";
import { captured } from "./panel-fixture.js";

describe("which tensor is shown", () => {
  it("is the first of one op, the last of several, the asked one where it is among them", async () => {
    const doc = await captured();
    expect(candidates(doc, [1], -1)).toEqual({ rows: [1, 2], row: 1 });
    expect(candidates(doc, [1], 3)).toEqual({ rows: [1, 2], row: 2 });
    expect(candidates(doc, [3, 0, 1], -1)).toEqual({ rows: [0, 1, 2, 3], row: 3 });
    expect(candidates(doc, [0], 4)).toEqual({ rows: [0], row: 0 });
  });

  it("is none where nothing was captured or selected, unless a tensor is asked for by itself", async () => {
    const doc = await captured();
    expect(candidates(doc, [2], -1)).toEqual({ rows: [], row: -1 });
    expect(candidates(doc, [], -1)).toEqual({ rows: [], row: -1 });
    expect(candidates(doc, [], 3)).toEqual({ rows: [2], row: 2 });
    expect(candidates(doc, [], 99)).toEqual({ rows: [], row: -1 });
  });
});

describe("the state of the view", () => {
  it("comes from its host, as far as it fits the capture", async () => {
    const doc = await captured();
    const odd = new StaticHost({ sample: 99, panel: { against: 7, mean: "yes", tab: "evil", sort: "max", cell: -1 } });
    expect(readState(odd, doc)).toMatchObject({ sample: 2, against: null, mean: false, tab: "maps" });
    expect(readState(odd, doc).settings).toMatchObject({ sort: "max", cell: 0 });
    const good = new StaticHost({ sample: 1, panel: { against: 2, tab: "findings" } });
    expect(readState(good, doc)).toMatchObject({ sample: 1, against: 2, tab: "findings" });
    const both = new StaticHost({ panel: { against: 1, mean: true } });
    expect(readState(both, doc)).toMatchObject({ against: null, mean: true });
  });

  it("goes to its host without what is usual, and comes back", async () => {
    const doc = await captured();
    const host = new StaticHost();
    writeState(host, readState(host, doc));
    expect([host.get("panel"), host.get("sample")]).toEqual([{}, 0]);
    const state = { ...readState(host, doc), sample: 1, against: 2, tab: "distribution" };
    writeState(host, state);
    expect(host.get("panel")).toEqual({ against: 2, tab: "distribution" });
    expect(readState(host, doc)).toEqual(state);
  });
});
