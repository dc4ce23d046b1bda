"""TensorRT engines: their layer information, profiles and times as JSON or in logs, and engine files themselves."""
