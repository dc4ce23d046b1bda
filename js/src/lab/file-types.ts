/** Which files a double click opens as reports, and which others can be opened so. */

import type { DocumentRegistry } from "@jupyterlab/docregistry";

type FileType = Partial<DocumentRegistry.IFileType> & { readonly name: string };

const model = (name: string, displayName: string, extensions: string[], pattern?: string): FileType => ({
  name,
  displayName,
  extensions,
  ...(pattern && { pattern }),
  mimeTypes: ["application/octet-stream"],
  contentType: "file",
  fileFormat: "base64",
});

/** `.bin` is anything; these are the names that checkpoints of that suffix have. */
const CHECKPOINT_BIN = "^([\\w-]*_)?(model|pytorch_model|adapter_model)([-_.]\\d+-of-\\d+)?\\.bin$";

/** Opened by a double click. Suffixes of several parts come before the plain ones that others have. */
export const MODEL_FILES: readonly FileType[] = [
  { ...model("onnx", "ONNX model", [".onnx"]), mimeTypes: ["application/onnx"] },
  model("safetensors", "SafeTensors weights", [".safetensors"]),
  model("gguf", "GGUF model", [".gguf"]),
  model("torch-checkpoint", "PyTorch checkpoint", [".pt", ".pth", ".ckpt"]),
  model("torch-bin", "PyTorch checkpoint", [], CHECKPOINT_BIN),
  model("torch-program", "PyTorch exported program", [".pt2"]),
  model("tensorrt-engine", "TensorRT engine", [".engine", ".plan"]),
  {
    ...model("tensorrt-layers", "TensorRT layer information", [
      ".engine.graph.json",
      ".graph.json",
      ".layer_info.json",
      ".layers.json",
    ]),
    mimeTypes: ["application/json"],
    fileFormat: "text",
  },
];

/** Types of others that may be models: their menu "Open With" has the report, a double click does what it did. */
export const MAYBE_MODELS: readonly string[] = ["json"];
