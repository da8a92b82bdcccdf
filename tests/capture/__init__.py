"""Tests of captures: files in, photos to poses, the doctor."""
