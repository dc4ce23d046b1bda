/** What a desk tells those around it. */

import type { GraphState } from "./state.js";

export type Field = keyof GraphState;

export interface DeskEvents {
  /** The user selected ops. */
  selected(ops: number[]): void;
  /** Something for a screen reader. */
  say(text: string): void;
  /** Something for everyone, for a moment. */
  tell(text: string): void;
  /** Colours, what is hidden or the document changed. */
  changed(): void;
  /** What is selected, found, followed, filtered or shown alone changed. */
  shown(): void;
  /** The user changed parts of the state. */
  touched(...fields: Field[]): void;
}
