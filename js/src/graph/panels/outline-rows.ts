/** What is drawn, as the rows of a tree. */

export interface OutlineSource {
  /** Items drawn side by side in an open group, or at the top with -1. */
  children(item: number): readonly number[];
  isGroup(item: number): boolean;
  isOpen(item: number): boolean;
  isSelected(item: number): boolean;
  title(item: number): string;
  /** A few quiet words after the title. */
  note(item: number): string;
  /** The whole row in words, for screen readers. */
  spoken(item: number): string;
}

export interface Row {
  readonly item: number;
  /** From 1. */
  readonly level: number;
  readonly index: number;
  readonly siblings: number;
}

/** The first `limit` rows depth first, with a stack of its own: groups may nest deep. */
export function flatten(source: OutlineSource, limit = Number.POSITIVE_INFINITY): Row[] {
  const rows: Row[] = [];
  const open: { items: readonly number[]; next: number }[] = [{ items: source.children(-1), next: 0 }];
  for (let top = open.at(-1); top && rows.length < limit; top = open.at(-1)) {
    const item = top.items[top.next];
    if (item === undefined) {
      open.pop();
      continue;
    }
    rows.push({ item, level: open.length, index: top.next, siblings: top.items.length });
    top.next += 1;
    if (source.isGroup(item) && source.isOpen(item)) open.push({ items: source.children(item), next: 0 });
  }
  return rows;
}
