/** Queries against a model: which ops answer, best first, and what could not be read. */

import type { GraphModel } from "../model/graph-model.js";
import { readTerm } from "./fields.js";
import { parseQuery } from "./query.js";
import { joined, MISS, negation, type Scores } from "./scores.js";

export interface Search {
  /** Op rows, best first and among equals in execution order; null where the query asks nothing. */
  readonly ops: readonly number[] | null;
  /** What is wrong with the query, "" where all of it was understood. */
  readonly problem: string;
}

export function searchOps(model: GraphModel, query: string): Search {
  const scores: Scores[] = [];
  const problems: string[] = [];
  for (const term of parseQuery(query)) {
    const reading = readTerm(model, term);
    if (reading.problem) problems.push(reading.problem);
    if (reading.scores) scores.push(term.negated ? negation(reading.scores) : reading.scores);
  }
  return { ops: scores.length > 0 ? ranked(joined(scores)) : null, problem: problems[0] ?? "" };
}

/** By score, of which there are few: a sort of a hundred thousand ops at every key would be felt. */
function ranked(scores: Scores): number[] {
  const byScore = new Map<number, number[]>();
  for (let op = 0; op < scores.length; op += 1) {
    const score = scores[op]!;
    if (score === MISS) continue;
    const equals = byScore.get(score);
    if (equals) equals.push(op);
    else byScore.set(score, [op]);
  }
  return [...byScore].sort(([a], [b]) => a - b).flatMap(([, ops]) => ops);
}
