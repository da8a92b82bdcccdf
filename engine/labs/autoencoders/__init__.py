"""Autoencoders: squeeze a picture through a code."""
