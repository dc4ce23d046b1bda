export { type GraphNodeInfo, type GraphOptions, type GraphProbe, GraphView, type SearchHit } from "./view.js";
