import bundled from "../../../analysis/haoline_analysis/hardware/profiles.json";
import { size } from "./units.js";

/** A device as the engine's table describes it; null or absent where no figure is published. */
export interface Profile {
  readonly id: string;
  readonly name: string;
  readonly vendor: string;
  readonly kind?: string | null;
  readonly memory_bytes?: number | null;
  readonly bandwidth?: number | null;
  readonly peaks?: Readonly<Record<string, number | null>>;
  readonly tdp_watts?: number | null;
  readonly architecture?: string | null;
  readonly memory_marketing_gb?: number | null;
  readonly link?: { readonly name?: string; readonly bytes_per_s?: number | null } | null;
  readonly sources?: Readonly<Record<string, string>>;
  readonly aliases?: readonly string[];
  readonly notes?: string;
}

export interface ProfileFilter {
  readonly text: string;
  readonly vendor: string;
  readonly minimumMemory: number;
}

/** All devices the package knows, in its order. */
export const PROFILES: readonly Profile[] = bundled.profiles as unknown as Profile[];

const BY_ID = new Map(PROFILES.map((profile) => [profile.id, profile]));

export function findProfile(id: string): Profile | undefined {
  return BY_ID.get(id);
}

export function vendors(profiles: readonly Profile[]): string[] {
  return [...new Set(profiles.map((profile) => profile.vendor))].sort();
}

/** Bytes of memory as the vendor counts them: an "80 GB" card reports a little more or less. */
export function nominalMemory(profile: Profile): number | null {
  const marketed = profile.memory_marketing_gb;
  return marketed ? marketed * 1e9 : (profile.memory_bytes ?? null);
}

/** Profiles whose names have every word of the text. */
export function searchProfiles(profiles: readonly Profile[], filter: ProfileFilter): Profile[] {
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  return profiles.filter((profile) => {
    const { name, vendor, architecture, id, aliases = [] } = profile;
    const text = [name, vendor, architecture, id, ...aliases].join(" ").toLowerCase();
    const enough = (nominalMemory(profile) ?? 0) >= filter.minimumMemory;
    return enough && (!filter.vendor || vendor === filter.vendor) && words.every((word) => text.includes(word));
  });
}

/** Every precision one can ask for, widest first; a device without a peak for it computes in another. */
export const PRECISIONS: readonly string[] = ["fp64", "fp32", "tf32", "fp16", "bf16", "fp8", "int8", "fp4", "int4"];

/** A peak rate with its unit: integer rates are operations, not FLOPs. */
export function peakText(precision: string, peak: number | null | undefined): string {
  return size(peak, precision.startsWith("int") ? "OP/s" : "FLOP/s");
}
