import { describe, expect, it } from "vitest";
import { CrossingCounter } from "../../../js/src/graph/layout/crossings";
import { layoutLayered } from "../../../js/src/graph/layout/layered";
import { linkNodes } from "../../../js/src/graph/layout/links";
import { orderLayers } from "../../../js/src/graph/layout/order";
import { makeProper, markStubs } from "../../../js/src/graph/layout/proper";
import { rankNodes } from "../../../js/src/graph/layout/rank";
import type { LayoutInput } from "../../../js/src/graph/layout/types";
import { checkDrawing } from "./real/checks";
import { drawnCourses } from "./real/courses";
import { countCrossings } from "./real/crossings";
import { dagreCourses } from "./real/dagre";
import { asFrame, type GraphKind, randomInput } from "./real/random";

const KINDS: [string, GraphKind][] = [
  ["a few nodes", { nodes: 7, reach: 4, reads: 2 }],
  ["nodes with border points", { nodes: 24, reach: 6, reads: 2, inPorts: 3, outPorts: 2 }],
  ["long edges", { nodes: 60, reach: 40, reads: 2 }],
  ["cycles between groups", { nodes: 40, reach: 8, reads: 2, inPorts: 2, outPorts: 2, back: 6 }],
  ["a long thin graph in columns", { nodes: 160, reach: 2, reads: 1, inPorts: 3, outPorts: 3 }],
  ["columns with cycles", { nodes: 120, reach: 3, reads: 2, inPorts: 1, outPorts: 1, back: 5 }],
  ["a tangle", { nodes: 300, reach: 60, reads: 3 }],
  ["border points alone", { nodes: 1, reach: 1, reads: 1, inPorts: 5, outPorts: 5 }],
];
const SEEDS = Array.from({ length: 12 }, (_, i) => i + 1);

describe.each(KINDS)("%s", (_name, kind) => {
  it.each(SEEDS)("are drawn as they should, seed %i", (seed) => {
    const input = randomInput(kind, seed);
    const before = structuredClone(input);
    const layout = layoutLayered(input);
    checkDrawing(asFrame(input, layout), input);
    expect(input).toEqual(before);
    expect(layoutLayered(before)).toEqual(layout);
  });
});

describe("crossings", () => {
  it.each(SEEDS)("that the order counts are those that are drawn, seed %i", (seed) => {
    const input = randomInput({ nodes: 30, reach: 9, reads: 2, inPorts: 2, outPorts: 2 }, seed);
    const ranking = rankNodes(input);
    const proper = makeProper(input, ranking, markStubs(input, ranking));
    const counted = new CrossingCounter(proper, linkNodes(proper)).count(orderLayers(proper, ranking.ranks));
    const layout = layoutLayered(input);
    expect(countCrossings(drawnCourses(asFrame(input, layout)))).toBe(counted);
  });

  it.each([
    ["sparse", { nodes: 40, reach: 12, reads: 1 }],
    ["dense", { nodes: 40, reach: 8, reads: 3 }],
  ] as [string, GraphKind][])(
    "are at most half of dagre's over all %s graphs",
    (_name, kind) => {
      const total = (crossings: (input: LayoutInput) => number): number =>
        SEEDS.reduce((sum, seed) => sum + crossings(randomInput(kind, seed)), 0);
      const ours = total((input) => countCrossings(drawnCourses(asFrame(input, layoutLayered(input)))));
      const theirs = total((input) => countCrossings(dagreCourses(input, layoutLayered(input).stub)));
      expect(ours).toBeLessThanOrEqual(theirs / 2);
    },
    60_000,
  );
});
