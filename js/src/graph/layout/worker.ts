/** The worker's side of `offload.ts`: one layout for each message. The build turns this module into text. */

import { layoutLayered } from "./layered.js";
import type { Layout, LayoutInput } from "./types.js";

export interface Question {
  readonly input: LayoutInput;
}

export interface Answer {
  readonly layout: Layout;
}

self.onmessage = ({ data }: MessageEvent<Question>) => {
  const layout = layoutLayered(data.input);
  const buffers = [layout.x, layout.y, layout.rank, layout.start, layout.points, layout.stub].map(
    ({ buffer }) => buffer,
  );
  self.postMessage({ layout } satisfies Answer, { transfer: [...new Set(buffers)] as ArrayBuffer[] });
};
