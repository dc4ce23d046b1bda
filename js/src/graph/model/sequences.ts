/** Numbers sequences of integers: equal ones get the same number, unequal ones never do. */

const EMPTY = -1;

export class Sequences {
  #data = new Int32Array(4096);
  /** Sequence `i` is `data[starts[i]..starts[i+1])`; what was pushed since then lies behind the last. */
  readonly #starts = [0];
  #at = 0;
  readonly #hashes: number[] = [];
  /** Open addressing over hashes; never more than half full. */
  #slots = new Int32Array(256).fill(EMPTY);

  get count(): number {
    return this.#hashes.length;
  }

  push(value: number): void {
    if (this.#at === this.#data.length) {
      const grown = new Int32Array(2 * this.#data.length);
      grown.set(this.#data);
      this.#data = grown;
    }
    this.#data[this.#at++] = value;
  }

  /** The number of the sequence pushed since the last call. */
  take(): number {
    const hash = this.#hash();
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    for (; this.#slots[slot] !== EMPTY; slot = (slot + 1) & mask) {
      const known = this.#slots[slot]!;
      if (this.#hashes[known] !== hash || !this.#equals(known)) continue;
      this.#at = this.#starts[this.#starts.length - 1]!;
      return known;
    }
    return this.#add(slot, hash);
  }

  #add(slot: number, hash: number): number {
    const number = this.#hashes.push(hash) - 1;
    this.#starts.push(this.#at);
    this.#slots[slot] = number;
    if (2 * this.#hashes.length > this.#slots.length) this.#rehash();
    return number;
  }

  /** FNV-1a with a final mix: its low bits alone are weak. */
  #hash(): number {
    let hash = 0x811c9dc5;
    for (let i = this.#starts[this.#starts.length - 1]!; i < this.#at; i += 1) {
      hash = Math.imul(hash ^ this.#data[i]!, 0x01000193);
    }
    hash ^= hash >>> 15;
    return Math.imul(hash, 0x2c1b3c6d) ^ (hash >>> 12);
  }

  #equals(known: number): boolean {
    const [start, stop] = [this.#starts[known]!, this.#starts[known + 1]!];
    const fresh = this.#starts[this.#starts.length - 1]!;
    if (stop - start !== this.#at - fresh) return false;
    for (let i = 0; i < stop - start; i += 1) if (this.#data[start + i] !== this.#data[fresh + i]) return false;
    return true;
  }

  #rehash(): void {
    this.#slots = new Int32Array(4 * this.#slots.length).fill(EMPTY);
    const mask = this.#slots.length - 1;
    this.#hashes.forEach((hash, number) => {
      let slot = hash & mask;
      while (this.#slots[slot] !== EMPTY) slot = (slot + 1) & mask;
      this.#slots[slot] = number;
    });
  }
}
