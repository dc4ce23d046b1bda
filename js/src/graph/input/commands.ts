/** All that can be done to the graph, by name: keys, menus, buttons and the help panel read the same list. */

import type { Desk } from "../desk.js";
import type { Explorer } from "../explorer.js";
import type { Walker } from "./walker.js";

export type Section = "Moving" | "Opening" | "Finding" | "Following" | "Showing";

export interface Command {
  readonly label: string;
  readonly keys: readonly string[];
  readonly section: Section;
  run(): void;
  /** Absent: always. */
  readonly available?: () => boolean;
  /** What to do first where it is not available. */
  readonly needs?: string;
  /** Of what is on or off, whether it is on. */
  readonly active?: () => boolean;
}

export type Commands = ReadonlyMap<string, Command>;

/** What lies around the canvas. */
export interface Surroundings {
  searchFocus(): void;
  toggleLegend(): void;
  toggleHelp(): void;
  toggleMap(): void;
  toggleOutline(): void;
  toggleFullScreen(): void;
  readonly mapOn: () => boolean;
  readonly outlineOn: () => boolean;
  readonly fullScreenOn: () => boolean;
  /** The menu of the selection, at the selection. */
  openMenu(): void;
  escape(): void;
  copyName(): void;
  readonly showInTable: ((ops: readonly number[]) => void) | undefined;
  readonly copyLink: (() => void) | undefined;
}

const DEPTHS = ["1", "2", "3", "4", "5", "6", "7", "8", "9"];

export function graphCommands(desk: Desk, explorer: Explorer, walker: Walker, around: Surroundings): Commands {
  return new Map(
    Object.entries({
      ...moving(desk, walker),
      ...opening(desk, walker),
      ...finding(desk, explorer, around),
      ...following(desk, explorer, around),
      ...showing(desk, around),
    }),
  );
}

type Parts = Readonly<Record<string, Command>>;
type Make = (label: string, keys: readonly string[], run: () => void) => Command;

const SELECT = "Select something first";
const SELECT_TWO = "Select two things first: Shift + click adds the second";

function commandsOf(section: Section, available?: () => boolean): Make {
  return (label, keys, run) => ({ label, keys, section, run, ...(available && { available, needs: SELECT }) });
}

function moving(desk: Desk, walker: Walker): Parts {
  const command = commandsOf("Moving");
  return {
    fit: command("Fit to view", ["f"], () => desk.fit()),
    fitSelection: {
      ...command("Fit the selection", ["z", "F"], () => desk.fitItems([...desk.marked])),
      available: () => desk.marked.size > 0,
      needs: SELECT,
    },
    zoomIn: command("Zoom in", ["+", "="], () => desk.zoomBy(1.3)),
    zoomOut: command("Zoom out", ["-"], () => desk.zoomBy(1 / 1.3)),
    up: command("Walk to what it reads", ["ArrowUp"], () => walker.walk("up")),
    down: command("Walk to what reads it", ["ArrowDown"], () => walker.walk("down")),
    left: command("Walk to the left", ["ArrowLeft"], () => walker.walk("left")),
    right: command("Walk to the right", ["ArrowRight"], () => walker.walk("right")),
    back: {
      ...command("Back to where you were", ["Backspace"], () => desk.back()),
      available: () => !desk.places.empty,
    },
  };
}

function opening(desk: Desk, walker: Walker): Parts {
  const command = commandsOf("Opening");
  const levels = DEPTHS.map((depth) => {
    const label = depth === "1" ? "Open one level" : `Open ${depth} levels`;
    const run = (): void => desk.openMany(({ expansion, top }) => expansion.openTo(Number(depth), top));
    return [`depth${depth}`, command(label, [depth], run)] as const;
  });
  return {
    toggle: { ...command("Open or close", ["Enter", " "], () => walker.toggle()), available: () => walker.onGroup },
    focus: {
      ...command("Show this group alone", ["o", "Shift+Enter"], () => desk.enter(walker.group())),
      available: () => walker.group() > 0,
      needs: "Select a group first",
    },
    ...Object.fromEntries(levels),
    expandAll: command("Open everything", ["e"], () =>
      desk.openMany(({ expansion, top }) => expansion.openAll(undefined, top)),
    ),
    collapseAll: command("Close everything", ["0"], () =>
      desk.openMany(({ expansion, top }) => expansion.openTo(0, top)),
    ),
    collapseOthers: {
      ...command("Close all others", ["c"], () =>
        desk.openMany(({ expansion, top }) => expansion.closeOthers(desk.chosen, top)),
      ),
      available: () => desk.chosen.length > 0,
      needs: SELECT,
    },
    pagePrevious: command("Previous instance of a ×N block", ["["], () => walker.page(-1)),
    pageNext: command("Next instance of a ×N block", ["]"], () => walker.page(1)),
  };
}

function finding(desk: Desk, explorer: Explorer, around: Surroundings): Parts {
  const command = commandsOf("Finding");
  const found = (): boolean => desk.finder.found.length > 0;
  return {
    search: command("Search", ["/"], around.searchFocus),
    nextMatch: { ...command("Next match", ["n"], () => explorer.stepMatch(1)), available: found },
    previousMatch: { ...command("Previous match", ["N"], () => explorer.stepMatch(-1)), available: found },
  };
}

function following(desk: Desk, explorer: Explorer, around: Surroundings): Parts {
  const command = commandsOf("Following", () => desk.chosen.length > 0);
  const { follower } = desk.finder;
  const { showInTable, copyLink } = around;
  return {
    traceUp: {
      ...command("Trace upstream", ["u"], () => explorer.trace("upstream")),
      active: () => follower.has("upstream"),
    },
    traceDown: {
      ...command("Trace downstream", ["d"], () => explorer.trace("downstream")),
      active: () => follower.has("downstream"),
    },
    path: {
      ...command("Shortest path between two", ["p"], () => explorer.connect()),
      available: () => desk.chosen.length === 2,
      needs: SELECT_TWO,
      active: () => follower.path !== null,
    },
    ...(showInTable && { showInTable: command("Show in table", ["t"], () => showInTable([...desk.selectedOps])) }),
    copyName: command("Copy name", [], around.copyName),
    ...(copyLink && { copyLink: { ...command("Copy link to this view", [], copyLink), available: () => true } }),
  };
}

function showing(desk: Desk, around: Surroundings): Parts {
  const command = commandsOf("Showing");
  return {
    heat: { ...command("Heatmap on or off", ["h"], () => desk.toggleHeat()), active: () => desk.tints.color !== "" },
    legend: command("Legend", ["l"], around.toggleLegend),
    menu: command("Menu of the selection", ["Shift+F10", "ContextMenu"], around.openMenu),
    map: { ...command("Map in the corner", ["m"], around.toggleMap), active: around.mapOn },
    outline: { ...command("Outline in words", ["w"], around.toggleOutline), active: around.outlineOn },
    fullScreen: { ...command("Full screen", ["g"], around.toggleFullScreen), active: around.fullScreenOn },
    help: command("Help", ["?"], around.toggleHelp),
    escape: command("Clear: what is followed, the search, the selection, the filter", ["Escape"], around.escape),
  };
}
