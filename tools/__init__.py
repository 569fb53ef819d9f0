"""The pinned tools: what they are, where they lie, how they are installed and run."""
