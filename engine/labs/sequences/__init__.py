"""Sequences: memory, gradients through time, gates."""
