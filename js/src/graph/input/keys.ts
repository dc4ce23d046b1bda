/** Keys that the focused graph takes. All others go on to the notebook. */

import type { Command, Commands } from "./commands.js";

/** Buttons keep the keys that work them. */
const OF_BUTTONS = new Set(["Enter", " ", "ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "Home", "End", "Tab"]);
/** Where people type or choose, keys are theirs. */
const TYPING = "input, select, textarea, [contenteditable], [role='menu'], [role='tree']";

/**
 * A key of ours stays here even when it has nothing to act on: what the page around makes of it may delete a cell.
 * `tell` says what is missing then.
 */
export function handleKey(event: KeyboardEvent, commands: Commands, tell: (text: string) => void): void {
  if (event.ctrlKey || event.metaKey || event.altKey || !forGraph(event)) return;
  const command = commandFor(event, commands);
  if (!command) return;
  event.preventDefault();
  event.stopPropagation();
  if (command.available?.() !== false) command.run();
  else if (command.needs) tell(command.needs);
}

function forGraph(event: KeyboardEvent): boolean {
  const target = event.target as Element;
  if (target.closest(TYPING)) return false;
  return !(target.closest("button") && OF_BUTTONS.has(event.key));
}

function commandFor(event: KeyboardEvent, commands: Commands): Command | undefined {
  const all = [...commands.values()];
  const has = (key: string): Command | undefined => all.find((command) => command.keys.includes(key));
  return (event.shiftKey ? has(`Shift+${event.key}`) : undefined) ?? (plain(event) ? has(event.key) : undefined);
}

/** With shift a letter or sign is another one already; a named key is not. */
function plain(event: KeyboardEvent): boolean {
  return !event.shiftKey || event.key.length === 1;
}
