import { describe, expect, it } from "vitest";
import { drawnCourses } from "./real/courses";
import { countCrossings } from "./real/crossings";
import { dagreCourses } from "./real/dagre";
import { MODELS, realDocument } from "./real/documents";
import { inputOf } from "./real/input";
import { drawings } from "./real/openings";

const SMALL = 200;

describe("crossings are counted as drawn", () => {
  it.each([
    [
      "two lines that change sides",
      [
        [0, 0, 10, 10],
        [10, 0, 0, 10],
      ],
      1,
    ],
    [
      "three lines through one point",
      [
        [0, 0, 10, 10],
        [10, 0, 0, 10],
        [5, 0, 5, 10],
      ],
      3,
    ],
    [
      "lines that meet at an end",
      [
        [0, 0, 5, 10],
        [10, 0, 5, 10],
      ],
      0,
    ],
    [
      "lines that run together for a while",
      [
        [0, 0, 5, 5, 5, 8, 0, 12],
        [10, 0, 5, 5, 5, 8, 10, 12],
      ],
      0,
    ],
    [
      "a line that passes through one it ran along",
      [
        [0, 0, 5, 5, 5, 8, 10, 12],
        [10, 0, 5, 5, 5, 8, 0, 12],
      ],
      1,
    ],
    [
      "a line that turns about another's end",
      [
        [0, 0, 0, 20, 20, 20, 20, 0],
        [10, 0, 10, 10],
      ],
      0,
    ],
    [
      "a line that leaves a bend",
      [
        [0, 0, 0, 10, 10, 20, 20, 10, 20, 0],
        [12, 0, 12, 40],
      ],
      1,
    ],
  ])("%s", (_name, lines, crossings) => {
    expect(countCrossings(lines)).toBe(crossings);
  });
});

describe.each(MODELS)("the groups of %s", (name) => {
  it("cross no more than dagre's drawings of them do", async () => {
    const worse: string[] = [];
    for (const { frame, opening } of drawings(await realDocument(name))) {
      if (frame.boxes.length >= SMALL) continue;
      const ours = countCrossings(drawnCourses(frame));
      // What we draw as stubs dagre need not draw either.
      const theirs = ours === 0 ? 0 : countCrossings(dagreCourses(inputOf(frame), frame.layout.stub));
      if (ours > theirs) worse.push(`${opening}: ${ours} to ${theirs}`);
    }
    expect(worse).toEqual([]);
  });
});
