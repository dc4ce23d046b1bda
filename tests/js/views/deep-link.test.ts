import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ReportDocument } from "../../../js/src/data/index.js";
import { fragmentOf, rowsOf, targetOf } from "../../../js/src/views/deep-link.js";
import { HOSTILE, report } from "./fixture.js";
import { drawn, host } from "./helpers.js";

const scrolled = vi.fn();

beforeEach(() => {
  Element.prototype.scrollIntoView = scrolled;
});

afterEach(() => {
  document.body.replaceChildren();
  location.hash = "";
  scrolled.mockClear();
});

function follow(hash: string): void {
  location.hash = hash;
  window.dispatchEvent(new HashChangeEvent("hashchange"));
}

function made(names: readonly string[]): Promise<ReportDocument> {
  return ReportDocument.decode(report({ names }));
}

describe("a fragment", () => {
  it("names the ops and leads back to them, whatever their names hold", async () => {
    const names = ["/a b", "&op=c", HOSTILE, "d#e"];
    const doc = await made(names);
    const fragment = fragmentOf(doc, [1, 2, 3]);
    expect(fragment.slice(1)).not.toMatch(/[\s<>#]/);
    expect(targetOf(fragment)).toEqual({ report: "r1", ops: names.slice(1), groups: [] });
    expect(rowsOf(doc, targetOf(fragment)!)).toEqual([1, 2, 3]);
  });

  it("stays readable for a selection of thousands", async () => {
    const doc = await made(Array.from({ length: 500 }, (_, row) => `op${row}`));
    const fragment = fragmentOf(
      doc,
      Array.from({ length: 400 }, (_, row) => row + 1),
    );
    expect(fragment.length).toBeLessThan(600);
  });

  it("is none of ours without a report", () => {
    expect(targetOf("")).toBeNull();
    expect(targetOf("#section-2")).toBeNull();
    expect(targetOf("#haoline=&op=a")).toBeNull();
  });
});

describe("a link", () => {
  it("selects its ops in the graph and brings the view into sight", async () => {
    const { host: hosted } = await drawn(host({ tab: "layers" }));
    follow("#haoline=r1&op=c");
    expect(hosted.get("selection")).toEqual([2]);
    expect(hosted.get("tab")).toBe("graph");
    expect(scrolled).toHaveBeenCalledOnce();
  });

  it("scrolls to one view only where several show the report", async () => {
    const views = [await drawn(host()), await drawn(host())];
    follow("#haoline=r1&op=b");
    expect(views.map(({ host: hosted }) => hosted.get("selection"))).toEqual([[1], [1]]);
    expect(scrolled).toHaveBeenCalledOnce();
  }, 20_000);

  it("of another report is left to that report", async () => {
    const { host: hosted } = await drawn(host({ selection: [0] }));
    follow("#haoline=r2&op=c");
    expect(hosted.get("selection")).toEqual([0]);
    expect(scrolled).not.toHaveBeenCalled();
  });

  it("to an op that is not there says so", async () => {
    const { host: hosted, root } = await drawn(host());
    follow("#haoline=r1&op=nobody");
    expect(hosted.get("selection")).toEqual([]);
    expect(root.textContent).toContain("this report has not");
  });

  it("is followed by a view that arrives after it, unless the reader has selected since", async () => {
    location.hash = "#haoline=r1&op=d&late=1";
    const late = await drawn(host());
    await vi.waitFor(() => expect(late.host.get("selection")).toEqual([3]));
    const again = await drawn(host({ selection: [0] }));
    expect(again.host.get("selection")).toEqual([0]);
  });

  it("moves nothing once its view is gone", async () => {
    const { host: hosted, dispose } = await drawn(host());
    dispose();
    follow("#haoline=r1&op=c");
    expect(hosted.get("selection")).toEqual([]);
  });
});
