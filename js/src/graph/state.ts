/** What a view shows, in words that survive a reload. Every field is a two-way trait of the Python `GraphView`. */

import type { Camera } from "./paint/camera.js";

export interface GraphState {
  /** Op rows. */
  readonly selection: readonly number[];
  /** Addresses of the open groups (`model/address.ts`); null: what the view opens by itself. */
  readonly expanded: readonly string[] | null;
  /** Address of the group that is shown alone; "": the whole model. */
  readonly focus: string;
  /** null: everything fitted into the view. */
  readonly camera: Camera | null;
  /** Column of the op table that colours nodes; "": categories. */
  readonly color: string;
  /** Column of the tensor table that colours edges; "": precision. */
  readonly edgeColor: string;
  /** Column of the op table that sizes nodes; "": all alike. */
  readonly size: string;
  /** A query: what does not match fades. */
  readonly filter: string;
  /** Whether ops that depend on weights alone are drawn. */
  readonly constants: boolean;
  /** Whether Quantize/DequantizeLinear ops are drawn. */
  readonly quantizers: boolean;
}
