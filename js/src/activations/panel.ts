/** What the parts of the activations view have in common. */

import type { ActivationsDocument } from "../data/activations.js";
import type { PanelSettings } from "./settings.js";
import type { TileSource } from "./source.js";

export type { PanelSettings } from "./settings.js";

/** What is looked at. */
export interface Shown {
  readonly doc: ActivationsDocument;
  /** Row of the document's table of tensors; -1: nothing that was captured. */
  readonly row: number;
  readonly sample: number;
  /** The sample whose values are taken off; null: none. */
  readonly against: number | null;
  /** Whether the mean over the samples is shown in place of one. */
  readonly mean: boolean;
  readonly settings: PanelSettings;
}

/** A part of the view; it is updated in place and lives as long as the view. */
export interface Panel {
  node(): HTMLElement;
  show(shown: Shown): void;
  dispose(): void;
}

/** What a part needs of the view around it. */
export interface PanelContext {
  readonly tiles: TileSource;
  /** Changes settings; the view keeps them and shows every part anew. */
  change(settings: Partial<PanelSettings>): void;
  /** Tells the reader in a line. */
  say(text: string): void;
}
