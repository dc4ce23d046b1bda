import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { CHANGES, categoryStyle, OTHER, PRECISIONS, STYLES } from "../../../js/src/graph/paint/palette";

const doc = readFileSync("docs/visual-vocabulary.md", "utf8");
const engine = readFileSync("analysis/haoline_analysis/structure/categories.py", "utf8");

/** Cells of the table whose first header is given. */
function table(header: string): string[][] {
  const lines = doc.split("\n");
  const start = lines.findIndex((line) => line.startsWith(`| ${header} |`));
  const end = lines.findIndex((line, i) => i > start && !line.startsWith("|"));
  return lines.slice(start + 2, end).map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll("`", "")),
  );
}

describe("the visual vocabulary", () => {
  it("is written down category by category as it is drawn", () => {
    const drawn = Object.entries({ ...STYLES, other: OTHER }).map(([name, style]) => [
      name,
      style.shape,
      style.sign,
      style.light,
      style.dark,
    ]);
    expect(table("category").map((row) => row.slice(0, 5))).toEqual(drawn);
    expect(table("category").every((row) => row[5] !== "")).toBe(true);
  });

  it("explains every outline that is drawn, and no other", () => {
    const used = new Set(Object.values(STYLES).map(({ shape }) => shape));
    expect(new Set(table("shape").map(([shape]) => shape))).toEqual(used);
  });

  it("is written down for precisions and changes", () => {
    expect(table("precision")).toEqual(PRECISIONS.map(([, label, light, dark]) => [label, light, dark]));
    expect(table("change")).toEqual(
      Object.entries(CHANGES).map(([name, { sign, light, dark }]) => [name, sign, light, dark]),
    );
  });

  it("has a sign of its own for every category that the engine gives", () => {
    const given = [...engine.matchAll(/^ {4}"(\w+)": "/gm)].map(([, name]) => name!);
    expect(given.length).toBeGreaterThan(30);
    for (const name of given) expect(categoryStyle(name), name).not.toBe(OTHER);
  });

  it("gives what it does not know a plain look", () => {
    for (const name of [null, "", "constructor", "__proto__", "no such thing"]) expect(categoryStyle(name)).toBe(OTHER);
  });
});
