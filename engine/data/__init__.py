"""Data sets: scikit-learn's digits, procedural ones with known truth, and the person's own pictures."""
