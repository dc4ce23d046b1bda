/** Has Python write the report documents of real models, if those at hand are older than what they are made from. */

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";

const ROOT = resolve(import.meta.dirname, "../../../..");
const FOLDER = join(ROOT, "test-results/documents");
const SCRIPT = join(import.meta.dirname, "documents.py");
const SOURCES = ["analysis/haoline_analysis", "tests/models", "examples/models"];
/** Written last: without it a run was cut short. */
const STAMP = join(FOLDER, "complete");

/**
 * Python is the one of the environment that scripts/setup makes, or the first on the path. Where it cannot do it, the
 * tests that need the documents fail and say so; the others run.
 */
export default function setup(): void {
  if (existsSync(STAMP) && statSync(STAMP).mtimeMs > newest()) return;
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  const own = join(ROOT, ".venv/bin/python");
  const path = [join(ROOT, "analysis"), process.env.PYTHONPATH].filter(Boolean).join(delimiter);
  try {
    execFileSync(existsSync(own) ? own : "python", [SCRIPT, FOLDER, STAMP], {
      env: { ...process.env, PYTHONPATH: path },
      stdio: ["ignore", "ignore", "inherit"],
    });
  } catch (error) {
    console.warn(`No documents of real models: ${error instanceof Error ? error.message : error}`);
  }
}

function newest(): number {
  let time = statSync(SCRIPT).mtimeMs;
  for (const source of SOURCES) {
    for (const file of readdirSync(join(ROOT, source), { recursive: true, encoding: "utf8" })) {
      if (/\.(py|json|onnx)$/.test(file)) time = Math.max(time, statSync(join(ROOT, source, file)).mtimeMs);
    }
  }
  return time;
}
