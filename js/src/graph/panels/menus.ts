/** What stands in the menus. */

import { format } from "../../data/index.js";
import type { Desk } from "../desk.js";
import type { Commands } from "../input/commands.js";
import { sign } from "./help.js";
import type { MenuContent, MenuItem } from "./menu.js";

const CONTEXT = [
  ["toggle", "focus", "collapseOthers"],
  ["traceUp", "traceDown", "path"],
  ["fitSelection", "showInTable", "copyName", "copyLink"],
];
const CANVAS = [["fit", "back"], ["expandAll", "collapseAll"], ["copyLink"]];
const LEVELS = [
  ["depth1", "depth2", "depth3", "expandAll"],
  ["collapseAll", "collapseOthers"],
];

/** The menu of the selection; of the canvas where nothing is selected. */
export function contextMenu(desk: Desk, commands: Commands): MenuContent {
  return itemsOf(commands, desk.chosen.length > 0 ? CONTEXT : CANVAS);
}

export function levelsMenu(commands: Commands): MenuContent {
  return itemsOf(commands, LEVELS);
}

/** Things to save the view as. */
export interface Save {
  readonly label: string;
  run(): void;
}

export function moreMenu(desk: Desk, commands: Commands, saves: readonly Save[]): MenuContent {
  const { model } = desk.session;
  const { constants, quantizers = true } = model.options;
  const hidable: MenuItem[] = [];
  if (constants || model.hiddenOps > 0)
    hidable.push({
      label: constants ? "Constants" : `Constants (${format.exact(model.hiddenOps)} ops)`,
      checked: constants,
      run: () => desk.leaveOut({ constants: !constants }),
    });
  if (model.quantizerOps > 0)
    hidable.push({
      label: `Quantize and dequantize (${format.exact(model.quantizerOps)} ops)`,
      checked: quantizers,
      run: () => desk.leaveOut({ quantizers: !quantizers }),
    });
  return [
    hidable,
    ...itemsOf(commands, [["outline", "map", "fullScreen"]]),
    saves,
    ...itemsOf(commands, [["copyLink", "help"]]),
  ];
}

function itemsOf(commands: Commands, groups: readonly (readonly string[])[]): MenuContent {
  return groups.map((ids) =>
    ids.flatMap((id) => {
      const command = commands.get(id);
      if (!command) return [];
      const { label, keys, run, available, active } = command;
      const key = keys[0] && sign(keys[0]);
      return [{ label, key, disabled: available?.() === false, checked: active?.(), run: () => run() }];
    }),
  );
}
