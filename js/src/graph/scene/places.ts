/** Where one has been, for the way back. */

import { ROOT } from "../model/tree.js";
import type { Camera, Rect } from "../paint/camera.js";
import type { Session } from "./session.js";
import { rootRect } from "./walk.js";

interface Place {
  readonly top: number;
  readonly camera: Camera;
  /** The item that was looked at, -1 for none. */
  readonly anchor: number;
  /** Where that stood: once it stands elsewhere the camera would show something else. */
  readonly rect: Rect | null;
}

const MOST = 50;

export class Places {
  readonly #been: Place[] = [];

  push(session: Session, camera: Camera, anchor: number): void {
    this.#been.push({ top: session.top, camera, anchor, rect: rectOf(session, anchor) });
    if (this.#been.length > MOST) this.#been.shift();
  }

  pop(): Place | undefined {
    return this.#been.pop();
  }

  get empty(): boolean {
    return this.#been.length === 0;
  }

  clear(): void {
    this.#been.length = 0;
  }
}

/** Whether a camera shows now what it showed then. */
export function stillThere(session: Session, { anchor, rect }: Place): boolean {
  const now = rectOf(session, anchor);
  if (!rect || !now) return rect === now;
  return Math.abs(now.x - rect.x) + Math.abs(now.y - rect.y) < 1;
}

function rectOf(session: Session, anchor: number): Rect | null {
  if (anchor <= ROOT) return rootRect(session.root());
  return session.place(session.expansion.visible(anchor))?.rect ?? null;
}
