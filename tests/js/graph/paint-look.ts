/** The state of a view, for painters that are tested by themselves. */

import type { ReportDocument } from "../../../js/src/data/index";
import type { Look } from "../../../js/src/graph/paint/look";
import { readTheme } from "../../../js/src/graph/paint/theme";
import { Session } from "../../../js/src/graph/scene/session";

export function sessionOf(doc: ReportDocument, all = false): Session {
  const session = new Session(doc, { constants: false });
  if (all) session.expansion.openAll();
  session.scene.touchAll();
  return session;
}

export function lookAt({ model, expansion, summaries, coloring }: Session, changed: Partial<Look> = {}): Look {
  return {
    model,
    expansion,
    summaries,
    coloring,
    theme: { ...readTheme(document.body), contrast: "normal" },
    selected: new Set(),
    hover: -1,
    hoverEdge: null,
    emphasis: null,
    edgeColoring: null,
    change: null,
    current: -1,
    tween: null,
    ...changed,
  };
}
