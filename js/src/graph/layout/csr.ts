/** Grouping of edges by one end. */

export interface Csr {
  readonly start: Int32Array;
  readonly item: Int32Array;
}

/** Positions `0..keys.length-1` grouped by key, stable. */
export function groupBy(keys: Int32Array, groups: number): Csr {
  const start = new Int32Array(groups + 1);
  for (const key of keys) start[key + 1]! += 1;
  for (let group = 0; group < groups; group += 1) start[group + 1]! += start[group]!;
  const next = start.slice();
  const item = new Int32Array(keys.length);
  keys.forEach((key, i) => {
    item[next[key]!++] = i;
  });
  return { start, item };
}
