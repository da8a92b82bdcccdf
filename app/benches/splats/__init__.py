"""The Splats workbench: open, look around, select, edit, film and give away a scene of Gaussians; train one from photos."""
