"""Learning one-shot policies from demonstrations."""
