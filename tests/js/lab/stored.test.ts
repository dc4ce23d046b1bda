import type { IRenderMime } from "@jupyterlab/rendermime";
import { describe, expect, it } from "vitest";
import { StaticHost } from "../../../js/src/data/host";
import { StoredState } from "../../../js/src/lab/mime-state";
import { REPORT_MIME, type Stored, storedHost, storedReport } from "../../../js/src/lab/stored";

const STORED: Stored = {
  id: "a",
  view: "activations",
  document: btoa("report"),
  activations: btoa("capture"),
  state: { sample: 3, tensor: 7, panel: { sort: "mean" }, snapshot: "H4sI", nonsense: 1 },
};

function text(bytes: DataView | null): string | null {
  return bytes && new TextDecoder().decode(bytes);
}

describe("a stored capture", () => {
  it("is drawn by its own view with what was on screen", () => {
    const host = storedHost(STORED);
    expect(host.get("view")).toBe("activations");
    expect([text(host.get("document")), text(host.get("activations"))]).toEqual(["report", "capture"]);
    expect([host.get("sample"), host.get("tensor"), host.get("snapshot")]).toEqual([3, 7, "H4sI"]);
    expect(host.get("panel")).toEqual({ sort: "mean" });
  });

  it("may be a comparison with what a reader would change", () => {
    const state = { plan: { keep_float: [2], int16: [] }, tensor: 4 };
    const { activations: _, ...report } = STORED;
    const host = storedHost({ ...report, view: "divergence", divergence: btoa("compared"), state });
    expect([host.get("view"), text(host.get("divergence"))]).toEqual(["divergence", "compared"]);
    expect(host.get("plan")).toEqual({ keep_float: [2], int16: [] });
    expect(storedHost({ ...report, view: "divergence", divergence: 5 }).get("divergence")).toBeNull();
  });

  it("is a report where there is none, or another view is named", () => {
    const { activations: _, ...report } = STORED;
    expect(storedHost({ ...report, view: "report" }).get("activations")).toBeNull();
    expect(storedHost({ ...STORED, view: "constructor", activations: 5 }).get("view")).toBe("report");
    expect(storedHost({ ...STORED, activations: 5 }).get("activations")).toBeNull();
  });
});

describe("the state in an output", () => {
  function output(): { model: IRenderMime.IMimeModel; kept: () => Stored | null } {
    let data: Record<string, unknown> = { [REPORT_MIME]: STORED, "text/plain": "words" };
    const model = {
      get data() {
        return data;
      },
      setData: (given: { data: Record<string, unknown> }) => {
        data = given.data;
      },
    };
    return { model: model as unknown as IRenderMime.IMimeModel, kept: () => storedReport(data) };
  }

  it("takes the snapshot along and leaves the capture as it is", () => {
    const { model, kept } = output();
    new StoredState(model, STORED).write(new StaticHost({ view: "activations", snapshot: "new", sample: 1 }));
    expect(kept()).toMatchObject({ activations: STORED.activations, state: { snapshot: "new", sample: 1 } });
  });

  it("takes along a comparison that the kernel has replaced, and nothing that it has not", () => {
    const { model, kept } = output();
    const compared: Stored = { ...STORED, view: "divergence", divergence: btoa("first") };
    const bytes = (words: string): DataView => new DataView(new TextEncoder().encode(words).buffer);
    const host = new StaticHost({ view: "divergence", document: bytes("live"), divergence: bytes("live") });
    const state = new StoredState(model, compared);
    const leave = state.follow(host);
    host.set("sample", 2);
    state.write(host);
    expect(kept()).toMatchObject({ divergence: btoa("first"), document: STORED.document });
    host.set("divergence" as never, bytes("second") as never);
    state.write(host);
    expect(kept()).toMatchObject({ divergence: btoa("second"), document: STORED.document });
    expect(state.holds(kept())).toBe(true);
    host.set("divergence" as never, new DataView(new ArrayBuffer(5_000_000)) as never);
    state.write(host);
    leave();
    host.set("divergence" as never, bytes("third") as never);
    host.set("sample", 1);
    state.write(host);
    expect(kept()).toMatchObject({ divergence: btoa("second"), state: { sample: 1 } });
  });

  it("knows another capture of the same report", () => {
    const { model } = output();
    const state = new StoredState(model, STORED);
    expect(state.holds({ ...STORED })).toBe(true);
    expect(state.holds({ ...STORED, activations: btoa("other") })).toBe(false);
  });
});
