"""GGUF: the format of llama.cpp and its relatives."""
