/**
 * What a numeric column says about each item, worked out once for all of them.
 *
 * Groups are added up from the inside out. Differences of prefix sums would be as fast, but one infinite or huge value
 * would spoil every group after it.
 */

import type { Aggregate, NumericColumn } from "../../data/index.js";
import type { GraphModel } from "../model/graph-model.js";
import { OP } from "../model/tree.js";
import { insideOut } from "./inside-out.js";

export class Aggregator {
  /** Per item; NaN where unknown, and for groups of a column that has no aggregate. */
  readonly values: Float64Array;

  constructor(model: GraphModel, column: NumericColumn) {
    this.values = aggregate(model, column);
  }

  value(item: number): number {
    return this.values[item] ?? Number.NaN;
  }
}

interface Rule {
  /** What an empty group begins with. */
  readonly start: number;
  readonly join: (a: number, b: number) => number;
}

const add: Rule = { start: 0, join: (a, b) => a + b };
const RULES: Readonly<Record<Aggregate, Rule>> = {
  sum: add,
  mean: add,
  max: { start: -Infinity, join: Math.max },
  min: { start: Infinity, join: Math.min },
};

function aggregate(model: GraphModel, column: NumericColumn): Float64Array {
  const how = column.info.aggregate;
  const { start, join } = how ? RULES[how] : add;
  const items = model.tree.kind.length;
  const values = new Float64Array(items).fill(start);
  const [known, asked] = [new Int32Array(items), new Int32Array(items)];
  const take = (item: number, op: number): void => {
    const value = column.at(op);
    asked[item]! += 1;
    if (value === null) return;
    known[item]! += 1;
    values[item] = join(values[item]!, value);
  };
  insideOut(model, take, (group, part) => {
    known[group]! += known[part]!;
    asked[group]! += asked[part]!;
    if (known[part]! > 0) values[group] = join(values[group]!, values[part]!);
  });
  return values.map((value, item) => {
    if (known[item] === 0 || (how === null && model.tree.kind[item] !== OP)) return Number.NaN;
    // As in the scope table: costs of zero beside unknown ones are no total.
    if (how === "sum" && value === 0 && known[item]! < asked[item]!) return Number.NaN;
    return how === "mean" ? value / known[item]! : value;
  });
}
