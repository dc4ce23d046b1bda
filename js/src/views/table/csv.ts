import { saveBlob } from "../save-blob.js";

/** Tables as text for other programs. */

export type Cell = string | number | null;

/** RFC 4180 text. Strings that a spreadsheet would run as a formula get a leading apostrophe. */
export function csv(header: readonly string[], rows: Iterable<readonly Cell[]>): string {
  const out = [header.map(field).join(",")];
  for (const row of rows) out.push(row.map(field).join(","));
  return `${out.join("\r\n")}\r\n`;
}

/** Tab-separated text for the clipboard, with the same protection. */
export function tsv(header: readonly string[], rows: Iterable<readonly Cell[]>): string {
  const line = (row: readonly Cell[]): string => row.map((cell) => plain(cell).replace(/[\t\r\n]+/g, " ")).join("\t");
  return [header, ...rows].map(line).join("\n");
}

/** Offer text as a download. */
export function download(name: string, text: string, type = "text/csv;charset=utf-8"): void {
  saveBlob(name, new Blob([text], { type }));
}

function field(cell: Cell): string {
  const text = plain(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function plain(cell: Cell): string {
  if (cell === null) return "";
  if (typeof cell === "number") return Number.isFinite(cell) ? String(cell) : "";
  return /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
}
