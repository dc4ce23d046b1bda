import { percent } from "../../../data/format.js";

/** How much of the error few channels hold is worth a word from here on. */
const LEAST_SHARE = 0.5;
/** Few are at most this part of the channels. */
const FEW = 0.1;

/** "The worst 3 of 64 channels hold 71 % of the squared error."; "" where it is spread over many. */
export function errorShare(mse: ArrayLike<number> | null, word: string): string {
  const values = Array.from(mse ?? []).filter((value) => value > 0);
  const total = values.reduce((sum, value) => sum + value, 0);
  if (!(total > 0) || values.length < 4) return "";
  values.sort((a, b) => b - a);
  const most = Math.max(1, Math.floor(FEW * values.length));
  let [held, count] = [0, 0];
  while (count < most && held < LEAST_SHARE * total) {
    held += values[count]!;
    count += 1;
  }
  if (held < LEAST_SHARE * total) return "";
  const all = `of ${mse?.length} ${word}s`;
  const who = count === 1 ? `One ${all} holds` : `${count} ${all} hold`;
  return `${who} ${percent(held / total)} of the squared error.`;
}
