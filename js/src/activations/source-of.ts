import type { Host } from "../data/host.js";
import type { TileSource } from "./source.js";
import { LiveSource } from "./tiles/live.js";
import { SavedSource } from "./tiles/saved.js";

/** The tiles behind a host: from its kernel, or what was kept of the last one. */
export function createSource(host: Host): TileSource {
  return host.live && host.ask ? new LiveSource(host.ask) : new SavedSource(host.get("snapshot"));
}
