import { describe, expect, it } from "vitest";
import { MODEL_FILES } from "../../../js/src/lab/file-types";

/** As JupyterLab looks a file up: by pattern, then by its longest known suffix. */
function typeOf(name: string): string | undefined {
  const pattern = MODEL_FILES.find((type) => type.pattern && name.match(type.pattern));
  if (pattern) return pattern.name;
  for (let dot = name.indexOf("."); dot >= 0; dot = name.indexOf(".", dot + 1)) {
    const found = MODEL_FILES.find(({ extensions }) => extensions?.includes(name.slice(dot).toLowerCase()));
    if (found) return found.name;
  }
  return undefined;
}

describe("a double click", () => {
  it.each([
    ["model.onnx", "onnx"],
    ["model-00001-of-00030.safetensors", "safetensors"],
    ["Llama-3.1.Q4_K_M.gguf", "gguf"],
    ["best.pt", "torch-checkpoint"],
    ["epoch=3-step=9.ckpt", "torch-checkpoint"],
    ["program.pt2", "torch-program"],
    ["resnet.plan", "tensorrt-engine"],
    ["resnet.onnx.engine.graph.json", "tensorrt-layers"],
    ["pytorch_model.bin", "torch-bin"],
    ["pytorch_model-00001-of-00002.bin", "torch-bin"],
    ["diffusion_pytorch_model.bin", "torch-bin"],
    ["adapter_model.bin", "torch-bin"],
  ])("opens %s as a model", (name, type) => {
    expect(typeOf(name)).toBe(type);
  });

  it.each(["firmware.bin", "model.bin.txt", "config.json", "model.safetensors.index.json", "resnet.profile.json"])(
    "leaves %s as it was",
    (name) => {
      expect(typeOf(name)).toBeUndefined();
    },
  );
});
