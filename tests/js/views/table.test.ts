import { afterEach, describe, expect, it, vi } from "vitest";
import { csv, tsv } from "../../../js/src/views/table/csv.js";
import { HOSTILE, report, type TableSpec } from "./fixture.js";
import { byId, column, drawn, host, press, tall, type } from "./helpers.js";

afterEach(() => document.body.replaceChildren());

async function table(names?: string[], columns: TableSpec = []) {
  const shown = await drawn(host(names ? { document: report({ names, columns }) } : {}));
  const grid = byId("haoline-table", shown.root);
  tall(grid, 260);
  const sort = (id: string): void => grid.querySelector<HTMLElement>(`[data-column="${id}"] .hl-sort`)?.click();
  return { ...shown, grid, sort };
}

describe("virtual rows", () => {
  it("keeps a hundred thousand rows out of the page and fills those in sight", async () => {
    const names = Array.from({ length: 100_000 }, (_, row) => `op${row}`);
    const { grid, root } = await table(names);
    expect(grid.getAttribute("aria-rowcount")).toBe("100001");
    grid.scrollTop = 26 * 50_000;
    grid.dispatchEvent(new Event("scroll"));
    await vi.waitFor(() => expect(column(root, "name")).toContain("op50000"));
    expect(grid.querySelectorAll(".hl-rows > .hl-row").length).toBeLessThan(40);
  }, 60_000);

  it("counts a very large selection at once, and sums it up when the page has a moment", async () => {
    const names = Array.from({ length: 6000 }, (_, row) => `op${row}`);
    const { root, host: hosted } = await table(names);
    hosted.set("selection", [...names.keys()]);
    const detail = byId("haoline-op-detail", root);
    expect(detail.textContent).toContain("6,000 ops selected");
    expect(detail.querySelector("dl")).toBeNull();
    await vi.waitFor(() => expect(detail.querySelector("dl")?.textContent).toContain("MACs"));
    hosted.set("selection", [...names.keys()].slice(0, 5500));
    hosted.set("selection", [1]);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(detail.textContent).toContain("op1");
    expect(detail.textContent).not.toContain("5,500");
  });

  it("scrolls to what is selected elsewhere", async () => {
    const names = Array.from({ length: 2000 }, (_, row) => `op${row}`);
    const { root, host: hosted, grid } = await table(names);
    hosted.set("selection", [1500]);
    expect(grid.scrollTop).toBeGreaterThan(26 * 1400);
    expect(grid.querySelector("[aria-selected=true]")?.textContent).toContain("op1500");
    expect(column(root, "name")).toContain("op1500");
  });
});

describe("sort and filter", () => {
  it("sorts numbers largest first, unknown last either way, then back to the execution order", async () => {
    const { root, sort } = await table();
    sort("macs");
    expect(column(root, "macs")).toEqual(["300", "100", "n/a", "n/a"]);
    sort("macs");
    expect(column(root, "macs")).toEqual(["100", "300", "n/a", "n/a"]);
    sort("macs");
    expect(column(root, "name")).toEqual(["a", "b", "c", "d"]);
  });

  it("sorts words the way people count and says so to assistive tools", async () => {
    const { root, grid, sort } = await table(["op10", "op9", "op1"]);
    sort("name");
    expect(column(root, "name")).toEqual(["op1", "op9", "op10"]);
    expect(grid.querySelector('[role=columnheader][data-column="name"]')?.getAttribute("aria-sort")).toBe("ascending");
  });

  it("keeps rows that have every word, and the category", async () => {
    const { root } = await table(["layer.0/fc", "layer.0/act", "layer.1/fc", "layer.1/act"]);
    type(byId("haoline-table-filter", root), "LAYER.1 matmul");
    expect(column(root, "name")).toEqual(["layer.1/fc"]);
    type(byId("haoline-table-filter", root), "");
    type(byId("haoline-table-category", root), "activation");
    expect(column(root, "name")).toEqual(["layer.0/act", "layer.1/act"]);
  });
});

describe("constants", () => {
  it("stay out of sight until asked for, or until one is selected", async () => {
    const folded = { name: "folded", type: "f64" as const, values: [1, 0, 1, 0] };
    const { root, host: hosted } = await table(["shape", "fc", "reshape", "act"], [folded]);
    expect(column(root, "name")).toEqual(["fc", "act"]);
    hosted.set("selection", [2]);
    expect(column(root, "name")).toEqual(["shape", "fc", "reshape", "act"]);
  });
});

describe("keyboard and selection", () => {
  it("moves with the arrows and extends with shift", async () => {
    const { grid, host: hosted } = await table();
    press(grid, "ArrowDown");
    expect(hosted.get("selection")).toEqual([1]);
    press(grid, "ArrowDown", { shiftKey: true });
    expect(hosted.get("selection")).toEqual([1, 2]);
    press(grid, "End");
    expect(hosted.get("selection")).toEqual([3]);
    expect(grid.getAttribute("aria-activedescendant")).toMatch(/-3$/);
  });

  it("shows what is selected, with its tensors, beside the table", async () => {
    const { root, grid } = await table();
    grid.querySelectorAll<HTMLElement>(".hl-rows > .hl-row")[2]?.click();
    const detail = byId("haoline-op-detail", root);
    expect(detail.hidden).toBe(false);
    expect(detail.textContent).toContain("1×4");
    expect(detail.textContent).toContain("estimated");
  });
});

describe("text for other programs", () => {
  it("quotes as RFC 4180 asks", () => {
    expect(
      csv(
        ["a", "b"],
        [
          ['say "hi"', "x,y"],
          ["line\nbreak", null],
        ],
      ),
    ).toBe('a,b\r\n"say ""hi""","x,y"\r\n"line\nbreak",\r\n');
  });

  it("disarms formulas in words but leaves negative numbers alone", () => {
    expect(csv(["n"], [["=HYPERLINK(1)"], ["+1"], ["-1"], ["@x"], ["\tx"], [-5], [Number.NaN]])).toBe(
      "n\r\n'=HYPERLINK(1)\r\n'+1\r\n'-1\r\n'@x\r\n'\tx\r\n-5\r\n\r\n",
    );
  });

  it("keeps a row of the clipboard on one line", () => {
    expect(tsv(["n"], [["a\tb\r\nc"]])).toBe("n\na b c");
  });

  it("downloads the rows and columns shown, all digits", async () => {
    const { root } = await table(["=cmd", "b", HOSTILE]);
    const blobs: Blob[] = [];
    vi.spyOn(URL, "createObjectURL").mockImplementation((blob) => {
      blobs.push(blob as Blob);
      return "blob:x";
    });
    type(byId("haoline-table-filter", root), "matmul");
    byId("haoline-table-csv", root).click();
    const text = (await blobs[0]?.text()) ?? "";
    expect(text.split("\r\n")[0]).toBe("name,type,output_shape,macs,weight_bytes,estimated_us,precision");
    expect(text).toContain("'=cmd,MatMul,1×2,100,0,1,float32");
    expect(text).not.toContain("\r\nb,");
    vi.restoreAllMocks();
  });
});
