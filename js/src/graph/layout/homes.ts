/** Where border points stand when a drawing is set in columns, and which edges can be drawn then. */

import type { Layout, LayoutInput } from "./types.js";

/** The column of each node. A border point stands where it is first read, or where it is last given. */
export function homeColumns(input: LayoutInput, layout: Layout, column: Int32Array): Int32Array {
  const { n, inPorts, from, to } = input;
  const home = layout.rank.map((rank) => column[rank]!);
  const own = home.slice();
  home.fill(own.length, n, n + inPorts).fill(-1, n + inPorts);
  for (let e = 0; e < input.edges; e += 1) {
    const source = from[e]!;
    if (!layout.stub[e] && source >= n) home[source] = Math.min(home[source]!, own[to[e]!]!);
  }
  for (let port = n; port < n + inPorts; port += 1) if (home[port] === own.length) home[port] = own[port]!;
  for (let e = 0; e < input.edges; e += 1) {
    const target = to[e]!;
    if (!layout.stub[e] && target >= n) home[target] = Math.max(home[target]!, home[from[e]!]!);
  }
  return home.map((value, node) => (value < 0 ? own[node]! : value));
}

/** Stubs as before, and edges that would have to pass a whole column. */
export function stubsOfColumns(input: LayoutInput, layout: Layout, column: Int32Array): Uint8Array {
  const home = homeColumns(input, layout, column);
  return layout.stub.map((stub, e) => {
    const [from, to] = [input.from[e]!, input.to[e]!];
    const far = Math.abs(home[from]! - home[to]!);
    return stub || far > (atBorder(input, e) ? 0 : 1) ? 1 : 0;
  });
}

/** Whether an edge begins or ends on the border. */
export function atBorder(input: LayoutInput, e: number): boolean {
  return input.from[e]! >= input.n || input.to[e]! >= input.n;
}
