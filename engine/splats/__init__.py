"""Scenes of 3-D Gaussians: what they are, their pictures with derivatives, and how they are trained from photos."""
