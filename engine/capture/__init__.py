"""From photos, a video or posed data to posed photos without distortion: `engine.geometry.cameras.Capture`."""
