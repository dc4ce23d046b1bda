import { describe, expect, it } from "vitest";
import { layoutLayered } from "../../../js/src/graph/layout/layered";
import { checkDrawing, checkStraight } from "./real/checks";
import { MODELS, realDocument } from "./real/documents";
import { inputOf } from "./real/input";
import { drawings } from "./real/openings";

/** Every group of every model: alone, half open, with all in it open. */
describe.each(MODELS)("the groups of %s", (name) => {
  it("are drawn without overlaps, clear of each other's edges, downwards, straight where they can be", async () => {
    const wrong: string[] = [];
    for (const { frame, opening } of drawings(await realDocument(name))) {
      try {
        checkDrawing(frame, inputOf(frame));
        checkStraight(frame, inputOf(frame));
      } catch (error) {
        wrong.push(`${opening}: ${(error as Error).message}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it("are laid out the same every time", async () => {
    const doc = await realDocument(name);
    const wrong = drawings(doc).filter(({ frame }) => {
      const input = inputOf(frame);
      const again = layoutLayered(input);
      return !same(again.points, frame.layout.points) || !same(again.x, frame.layout.x);
    });
    expect(wrong.map(({ opening }) => opening)).toEqual([]);
  });
});

function same(a: Float64Array, b: Float64Array): boolean {
  return Buffer.from(a.buffer).equals(Buffer.from(b.buffer));
}
