"""The workbenches: topics big enough for pages of their own, built from the same views, controls and runs."""
