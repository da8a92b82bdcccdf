"""Shapes: reading meshes, distances to them, and surfaces taken out of grids."""
