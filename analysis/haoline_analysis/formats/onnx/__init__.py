"""The ONNX reader: our own scan of the protobuf, so that nothing large is parsed and every bound is checked."""
