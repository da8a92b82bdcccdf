"""Radiance: light along a ray, neural fields and Gaussians."""
