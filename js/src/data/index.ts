export * from "./activations.js";
export * from "./columns.js";
export { type Container, ContainerError, decodeContainer } from "./container.js";
export * from "./divergence.js";
export * from "./document.js";
export * as format from "./format.js";
export * from "./host.js";
export * from "./host-state.js";
