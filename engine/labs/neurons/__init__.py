"""Neurons: from a threshold unit to a network."""
