"""Files of codes: whatever program wrote them, in whatever encoding; broken and hostile ones end in a sentence."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from perks import code_files
from perks.code_files import BadFile, Row, WhichColumn, rows_of


def read(content: bytes, name: str = "codes.csv", column: str = "") -> list[Row]:
    return list(rows_of(io.BytesIO(content), name=name, size=len(content), column=column))


def texts(content: bytes, **options: Any) -> list[str]:
    return [row.text for row in read(content, **options)]


def sheet(*rows: list[Any]) -> bytes:
    book, file = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)  # type: ignore[union-attr]
    book.save(file)
    return file.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends_make_no_difference(encoding: str, end: str) -> None:
    content = end.join(["code", "AAA-1", "GRÜN-2", ""]).encode(encoding)
    assert read(content) == [Row(2, "AAA-1"), Row(3, "GRÜN-2")]


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_the_column_is_known_by_its_heading(mark: str) -> None:
    content = mark.join(["name", "Promo code", "value"]) + "\n" + mark.join(["x", "AAA-1", "5"]) + "\n"
    assert texts(content.encode()) == ["AAA-1"]


def test_of_several_columns_somebody_says_which() -> None:
    content = b"first,second\nA1,B1\nA2,B2\n"
    with pytest.raises(WhichColumn) as unknown:
        read(content)
    assert unknown.value.headings == ["first", "second"]
    assert texts(content, column="second") == ["B1", "B2"]
    assert texts(content, column="2") == ["second", "B1", "B2"]
    assert texts(content, column="A") == ["first", "A1", "A2"]
    with pytest.raises(BadFile, match="no column third"):
        read(content, column="third")


def test_commas_of_a_plain_text_belong_to_the_code() -> None:
    assert texts(b"A,1\nB,2\n", name="codes.txt") == ["A,1", "B,2"]


def test_empty_rows_between_are_told_and_those_at_the_end_are_not() -> None:
    assert read(b"A1\n\nB2\n\n\n") == [Row(1, "A1"), Row(2, ""), Row(3, "B2")]


def test_a_spreadsheet_gives_texts_and_whole_numbers_and_refuses_lost_digits() -> None:
    rows = read(sheet(["Code"], ["AAA-1"], [12345], [None], [12345678901234567890], [True]))
    assert rows[:3] == [Row(2, "AAA-1"), Row(3, "12345"), Row(4, "")]
    assert [(row.number, row.trouble) for row in rows[3:]] == [(5, "digits"), (6, "kind")]


def test_too_many_rows_and_too_many_bytes_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code_files, "MAX_ROWS", 3)
    assert len(read(b"A\nB\nC\n")) == 3
    with pytest.raises(BadFile, match="100,000 rows"):
        read(b"A\nB\nC\nD\n")
    with pytest.raises(BadFile, match="20 MB"):
        list(rows_of(io.BytesIO(b""), name="a.csv", size=code_files.MAX_BYTES + 1))


def test_a_spreadsheet_that_unpacks_to_too_much_is_refused() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (80 * 1024**2))
    with pytest.raises(BadFile, match="packed in an unusual way"):
        read(file.getvalue(), name="codes.xlsx")


def test_a_spreadsheet_with_entities_is_refused() -> None:
    source = zipfile.ZipFile(io.BytesIO(sheet(["code"], ["AAA-1"])))
    file = io.BytesIO()
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    with zipfile.ZipFile(file, "w") as archive:
        for part in source.namelist():
            content = source.read(part)
            if part.endswith(".xml") and b"?>" in content:
                content = content.replace(b"?>", b"?>" + bomb, 1)
            elif part.endswith(".xml"):
                content = bomb + content
            archive.writestr(part, content)
    with pytest.raises(BadFile):
        read(file.getvalue(), name="codes.xlsx")


def test_a_sheet_whose_rows_lie_far_apart_costs_no_memory() -> None:
    book, file = Workbook(), io.BytesIO()
    book.active["A1"] = "AAA-1"  # type: ignore[index]
    book.active["XFD1048576"] = "far away"  # type: ignore[index]
    book.save(file)
    assert texts(file.getvalue(), name="codes.xlsx", column="1") == ["AAA-1"]


START = sheet(["code"], ["AAA-1"])


def read_or_refuse(content: bytes, **options: Any) -> list[Row] | str:
    try:
        return read(content, **options)
    except BadFile as error:
        return str(error)


@settings(max_examples=150)
@given(st.binary(max_size=600), st.sampled_from(["", "1", "b", "code"]), st.sampled_from(["a.csv", "a.txt", "a.xlsx"]))
def test_any_bytes_end_in_rows_or_a_sentence(content: bytes, column: str, name: str) -> None:
    answer = read_or_refuse(content, name=name, column=column)
    if isinstance(answer, str):
        assert answer
    else:
        assert all(len(row.text) <= code_files.MAX_CELL for row in answer)
        assert [row.number for row in answer] == sorted({row.number for row in answer})


@settings(max_examples=60)
@given(st.integers(0, len(START) - 1), st.binary(min_size=1, max_size=8))
def test_any_broken_spreadsheet_ends_in_rows_or_a_sentence(place: int, piece: bytes) -> None:
    answer = read_or_refuse(START[:place] + piece + START[place + len(piece) :], name="a.xlsx")
    assert isinstance(answer, list) or "read" in answer or "spreadsheet" in answer or "column" in answer
