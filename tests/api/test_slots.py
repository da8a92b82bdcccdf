"""Frames through shared memory: equal on the other side, their own copies, nothing left behind."""

from __future__ import annotations

from multiprocessing import shared_memory

import numpy as np
import pytest

from engine.api import Axis, Heat, Images, Line, Plot, Text
from engine.api.slots import SlotReader, SlotWriter


def test_a_frame_arrives_equal_and_apart() -> None:
    writer, reader = SlotWriter(), SlotReader()
    heat = Heat(np.random.default_rng(0).normal(size=(5, 7)).astype(np.float32), (0, 1, 0, 1))
    plot = Plot("map", (heat, Line(np.arange(3.0), np.arange(3.0) ** 2, label="square")), x=Axis("x", range=(0, 1)))
    first = reader.read(writer.write(plot, 3))
    assert isinstance(first, Plot)
    field, line = first.layers
    assert isinstance(field, Heat)
    assert isinstance(line, Line)
    np.testing.assert_array_equal(field.values, heat.values)
    np.testing.assert_array_equal(line.y, [0, 1, 4])
    assert (first.x, line.label) == (plot.x, "square")
    reader.read(writer.write(Plot("map", (Heat(heat.values * 0, (0, 1, 0, 1)),)), 4))
    np.testing.assert_array_equal(field.values, heat.values)
    reader.close()
    writer.close()


def test_a_slot_grows_and_nothing_is_left() -> None:
    writer, reader = SlotWriter(), SlotReader()
    names = []
    for side in (4, 400, 8):
        shown = writer.write(Images("samples", np.full((2, side, side), side % 256, np.uint8)), 0)
        names.append(shown.slot)
        frame = reader.read(shown)
        assert isinstance(frame, Images)
        assert frame.pixels.shape == (2, side, side)
        assert frame.pixels.max() == side % 256
    assert names[1] == names[2] != names[0]
    reader.close()
    writer.close()
    for name in names:
        with pytest.raises(FileNotFoundError):
            shared_memory.SharedMemory(name)


def test_a_frame_without_arrays_needs_no_slot() -> None:
    writer, reader = SlotWriter(), SlotReader()
    shown = writer.write(Text("note", "hello"), 0)
    assert shown.slot == ""
    assert reader.read(shown) == Text("note", "hello")


def test_a_slot_whose_writer_is_gone_gives_nothing() -> None:
    writer, reader = SlotWriter(), SlotReader()
    shown = writer.write(Images("samples", np.zeros((1, 2, 2), np.uint8)), 0)
    writer.close()
    assert reader.read(shown) is None


def test_an_empty_array_arrives() -> None:
    writer, reader = SlotWriter(), SlotReader()
    frame = reader.read(writer.write(Images("samples", np.zeros((0, 2, 2), np.uint8)), 0))
    assert isinstance(frame, Images)
    assert frame.pixels.shape == (0, 2, 2)
    reader.close()
    writer.close()
