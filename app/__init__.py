"""The window of Perception Studio. It knows `engine.api` and `engine.raster`, nothing else of the engine, and never torch."""
