"""Everything that computes. Never imports Qt or `app`."""
