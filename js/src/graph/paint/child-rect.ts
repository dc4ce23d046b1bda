import type { Frame } from "../scene/frame.js";
import type { Rect } from "./camera.js";

/** The box a child takes in its frame, in world units; `at` is where the frame stands. */
export function childRect(frame: Frame, at: Rect, i: number): Rect {
  const { layout, sizes } = frame;
  return {
    x: at.x + frame.dx + layout.x[i]!,
    y: at.y + frame.dy + layout.y[i]!,
    w: sizes[2 * i]!,
    h: sizes[2 * i + 1]!,
  };
}
