"""Files of Gaussian scenes: one module a format, one table (`formats`), one way in (`read_scene`), one way out (`export_scene`)."""
