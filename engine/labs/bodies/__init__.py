"""Bodies: seeing, posing, fitting and learning people."""
