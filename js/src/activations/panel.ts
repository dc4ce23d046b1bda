/** What the parts of the activations view have in common. */

import type { ActivationsDocument } from "../data/activations.js";
import type { PanelSettings } from "./settings.js";
import type { Side, TileSource } from "./source.js";

export type { PanelSettings } from "./settings.js";

/** What pictures have to know of measured tensors, whichever document holds them. */
export type TensorDocument = Pick<
  ActivationsDocument,
  | "id"
  | "tensors"
  | "layout"
  | "dims"
  | "channelAxis"
  | "channelRange"
  | "channelValues"
  | "value"
  | "tensorOf"
  | "tokens"
> & { readonly header: Pick<ActivationsDocument["header"], "samples"> };

/** What is looked at in pictures. */
export interface Pictured {
  readonly doc: TensorDocument;
  /** Row of the document's table of tensors; -1: nothing that was captured. */
  readonly row: number;
  readonly sample: number;
  /** The sample whose values are taken off; null: none. */
  readonly against: number | null;
  /** Whether the mean over the samples is shown in place of one. */
  readonly mean: boolean;
  /** Whose values, where two models are compared. */
  readonly which?: Side;
  readonly settings: PanelSettings;
}

/** What is looked at of a capture. */
export interface Shown extends Pictured {
  readonly doc: ActivationsDocument;
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
