/** Every way in which a test opens a model, and the groups that are then drawn. */

import type { ReportDocument } from "../../../../js/src/data/index";
import { GraphModel } from "../../../../js/src/graph/model/graph-model";
import { RUN } from "../../../../js/src/graph/model/tree";
import { Expansion } from "../../../../js/src/graph/scene/expansion";
import type { Frame } from "../../../../js/src/graph/scene/frame";
import { Scene } from "../../../../js/src/graph/scene/scene";
import { randomNumbers } from "./random";

/** Random choices of open groups per model. */
const HALF_OPEN = 4;
/** All instances of a run. */
const ALL = -1;

export interface Drawn {
  readonly frame: Frame;
  /** How it came to be drawn, for messages. */
  readonly opening: string;
}

/** Different drawings of open groups: as at first, each group alone, random halves of them, everything. */
export function drawings(doc: ReportDocument): Drawn[] {
  const model = new GraphModel(doc);
  const expansion = new Expansion(model);
  const scene = new Scene(model, expansion, null);
  const seen = new Map<unknown, Drawn>();
  for (const [opening, open] of openings(model, expansion)) {
    expansion.closeAll();
    open();
    scene.touchAll();
    for (const frame of framesOf(scene.root())) {
      if (!seen.has(frame.layout)) seen.set(frame.layout, { frame, opening: `${opening}: ${titleOf(model, frame)}` });
    }
  }
  return [...seen.values()];
}

function titleOf(model: GraphModel, frame: Frame): string {
  return `${model.labels.title(frame.item)} (item ${frame.item}, ${frame.boxes.length} nodes)`;
}

function* openings(model: GraphModel, expansion: Expansion): Generator<[string, () => void]> {
  const weight = (item: number): number => model.tree.hi[item]! - model.tree.lo[item]!;
  const groups = Array.from(model.tree.kind.keys()).filter((item) => model.isGroup(item));
  yield ["as at first", () => expansion.openDefault(weight)];
  for (const group of groups) {
    yield [
      "alone",
      () => {
        expansion.reveal(group);
        expansion.open(group);
      },
    ];
  }
  for (let seed = 1; seed <= HALF_OPEN; seed += 1) {
    yield [`half open, seed ${seed}`, () => openHalf(model, expansion, groups, randomNumbers(seed))];
  }
  yield ["everything", () => expansion.openAll()];
}

function openHalf(
  model: GraphModel,
  expansion: Expansion,
  groups: readonly number[],
  random: (limit: number) => number,
): void {
  for (const group of groups) {
    if (random(2) === 0) expansion.open(group);
    if (random(2) === 0 && model.tree.kind[group] === RUN) expansion.setInstance(group, ALL);
  }
}

export function framesOf(root: Frame): Frame[] {
  const frames = [root];
  for (const frame of frames) for (const kid of frame.kids) if (kid) frames.push(kid);
  return frames;
}
