/** Report documents of real models, as the kernel sends them; `setup.ts` makes them. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ReportDocument } from "../../../../js/src/data/index";

export const MODELS = [
  "resnet50",
  "inception_v1",
  "inception_v2",
  "densenet121",
  "bert",
  "gpt2",
  "llama",
  "mixtral",
  "unet",
  "seq2seq",
] as const;

export type ModelName = (typeof MODELS)[number];

const FOLDER = join(import.meta.dirname, "../../../../test-results/documents");

export async function realDocument(name: ModelName): Promise<ReportDocument> {
  return ReportDocument.decode(new Uint8Array(read(name)));
}

function read(name: ModelName): Buffer {
  try {
    return readFileSync(join(FOLDER, `${name}.hlr`));
  } catch (error) {
    throw new Error("Python with this package is needed to make the documents of real models: run scripts/setup", {
      cause: error,
    });
  }
}
