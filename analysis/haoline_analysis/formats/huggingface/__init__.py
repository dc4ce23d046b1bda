"""Hugging Face model folders: shards through their index, and what the files beside them say."""
