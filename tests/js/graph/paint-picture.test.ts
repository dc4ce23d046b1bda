import { describe, expect, it } from "vitest";
import type { Look } from "../../../js/src/graph/paint/look";
import { originOf, Picture } from "../../../js/src/graph/paint/picture";
import type { Surface } from "../../../js/src/graph/paint/surface";
import type { Session } from "../../../js/src/graph/scene/session";
import { resnet } from "./models";
import { lookAt, sessionOf } from "./paint-look";

const SURFACE: Surface = { camera: { x: 0, y: 0, scale: 1 }, width: 400, height: 300, ratio: 1 };

async function shown(surface = SURFACE): Promise<{ session: Session; look: Look; picture: Picture }> {
  const session = sessionOf(await resnet(2).document());
  const look = lookAt(session);
  return { session, look, picture: new Picture(session.root(), look, surface) };
}

const moved = (dx: number, dy: number, surface = SURFACE): Surface => ({
  ...surface,
  camera: { ...surface.camera, x: surface.camera.x - dx, y: surface.camera.y - dy },
});

/** How often each pixel of a surface lies in one of the rectangles. */
function cover(rects: readonly { x: number; y: number; w: number; h: number }[], x: number, y: number): number {
  return rects.filter((r) => x >= r.x && x < r.x + r.w && y >= r.y && y < r.y + r.h).length;
}

describe("what is on the canvas", () => {
  it("moves when the view is panned, and is painted where it leaves the canvas bare", async () => {
    const { session, look, picture } = await shown();
    for (const [dx, dy] of [
      [30, 20],
      [-30, 20],
      [30, -20],
      [-7, -1],
      [0, 5],
      [5, 0],
    ] as const) {
      const move = picture.move(session.root(), look, moved(dx, dy))!;
      expect([move.dx, move.dy]).toEqual([dx, dy]);
      for (let x = 0; x < 400; x += 1) {
        for (let y = 0; y < 300; y += 7) {
          const bare = x < dx || x >= 400 + dx || y < dy || y >= 300 + dy;
          if (cover(move.strips, x, y) !== Number(bare)) expect.fail(`${dx} ${dy}: ${x} ${y} is wrong`);
        }
      }
    }
  });

  it("stays as it is when nothing has changed", async () => {
    const { session, look, picture } = await shown();
    expect(picture.move(session.root(), look, { ...SURFACE })?.strips).toEqual([]);
    expect(picture.marks(look, SURFACE)).toEqual([]);
  });

  it("stands on whole pixels, whatever the density of the screen", () => {
    for (const ratio of [1, 1.25, 2]) {
      const { x, y } = originOf({ ...SURFACE, ratio, camera: { x: 3.217, y: -7.9, scale: 0.73 } });
      expect([Number.isInteger(x), Number.isInteger(y)]).toEqual([true, true]);
    }
  });

  it.each<[string, (look: Look, session: Session) => [Partial<Look>, Partial<Surface>]]>([
    ["another zoom", () => [{}, { camera: { x: 0, y: 0, scale: 1.01 } }]],
    ["another size", () => [{}, { width: 401 }]],
    ["another screen", () => [{}, { ratio: 2 }]],
    ["another theme", (look) => [{ theme: { ...look.theme } }, {}]],
    ["another colouring", () => [{ edgeColoring: { color: () => null } }, {}]],
    ["something that stands out", () => [{ emphasis: { leaves: new Int32Array(9), outline: true, edges: false } }, {}]],
    ["a change under way", () => [{ tween: { t: 0.5, before: new Map() } }, {}]],
    ["a pan beyond what is there", () => [{}, { camera: { x: 900, y: 0, scale: 1 } }]],
    ["a pan to the other half", () => [{}, { camera: { x: 220, y: 10, scale: 1 } }]],
  ])("is painted anew for %s", async (_, change) => {
    const { session, look, picture } = await shown();
    const [other, surface] = change(look, session);
    expect(picture.move(session.root(), { ...look, ...other }, { ...SURFACE, ...surface })).toBeNull();
  });

  it("is painted anew when a group opens", async () => {
    const { session, look, picture } = await shown();
    const group = session.root().boxes.find((box) => session.model.isGroup(box))!;
    if (session.expansion.isOpen(group)) session.expansion.close(group);
    else session.expansion.open(group);
    session.scene.touch(group);
    expect(picture.move(session.root(), look, SURFACE)).toBeNull();
  });

  it("is painted around marks that come and go", async () => {
    const { session, look, picture } = await shown();
    const [first, second] = session.root().boxes as [number, number];
    const before = new Picture(session.root(), { ...look, hover: first }, SURFACE);
    const around = (item: number): { x: number; y: number } => {
      const { rect } = session.place(item)!;
      return { x: rect.x + rect.w / 2, y: rect.y + rect.h / 2 };
    };
    const [a, b] = [around(first), around(second)];
    const camera = { x: a.x - 200, y: a.y - 50, scale: 1 };
    const surface = { ...SURFACE, camera };
    const from = new Picture(session.root(), { ...look, hover: first }, surface);
    const marks = from.marks({ ...look, hover: second }, surface)!;
    expect(cover(marks, 200, 50)).toBeGreaterThan(0);
    expect(cover(marks, b.x - camera.x, b.y - camera.y)).toBeGreaterThan(0);
    expect(marks.every(({ w, h }) => w < 300 && h < 150)).toBe(true);
    expect(before.marks({ ...look, hover: first }, SURFACE)).toEqual([]);
    expect(picture.marks({ ...look, selected: new Set([first]) }, SURFACE)).not.toEqual([]);
  });

  it("is painted anew for a selection of very many", async () => {
    const { look, picture } = await shown();
    const selected = new Set(Array.from({ length: 50 }, (_, i) => i + 1));
    expect(picture.marks({ ...look, selected }, SURFACE)).toBeNull();
  });

  it("copes with marks on what is not drawn", async () => {
    const { look, picture } = await shown();
    expect(picture.marks({ ...look, hover: 1e6, hoverEdge: { item: 1e6, edge: 3 } }, SURFACE)).toEqual([]);
  });
});
