"""Here so that the folders below find the helpers of this one, such as ``onnx_files``."""
