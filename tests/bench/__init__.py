"""What the issues ask to be fast or small, measured: `python -m tests.bench` prints the table."""
