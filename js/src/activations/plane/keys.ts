/** What keys do to a picture. */

const STEPS: Readonly<Record<string, readonly [rows: number, columns: number]>> = {
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
};
const FACTOR = 1.5;

export function stepOf(key: string, by: number): { rows: number; columns: number } | null {
  const step = STEPS[key];
  return step ? { rows: step[0] * by, columns: step[1] * by } : null;
}

/** 0: the key does not zoom. */
export function zoomOf(key: string): number {
  if (key === "+" || key === "=") return FACTOR;
  return key === "-" ? 1 / FACTOR : 0;
}
