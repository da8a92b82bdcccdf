"""Shapes as functions: level sets, occupancy, signed distance."""
