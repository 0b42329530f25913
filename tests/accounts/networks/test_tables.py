"""Tables of exports are read in bounded memory, and a row that cannot be read loses no other."""

from pathlib import Path

import pytest

from accounts.networks.archive import open_archive
from accounts.networks.exports import tables


def cells(tmp_path: Path, text: str | bytes) -> list[list[str] | str]:
    (tmp_path / "t.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    with open_archive(tmp_path) as archive:
        return [row.reason or row.cells for row in tables.rows(archive, "t.csv")]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_it_sees_what_separates_cells(tmp_path: Path, separator: str) -> None:
    text = separator.join(["a", "b c", "d"]) + "\r\n" + separator.join(["1", '"2\n3"', "4"])
    assert cells(tmp_path, text) == [["a", "b c", "d"], ["1", "2\n3", "4"]]


def test_a_quote_that_is_never_closed_costs_one_row(tmp_path: Path) -> None:
    assert cells(tmp_path, 'a,b\n1,"2\n3,4\n5,6\n') == [["a", "b"], "a quote is not closed", ["3", "4"], ["5", "6"]]


def test_a_stray_quote_costs_one_row(tmp_path: Path) -> None:
    found = cells(tmp_path, 'a,b\n1,5" disk\n3,4\n"x"y,2\n7,8\n')
    assert ["7", "8"] in found
    assert ["3", "4"] in found
    assert sum(isinstance(row, str) for row in found) == 2


def test_a_line_without_end_is_cut_and_the_rest_is_read(tmp_path: Path) -> None:
    text = "a,b\n" + "x" * (tables.MAX_LINE * 3) + "\n1,2\n"
    assert cells(tmp_path, text) == [["a", "b"], f"the line is longer than {tables.MAX_LINE:,} characters", ["1", "2"]]


def test_rows_are_numbered_by_the_line_they_begin_at(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text('a,b\n\n"1\n2",3\n4,5\n')
    with open_archive(tmp_path) as archive:
        assert [row.number for row in tables.rows(archive, "t.csv")] == [1, 3, 5]


def test_it_says_which_columns_are_missing(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    with open_archive(tmp_path) as archive:
        assert [row.reason for row in tables.records(archive, "t.csv", "A", "C")] == ["has no columns A, C"]
