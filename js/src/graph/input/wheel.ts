/** What a turn of the wheel means: zoom about the cursor; with shift, or sideways, a move to the side. */

const LINE = 24;
/** One notch of a mouse is 100 to 120; a fling of a trackpad must not throw the graph away. */
const MOST = 240;
const PER_PIXEL = 0.0022;
/** The fingers of a pinch arrive as small turns with the control key. */
const PER_PINCHED_PIXEL = 0.008;

export interface WheelMove {
  /** Pixels to the side; 0: zoom by `factor`. */
  readonly dx: number;
  readonly factor: number;
}

export function wheelMove(event: WheelEvent, pinch: boolean): WheelMove {
  const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? LINE : 1;
  const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY);
  if (!pinch && (event.shiftKey || sideways)) {
    // Browsers disagree whether shift turns the wheel's axis.
    const delta = sideways ? event.deltaX : event.deltaY;
    return { dx: -limited(delta * unit), factor: 1 };
  }
  return { dx: 0, factor: Math.exp(-limited(event.deltaY * unit) * (pinch ? PER_PINCHED_PIXEL : PER_PIXEL)) };
}

function limited(delta: number): number {
  return Math.max(-MOST, Math.min(MOST, delta));
}
