"""Blocks that two labs or more share."""
