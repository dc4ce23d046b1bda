import type { Kernel, KernelMessage } from "@jupyterlab/services";
import { expect, test } from "vitest";
import { CommHost, isReport } from "../../../js/src/lab/comm-model";
import { FakeComm } from "./fakes";

function opened(state: object, buffer_paths: string[][] = [], buffers: ArrayBuffer[] = []): KernelMessage.ICommOpenMsg {
  return { content: { data: { state, buffer_paths } }, buffers } as unknown as KernelMessage.ICommOpenMsg;
}

function bytes(...values: number[]): ArrayBuffer {
  return new Uint8Array(values).buffer;
}

function host(): { comm: FakeComm; host: CommHost } {
  const comm = new FakeComm("jupyter.widget", "w");
  const message = opened({ report_id: "r", tab: "graph" }, [["document"]], [bytes(7, 8)]);
  return { comm, host: new CommHost(comm as unknown as Kernel.IComm, message) };
}

test("only report widgets are taken", () => {
  expect(isReport(opened({ report_id: "r" }))).toBe(true);
  expect(isReport(opened({ _model_name: "LayoutModel" }))).toBe(false);
  expect(isReport({ content: { data: {} } } as unknown as KernelMessage.ICommOpenMsg)).toBe(false);
});

test("state and bytes of the opening message are there", () => {
  const { host: report } = host();
  expect(report.get("tab")).toBe("graph");
  expect(report.get("document")?.getUint8(1)).toBe(8);
  expect(report.get("overlay")).toBeNull();
});

test("an update of the kernel replaces bytes and calls back", () => {
  const { comm, host: report } = host();
  let calls = 0;
  const count = (): void => {
    calls += 1;
  };
  report.on("overlay", count);
  comm.receive({ method: "update", state: {}, buffer_paths: [["overlay"]] }, [bytes(9)]);
  expect(report.get("overlay")?.getUint8(0)).toBe(9);
  expect(calls).toBe(1);
  comm.receive({ method: "custom", content: {} });
  report.off("overlay", count);
  comm.receive({ method: "update", state: {}, buffer_paths: [["overlay"]] }, [bytes(1)]);
  expect(calls).toBe(1);
});

test("a value set in the view goes to the kernel", () => {
  const { comm, host: report } = host();
  report.set("selection", [1, 2]);
  expect(report.get("selection")).toEqual([1, 2]);
  expect(comm.sent).toEqual([{ method: "update", state: { selection: [1, 2] }, buffer_paths: [] }]);
});

test("the kernel is asked for a page, and its answer is taken", async () => {
  const { comm, host: report } = host();
  const page = report.page();
  expect(comm.sent).toEqual([{ method: "custom", content: { type: "html" } }]);
  comm.receive({ method: "custom", content: { type: "other" } }, [bytes(1)]);
  comm.receive({ method: "custom", content: { type: "html" } }, [new TextEncoder().encode("<p>").buffer]);
  expect(await (await page).text()).toBe("<p>");
});
