"""The Bodies workbench: bodies that one poses, shapes and moves, and gives to other programs."""
