"""The window of Perception Studio. Of the engine it knows only `engine.api` and `engine.raster`; it never loads torch."""
