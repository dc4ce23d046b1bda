/** The query language, text to terms: `Conv -type:ConvTranspose macs>1e9 "two words" is:bottleneck`. */

export type Operator = ":" | "=" | "!=" | ">" | ">=" | "<" | "<=";

export interface Term {
  readonly negated: boolean;
  /** "" for a free word. */
  readonly field: string;
  readonly operator: Operator;
  readonly value: string;
  /** As it was typed, without the sign of negation. */
  readonly source: string;
}

/** Nobody types more; a filter that comes from outside may be anything. */
const MOST_LETTERS = 2000;
const MOST_TERMS = 40;

const SPACE = /\s*/y;
const NAME = /"([^"]*)"?|[^\s":=<>!]+/y;
/** Around a comparison blanks are allowed, as people write it; after a colon they are not: `type: ` is half typed. */
const OPERATOR = /\s*:?\s*(!=|>=|<=|=|>|<)\s*|:/y;
const VALUE = /"([^"]*)"?|\S+/y;
const WORD = /\S+/y;

/** Terms are joined by *and*. Every text has a reading: whether its fields exist is seen against a document. */
export function parseQuery(text: string): Term[] {
  const reader = new Reader(text.slice(0, MOST_LETTERS));
  const terms: Term[] = [];
  for (let term = reader.term(); term && terms.length < MOST_TERMS; term = reader.term()) terms.push(term);
  return terms;
}

/** A word as a query would hold it, in quotes where it needs them. */
export function quoted(word: string): string {
  return /^[^\s":=<>!-][^\s":=<>!]*$/.test(word) ? word : `"${word.replaceAll('"', "")}"`;
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  term(): Term | null {
    this.#take(SPACE);
    if (this.#at >= this.#text.length) return null;
    const negated = this.#text[this.#at] === "-" && /\S/.test(this.#text[this.#at + 1] ?? " ");
    if (negated) this.#at += 1;
    const start = this.#at;
    const read = this.#restricted() ?? this.#free(start);
    return { negated, ...read, source: this.#text.slice(start, this.#at) };
  }

  /** `field:value`, `field>value`; null for a free word. */
  #restricted(): Pick<Term, "field" | "operator" | "value"> | null {
    const name = this.#take(NAME);
    const operator = name && this.#take(OPERATOR);
    if (!name || !operator) return null;
    const value = this.#take(VALUE);
    return {
      field: unquoted(name),
      operator: (operator[1] ?? ":") as Operator,
      value: value ? unquoted(value) : "",
    };
  }

  #free(start: number): Pick<Term, "field" | "operator" | "value"> {
    this.#at = start;
    const word = (this.#text[start] === '"' && this.#take(VALUE)) || this.#take(WORD);
    return { field: "", operator: ":", value: word ? unquoted(word) : "" };
  }

  #take(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match) this.#at = pattern.lastIndex;
    return match;
  }
}

function unquoted(match: RegExpExecArray): string {
  return match[1] ?? match[0];
}
