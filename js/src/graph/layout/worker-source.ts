/** The text of `worker.ts`, put here by `js/build.mjs`; without a bundle there is none. */
export const WORKER_SOURCE = "";
