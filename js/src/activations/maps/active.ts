/** Where a key takes the cursor of the grid. */
export function moved(position: number, key: string, columns: number, page: number, count: number): number | null {
  const steps: Readonly<Record<string, number>> = {
    ArrowLeft: -1,
    ArrowRight: 1,
    ArrowUp: -columns,
    ArrowDown: columns,
    PageUp: -page * columns,
    PageDown: page * columns,
    Home: -count,
    End: count,
  };
  const step = steps[key];
  if (step === undefined || count === 0) return null;
  const to = position + step;
  // A row up from the first row stays; a page up goes to the top.
  if ((key === "ArrowUp" || key === "ArrowDown") && (to < 0 || to >= count)) return position;
  return Math.max(0, Math.min(count - 1, to));
}
