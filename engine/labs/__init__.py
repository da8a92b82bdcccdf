"""The labs: one file each, found by its place: `engine/labs/TOPIC/LAB.py` is the lab `TOPIC.LAB`."""
