/** Variants that were built and verified: what was asked, what was predicted, what came of it. */

import { isRecord } from "../../data/container.js";
import type { Plan } from "../../data/index.js";
import { parsePlan } from "./plan.js";
import type { Outcome } from "./predict.js";

export interface Build {
  readonly plan: Plan;
  readonly predicted: Outcome | null;
  readonly measured: Outcome;
  /** Of the float model, run by turns with the variant. */
  readonly float_us: number | null;
  /** How many of the samples compared its ranges come from; null: they come from none. */
  readonly calibrated_on: number | null;
  readonly path: string;
}

/** Those that a notebook keeps. */
const MOST_BUILDS = 6;

/** The newest first. */
export function withBuild(builds: readonly Build[], build: Build): Build[] {
  return [build, ...builds.filter(({ path }) => path !== build.path)].slice(0, MOST_BUILDS);
}

/** What the kernel says of a variant that it has built. */
export function builtFrom(content: Readonly<Record<string, unknown>>, plan: Plan, predicted: Outcome | null): Build {
  const { size, latency, cosine, sqnr_db, float_latency, calibrated_on, path } = content;
  const p50 = (value: unknown): number | null => (isRecord(value) ? number(value["p50_us"]) : null);
  return {
    plan,
    predicted,
    measured: { size: number(size), cosine: number(cosine), sqnr_db: number(sqnr_db), latency_us: p50(latency) },
    float_us: p50(float_latency),
    calibrated_on: number(calibrated_on),
    path: typeof path === "string" ? path : "",
  };
}

/** Builds that a notebook kept: it comes from anywhere. */
export function parseBuilds(value: unknown, ops: number): Build[] {
  if (!Array.isArray(value)) return [];
  return value
    .filter(isRecord)
    .slice(0, MOST_BUILDS)
    .map(({ plan, predicted, measured, float_us, calibrated_on, path }) => ({
      plan: parsePlan(isRecord(plan) ? (plan as unknown as Plan) : null, ops),
      predicted: isRecord(predicted) ? outcome(predicted) : null,
      measured: outcome(isRecord(measured) ? measured : {}),
      float_us: number(float_us),
      calibrated_on: number(calibrated_on),
      path: typeof path === "string" ? path : "",
    }));
}

function outcome(value: Record<string, unknown>): Outcome {
  const { sqnr_db, cosine, size, latency_us } = value;
  return { sqnr_db: number(sqnr_db), cosine: number(cosine), size: number(size), latency_us: number(latency_us) };
}

function number(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}
