export { whenIdle } from "./idle.js";
export { PairView } from "./pair/pair-view.js";
export type { GraphNodeInfo, GraphProbe } from "./probe.js";
export type { GraphState } from "./state.js";
export { type GraphOptions, GraphView, type SearchHit } from "./view.js";
