/** Has Python write the report documents of real models, if those at hand are older than what they are made from. */

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";

const ROOT = resolve(import.meta.dirname, "../../../..");
const FOLDER = join(ROOT, "test-results/documents");
const SCRIPT = join(import.meta.dirname, "documents.py");
const SOURCES = ["analysis/haoline_analysis", "tests/models", "examples/models"];

/**
 * Python is the one of the environment that scripts/setup makes, or the first on the path. Where it cannot do it, the
 * tests that need the documents use older ones, or fail and say so; the others run.
 */
export default function setup(): void {
  if (existsSync(FOLDER) && statSync(FOLDER).mtimeMs > newest()) return;
  const fresh = `${FOLDER}-${process.pid}`;
  try {
    mkdirSync(fresh, { recursive: true });
    writeDocuments(fresh);
    rmSync(FOLDER, { recursive: true, force: true });
    renameSync(fresh, FOLDER);
  } catch (error) {
    console.warn(`No new documents of real models: ${error instanceof Error ? error.message : error}`);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

function writeDocuments(folder: string): void {
  const own = join(ROOT, ".venv/bin/python");
  const path = [join(ROOT, "analysis"), process.env.PYTHONPATH].filter(Boolean).join(delimiter);
  execFileSync(existsSync(own) ? own : "python3", [SCRIPT, folder], {
    env: { ...process.env, PYTHONPATH: path },
    stdio: ["ignore", "ignore", "inherit"],
  });
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
