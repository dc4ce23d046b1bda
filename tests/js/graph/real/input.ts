/** What the layout of an open group was made from. */

import type { LayoutInput } from "../../../../js/src/graph/layout/types";
import { type Frame, portOffset } from "../../../../js/src/graph/scene/frame";

export function inputOf(frame: Frame): LayoutInput {
  const { edges, ports, sizes } = frame;
  const n = frame.boxes.length;
  const [inPorts, outPorts] = [ports.inputs.length, ports.outputs.length];
  const total = n + inPorts + outPorts;
  const size = (at: 0 | 1) => Float64Array.from({ length: total }, (_, i) => (i < n ? sizes[2 * i + at]! : 0));
  const offsets = (ends: Int32Array, points: Int32Array, side: "in" | "out"): Float64Array =>
    Float64Array.from(ends, (end, e) => {
      const kid = points[e]! < 0 ? null : frame.kids[end];
      return kid ? portOffset(kid, side, points[e]!) : 0;
    });
  return {
    n,
    inPorts,
    outPorts,
    width: size(0),
    height: size(1),
    edges: edges.count,
    from: edges.from,
    to: edges.to,
    fromDx: offsets(edges.from, edges.fromPort, "out"),
    toDx: offsets(edges.to, edges.toPort, "in"),
  };
}
