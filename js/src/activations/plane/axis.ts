/** What is written along an axis of a picture. */

export interface Axis {
  /** "row", "query", "token", "axis 2". */
  readonly name: string;
  /** A word for each place; null: they are numbered. */
  readonly words: readonly string[] | null;
  readonly count: number;
}

export interface Mark {
  readonly at: number;
  readonly text: string;
}

const MOST_LETTERS = 12;

export function shortened(word: string): string {
  const visible = word.replaceAll("\n", "⏎").replaceAll("\t", "⇥");
  return visible.length > MOST_LETTERS ? `${visible.slice(0, MOST_LETTERS - 1)}…` : visible;
}

/** The places in sight that get a text, at least `room` pixels from one another. */
export function axisMarks(axis: Axis, first: number, last: number, pixels: number, room: number): Mark[] {
  const step = axis.words ? Math.max(1, Math.ceil(room / pixels)) : roundStep(room / pixels);
  const from = Math.ceil(Math.max(0, Math.floor(first)) / step) * step;
  const marks: Mark[] = [];
  for (let at = from; at < Math.min(axis.count, last); at += step) {
    marks.push({ at, text: axis.words ? shortened(axis.words[at] ?? "") : String(at) });
  }
  return marks;
}

/** "5", "5 ‘cat’". */
export function placeWord(axis: Axis, place: string, index: number): string {
  const word = axis.words?.[index];
  return word === undefined || place !== String(index) ? place : `${place} ‘${word}’`;
}

/** 1, 2, 5, 10, 20, … at least `least`. */
function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, least)));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= least);
  return Math.max(1, (step ?? 10) * power);
}
