/** The sidebar's words for where a choice stands. */

import type { Steered } from "./steering";

export interface Status {
  readonly kind: "none" | "waiting" | "queued" | "applied" | "refused";
  readonly text: string;
}

const APPLIED = "Applied: every report shown here is about this hardware.";
const UNCHOSEN = "No choice yet: reports are about the machine that the kernel runs on.";

export function describe(steered: Steered | null): Status {
  if (!steered)
    return { kind: "none", text: "Open a notebook or a model to choose the hardware its reports are about." };
  const { link, session } = steered;
  if (!link || session.hasNoKernel)
    return { kind: "waiting", text: "No kernel. The choice is kept and applied when one starts." };
  if (!link.kernel.handleComms) {
    return { kind: "waiting", text: "This kernel was opened from another tab. Close and reopen this one to steer it." };
  }
  switch (link.state) {
    case "seeking":
      return { kind: "waiting", text: "The kernel has not answered yet." };
    case "unloaded":
      return { kind: "waiting", text: steered.waitsFor };
    case "queued":
      return { kind: "queued", text: "Queued: the kernel is busy. Reports follow when it is free." };
    case "refused":
      return { kind: "refused", text: link.problem };
    case "applied":
      return { kind: "applied", text: steered.choice ? APPLIED : UNCHOSEN };
  }
}
