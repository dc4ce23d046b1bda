/** Where the values of a picture lie on the screen. Values are counted from 0, pixels are CSS pixels of the plot. */

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Camera {
  /** 1: the whole picture fits. */
  readonly zoom: number;
  /** Value at the left and the top edge of the plot. */
  readonly x: number;
  readonly y: number;
}

/** Pixels of one value. */
export interface Scale {
  readonly x: number;
  readonly y: number;
}

export const WHOLE: Camera = { zoom: 1, x: 0, y: 0 };

/** A value is at most so much longer one way than the other. */
const MOST_STRETCH = 12;
/** A picture of few rows is at least so high, one of few columns so wide. */
const LEAST_SIDE = 64;
/** A value by itself. */
const MOST_WIDTH = 160;
const MOST_HEIGHT = 80;
/** Pixels of a value at the greatest zoom. */
const MOST_VALUE = 120;

/** Pixels of a value where the whole picture fits. Maps keep their shape; other planes use the room there is. */
export function fitScale(values: Size, plot: Size, square: boolean): Scale {
  const [x, y] = [plot.width / Math.max(1, values.width), plot.height / Math.max(1, values.height)];
  if (square) return { x: Math.min(x, y), y: Math.min(x, y) };
  const least = (room: number, count: number): number => Math.min(LEAST_SIDE, room) / Math.max(1, count);
  return {
    x: Math.min(MOST_WIDTH, Math.max(Math.min(x, MOST_STRETCH * y), least(plot.width, values.width))),
    y: Math.min(MOST_HEIGHT, Math.max(Math.min(y, MOST_STRETCH * x), least(plot.height, values.height))),
  };
}

export function scaled(base: Scale, camera: Camera): Scale {
  return { x: base.x * camera.zoom, y: base.y * camera.zoom };
}

/** The camera within its bounds: no nearer than is of use, no empty margins that a move could fill. */
export function bounded(camera: Camera, base: Scale, values: Size, plot: Size): Camera {
  const most = Math.max(1, MOST_VALUE / Math.min(base.x, base.y));
  const zoom = Math.max(1, Math.min(most, camera.zoom));
  const { x, y } = scaled(base, { ...camera, zoom });
  const hold = (place: number, count: number, room: number): number =>
    Math.max(0, Math.min(place, Math.max(0, count - room)));
  return { zoom, x: hold(camera.x, values.width, plot.width / x), y: hold(camera.y, values.height, plot.height / y) };
}

/** Zooms so that what is under a point of the plot stays there. */
export function zoomed(camera: Camera, base: Scale, factor: number, at: { x: number; y: number }): Camera {
  const before = scaled(base, camera);
  const zoom = camera.zoom * factor;
  const after = scaled(base, { ...camera, zoom });
  return { zoom, x: camera.x + at.x / before.x - at.x / after.x, y: camera.y + at.y / before.y - at.y / after.y };
}

/** The least move that brings a value into sight. */
export function revealing(camera: Camera, base: Scale, plot: Size, row: number, column: number): Camera {
  const { x, y } = scaled(base, camera);
  const reveal = (place: number, value: number, room: number): number =>
    value < place ? value : Math.max(place, value + 1 - room);
  return { ...camera, x: reveal(camera.x, column, plot.width / x), y: reveal(camera.y, row, plot.height / y) };
}
