"""A person's own table: separators, names, gaps, words; and what is no table."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.api.errors import DataError
from engine.data import csv_table
from engine.data.csv_table import NumberTable, read_table


def table(folder: Path, text: str) -> NumberTable:
    path = folder / "own.csv"
    path.write_text(text, "utf-8")
    return read_table(path)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|", ", "])
def test_any_common_separator(tmp_path: Path, separator: str) -> None:
    found = table(tmp_path, "\n".join(separator.join(row) for row in (("x", "y"), ("1", "2.5"), ("-3", "4e2"))))
    assert found.columns == ("x", "y")
    assert found.values.tolist() == [[1, 2.5], [-3, 400]]
    assert not found.unread


def test_a_comma_in_numbers_between_semicolons(tmp_path: Path) -> None:
    assert table(tmp_path, "x;y\n1,5;2\n2,5;3\n").values.tolist() == [[1.5, 2], [2.5, 3]]


def test_without_names_columns_are_numbered_and_equal_names_are_told_apart(tmp_path: Path) -> None:
    assert table(tmp_path, "1,2\n3,4\n").columns == ("column 1", "column 2")
    assert table(tmp_path, "a,a,\n3,4,5\n3,4,5\n").columns == ("a", "a (2)", "column 3")


def test_words_are_classes(tmp_path: Path) -> None:
    found = table(tmp_path, 'size,kind\n1,"cat, tame"\n2,dog\n3,dog\n4,"cat, tame"\n')
    assert found.classes == {"kind": ("cat, tame", "dog")}
    assert found.column("kind").tolist() == [0, 1, 1, 0]
    with pytest.raises(DataError, match=r"no column “kin”; did you mean kind\?"):
        found.column("kin")


def test_rows_with_gaps_and_free_words_are_left_out_and_said(tmp_path: Path) -> None:
    rows = "\n".join(f"{number},{number * 2},remark {number}" for number in range(20))
    found = table(tmp_path, f"x,y,remark\n{rows}\n,5,gap\n7,NA,gap\n7,8\n")
    assert found.columns == ("x", "y")
    assert found.values.shape == (20, 2)
    assert found.unread == "Of “own.csv”, 3 rows with gaps, 1 column of free words (remark) left out."


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "holds 0 rows"),
        ("a,b\n", "holds 1 row; a table to learn from has more"),
        ("a,b\nc,d\ne,f\n", "holds no column of numbers"),
        ("x,y\n1,\n,2\n", "every row has a gap"),
        ('x,y\n1,"2\n' + "3" * 200_000, "cannot be read as a table"),
        (",".join("1" * 1500) + "\n" + ",".join("1" * 1500), "has 1,500 columns"),
        ("\0\0\0", "is no text"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(DataError, match=reason):
        table(tmp_path, text)


def test_of_a_long_table_the_beginning_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_table, "MOST_ROWS", 50)
    assert len(table(tmp_path, "\n".join("1,2" for _ in range(90))).values) <= 51


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet='0123456789,;\t|"\n.-eaN ', max_size=200))
def test_any_text_is_a_table_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    try:
        found = table(tmp_path_factory.getbasetemp(), text)
    except DataError:
        return
    assert found.values.isfinite().all()
    assert found.values.shape[1] == len(found.columns) == len(set(found.columns))
