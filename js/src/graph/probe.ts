/** What a view shows, for tests from outside: `element.haolineGraph`. */

import type { Desk } from "./desk.js";
import type { StateKeeper } from "./keeper.js";
import { OP } from "./model/tree.js";
import { overlaps, type Rect } from "./paint/camera.js";
import { titleOf } from "./panels/describe.js";
import type { Frame } from "./scene/frame.js";
import { stubSpot } from "./scene/hit.js";
import { rootRect, walk } from "./scene/walk.js";
import type { GraphState } from "./state.js";

/** A node as it stands on the screen, in CSS pixels relative to the canvas. */
export interface GraphNodeInfo {
  readonly id: number;
  readonly label: string;
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
  readonly group: boolean;
  readonly expanded: boolean;
  readonly ops: number[];
}

export interface GraphStubInfo {
  readonly source: number[];
  readonly x: number;
  readonly y: number;
}

export interface GraphProbe {
  /** Drawn nodes in view, outer before inner. */
  nodes(): GraphNodeInfo[];
  /** Stubs of tensors that many read, in view: what each comes from, and where it is pressed. */
  stubs(): GraphStubInfo[];
  state(): GraphState;
  setState(changed: Partial<GraphState>): void;
  /** Op rows that stand out; null while all do. */
  emphasised(): number[] | null;
  /** Layouts computed, and asked for: their difference came from memory. */
  layouts(): { computed: number; asked: number };
}

export function makeProbe(desk: Desk, keeper: StateKeeper): GraphProbe {
  return {
    nodes: () => nodesInView(desk),
    stubs: () => stubsInView(desk),
    state: () => keeper.state(),
    setState: (changed) => keeper.set(changed),
    emphasised: () => emphasised(desk),
    layouts: () => desk.session.scene.layouts,
  };
}

function nodesInView({ session, stage }: Desk): GraphNodeInfo[] {
  const { model } = session;
  const nodes: GraphNodeInfo[] = [];
  walk(session.root(), stage.view, ({ item, rect, frame }) => {
    nodes.push({
      id: item,
      label: titleOf(session, item),
      ...stage.toScreen(rect),
      group: model.isGroup(item),
      expanded: frame !== null,
      ops: model.opsOf(item),
    });
    return true;
  });
  return nodes;
}

function stubsInView({ session, stage }: Desk): GraphStubInfo[] {
  const { model } = session;
  const found: GraphStubInfo[] = [];
  const search = (frame: Frame, at: Rect): void => {
    for (let e = 0; e < frame.edges.count; e += 1) {
      if (!frame.layout.stub[e]) continue;
      const spot = stubSpot(frame, e);
      const rect = { x: at.x + frame.dx + spot.x, y: at.y + frame.dy + spot.y, w: 0, h: 0 };
      const source = model.tree.itemOf[model.edges.from[frame.edges.sample[e]!]!]!;
      const { x, y } = stage.toScreen(rect);
      if (overlaps(rect, stage.view)) found.push({ source: model.opsOf(source), x, y });
    }
  };
  const root = session.root();
  search(root, rootRect(root));
  walk(root, stage.view, ({ frame, rect }) => {
    if (frame) search(frame, rect);
    return true;
  });
  return found;
}

function emphasised({ finder, session }: Desk): number[] | null {
  const leaves = finder.emphasis?.leaves;
  if (!leaves) return null;
  const { itemOf, kind, ref } = session.model.tree;
  const ops: number[] = [];
  for (let leaf = 0; leaf < itemOf.length; leaf += 1) {
    const item = itemOf[leaf]!;
    if (leaves[leaf + 1]! > leaves[leaf]! && kind[item] === OP) ops.push(ref[item]!);
  }
  return ops;
}
