/** World to screen: `screen = (world - origin) · scale`, in CSS pixels. */

export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

export interface Camera {
  readonly x: number;
  readonly y: number;
  readonly scale: number;
}

export const MIN_SCALE = 0.0005;
export const MAX_SCALE = 4;

export function clampScale(scale: number): number {
  return Math.max(MIN_SCALE, Math.min(MAX_SCALE, scale));
}

/** Zoomed by `factor` so that the world point under (`sx`, `sy`) stays there. */
export function zoomAt(camera: Camera, factor: number, sx: number, sy: number): Camera {
  const scale = clampScale(camera.scale * factor);
  return { scale, x: camera.x + sx / camera.scale - sx / scale, y: camera.y + sy / camera.scale - sy / scale };
}

export function pannedBy(camera: Camera, dx: number, dy: number): Camera {
  return { ...camera, x: camera.x - dx / camera.scale, y: camera.y - dy / camera.scale };
}

/** The whole of `rect` in a view of `width` × `height`, centred; no larger than `most`. */
export function fitRect(rect: Rect, width: number, height: number, margin: number, most: number): Camera {
  const scale = clampScale(
    Math.min(most, (width - 2 * margin) / Math.max(1, rect.w), (height - 2 * margin) / Math.max(1, rect.h)),
  );
  return centred(rect, width, height, scale);
}

export function centred(rect: Rect, width: number, height: number, scale: number): Camera {
  return { scale, x: rect.x + rect.w / 2 - width / (2 * scale), y: rect.y + rect.h / 2 - height / (2 * scale) };
}

export function between(a: Camera, b: Camera, t: number): Camera {
  const scale = a.scale * (b.scale / a.scale) ** t;
  return { scale, x: a.x + (b.x - a.x) * t, y: a.y + (b.y - a.y) * t };
}

export function overlaps(a: Rect, b: Rect): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}

export function contains(rect: Rect, x: number, y: number): boolean {
  return x >= rect.x && x <= rect.x + rect.w && y >= rect.y && y <= rect.y + rect.h;
}

export function union(a: Rect, b: Rect): Rect {
  const [x, y] = [Math.min(a.x, b.x), Math.min(a.y, b.y)];
  return { x, y, w: Math.max(a.x + a.w, b.x + b.w) - x, h: Math.max(a.y + a.h, b.y + b.h) - y };
}
