/** What is being followed, in one line. */

import { format } from "../../data/index.js";
import type { Follower } from "../explore/follower.js";
import { OP } from "../model/tree.js";
import type { Session } from "../scene/session.js";

/** With more on the way than this nobody asks how many of them stand in closed groups. */
const MOST_COUNTED = 200_000;

export function resultWords(session: Session, follower: Follower): string {
  const { member } = follower;
  if (!member) return "";
  const { ops, hidden } = counts(session, member);
  const closed = hidden > 0 ? ` · ${format.exact(hidden)} in closed groups` : "";
  return `${what(follower)}: ${plural(ops)}${closed}`;
}

function what(follower: Follower): string {
  const { path } = follower;
  if (path?.flow === "mixed") return "Shortest link, partly against the flow: no path leads from one to the other";
  if (path) return path.flow === "forward" ? "Shortest path" : "Shortest path, from the second to the first";
  const ways = ["upstream", "downstream"] as const;
  const followed = ways.filter((way) => follower.has(way)).join(" and ");
  return followed.charAt(0).toUpperCase() + followed.slice(1);
}

function plural(ops: number): string {
  return `${format.exact(ops)} ${ops === 1 ? "op" : "ops"}`;
}

function counts(session: Session, member: Uint8Array): { ops: number; hidden: number } {
  const { itemOf, kind } = session.model.tree;
  let [ops, hidden] = [0, 0];
  for (let leaf = 0; leaf < member.length; leaf += 1) {
    const item = itemOf[leaf]!;
    if (member[leaf] === 0 || kind[item] !== OP) continue;
    ops += 1;
    if (ops <= MOST_COUNTED && session.expansion.visible(item) !== item) hidden += 1;
  }
  return { ops, hidden };
}
