/** What a term asks of the ops of a document. */

import { type Column, NumericColumn, StringColumn } from "../../data/index.js";
import type { GraphModel } from "../model/graph-model.js";
import { parseTest } from "./numbers.js";
import type { Term } from "./query.js";
import { answer } from "./questions.js";
import { MISS, misses, negation, type Ranks, type Scores, scoreWords, tensorOps, type Wanted } from "./scores.js";

export interface Reading {
  /** null for a term that says nothing: it is left out. */
  readonly scores: Scores | null;
  /** What is wrong with the term, for the person who typed it. */
  readonly problem: string;
}

const ONE_FIELD: Ranks = [0, 1, 2];

export function readTerm(model: GraphModel, term: Term): Reading {
  const { field, operator, value } = term;
  if (field === "") return value === "" ? nothing("") : good(everywhere(model, value));
  if (value === "") return nothing(`“${field}${operator}” needs a value`);
  const name = field.toLowerCase();
  if (name === "is" || name === "has") return questioned(model, name, value);
  const scores = named(model, name, wantedBy(term));
  if (scores && comparison(term)) return nothing(`“${field}” holds words: try ${field}:${value}`);
  if (scores) return good(operator === "!=" ? negation(scores) : scores);
  const column = columnOf(model, name);
  if (column instanceof NumericColumn) return compared(model, column, term);
  return unknown(model, term);
}

function good(scores: Scores): Reading {
  return { scores, problem: "" };
}

function nothing(problem: string): Reading {
  return { scores: null, problem };
}

function comparison({ operator }: Term): boolean {
  return operator !== ":" && operator !== "=" && operator !== "!=";
}

function wantedBy({ operator, value }: Term): Wanted {
  return { text: value.toLowerCase(), whole: operator !== ":" };
}

function everywhere(model: GraphModel, value: string): Scores {
  const { doc } = model;
  const scores = misses(doc.ops.rows);
  const wanted = { text: value.toLowerCase(), whole: false };
  scoreWords(doc.ops.text("type"), wanted, [0, 2, 3], scores);
  scoreWords(doc.ops.text("name"), wanted, [1, 4, 5], scores);
  scoreTensors(model, wanted, [6, 7, 8], scores);
  scoreScopes(model, wanted, [9, 10, 11], scores);
  scoreWords(doc.ops.text("attributes"), wanted, [12, 13, 14], scores);
  return scores;
}

/** Scores by a field of words; null where the document has none of that name. */
function named(model: GraphModel, field: string, wanted: Wanted): Scores | null {
  const scores = misses(model.doc.ops.rows);
  if (field === "tensor") scoreTensors(model, wanted, ONE_FIELD, scores);
  else if (field === "scope") scoreScopes(model, wanted, ONE_FIELD, scores);
  else {
    const column = columnOf(model, field === "attr" ? "attributes" : field);
    if (!(column instanceof StringColumn)) return field === "attr" ? scores : null;
    scoreWords(column, wanted, ONE_FIELD, scores);
  }
  return scores;
}

function scoreTensors(model: GraphModel, wanted: Wanted, ranks: Ranks, scores: Scores): void {
  const ops = tensorOps(model);
  scoreWords(model.doc.tensors.text("name"), wanted, ranks, scores, (row) => ops[row]!);
}

/** A scope answers for all ops inside it; `scope=` wants the scope itself or one above. */
function scoreScopes(model: GraphModel, wanted: Wanted, ranks: Ranks, scores: Scores): void {
  const { scopes } = model.doc;
  const own = misses(scopes.rows);
  scoreWords(scopes.text("path"), wanted, ranks, own);
  const parent = scopes.indices("parent");
  for (let row = 1; row < own.length; row += 1) {
    const above = parent[row]!;
    // The root is the whole model: its name would answer for everything.
    if (above > 0 && above < row && own[above] !== MISS) own[row] = Math.min(own[row]!, own[above]! + 0.5);
  }
  const { scopeOf } = model.graph;
  for (let op = 0; op < scores.length; op += 1) {
    const row = scopeOf[op]!;
    if (row > 0 && own[row]! < scores[op]!) scores[op] = own[row]!;
  }
}

function columnOf(model: GraphModel, name: string): Column | undefined {
  const { ops } = model.doc;
  return ops.column(name) ?? ops.columns.find((column) => column.info.name.toLowerCase() === name);
}

function compared(model: GraphModel, column: NumericColumn, term: Term): Reading {
  const test = parseTest(term.operator, term.value, column.info.unit);
  if (!test) return nothing(`“${term.value}” is no number: try ${term.field}>1e6 or ${term.field}:1e6..1e9`);
  const scores = misses(model.doc.ops.rows);
  for (let op = 0; op < scores.length; op += 1) {
    const value = column.at(op);
    if (value !== null && test(value)) scores[op] = 0;
  }
  return good(scores);
}

function questioned(model: GraphModel, verb: "is" | "has", value: string): Reading {
  const scores = answer(model, verb, value.toLowerCase());
  if (scores) return good(scores);
  const known = verb === "is" ? "is:bottleneck, is:quantized, is:constant" : "has:finding, has:parameters";
  return nothing(`“${verb}:${value}” is no question: try ${known}`);
}

/** Tensor names hold colons themselves (`dense/Relu:0`): what names no column may be one. */
function unknown(model: GraphModel, term: Term): Reading {
  const problem = `There is no column “${term.field}”`;
  if (term.operator !== ":") return nothing(problem);
  const scores = everywhere(model, term.source);
  return scores.some((score) => score !== MISS) ? good(scores) : nothing(problem);
}
