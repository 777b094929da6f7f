"""Good rows come out with their lines; bad lines are named and cost nothing but themselves."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lydite.core import AnnotationError
from lydite.data.csvtable import CsvTable, read_csv


def read(tmp_path: Path, data: bytes | str) -> CsvTable:
    path = tmp_path / "t.csv"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return read_csv(path)


@pytest.mark.parametrize("mark", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("between", [",", ";", "\t", "|"])
def test_what_people_save(tmp_path: Path, mark: str, end: str, between: str) -> None:
    lines = ["id{}Label", "1{} Äpfel ", "", '"2"{}"a ""b"" {}c"', "3{}"]
    text = end.join(lines).replace("{}", between) + end
    found = read(tmp_path, text.encode(mark))
    assert found.problems == ()
    assert found.columns == ("id", "Label")
    assert found.frame.rows() == [(2, "1", "Äpfel"), (4, "2", f'a "b" {between}c'), (5, "3", None)]


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (b"x", r"t\.csv, line 3: the line has 1 fields instead of 2\. Seen: x"),
        (b"x,y,z", r"line 3: the line has 3 fields instead of 2\. Seen: x,y,z"),
        (b'"x,y', r"line 3: the line is malformed: "),
        (b'"x"y,z', r"line 3: the line is malformed: ',' expected after"),
        (b'x,"y', r"line 3: the line is malformed: "),
        (b"\xe9,y,z", r"line 3: the line has 3 fields instead of 2\. Seen: \\xe9,y,z"),
        (b"caf\xe9,y", r"line 3: the line is not UTF-8\. Save the file as UTF-8\. Seen: b'caf\\xe9'"),
    ],
)
def test_one_bad_line_costs_itself_only(tmp_path: Path, bad: bytes, message: str) -> None:
    after = b"".join(b'"%d",b%d\n' % (number, number) for number in range(500))
    found = read(tmp_path, b"id,label\n1,a\n" + bad + b"\n" + after)
    (problem,) = found.problems
    with pytest.raises(AnnotationError, match=message):
        raise problem
    assert len(found.frame) == 501
    assert found.frame["line"].to_list() == [2, *range(4, 504)]


def test_an_open_quote_is_found_in_a_file_without_other_quotes(tmp_path: Path) -> None:
    rows = "".join(f"{number},b\n" for number in range(40_000))
    found = read(tmp_path, f'id,label\n1,"a\n{rows}')
    assert [(problem.line, len(found.frame)) for problem in found.problems] == [(2, 40_000)]


def test_fields_may_hold_line_ends_and_lines_are_those_of_the_file(tmp_path: Path) -> None:
    found = read(tmp_path, 'id,label\n1,"two\nlines"\n2,b\n3\n')
    assert found.frame.rows() == [(2, "1", "two\nlines"), (4, "2", "b")]
    assert [problem.line for problem in found.problems] == [5]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", r"t\.csv: the file has no first line that names its columns"),
        (b"\n\n", r"has no first line"),
        (b"\xef\xbb\xbf", r"has no first line"),
        (b"a,a\n1,2\n", r"line 1: the first line names a column twice\. Seen: a"),
        (b"a\xff,b\n", r"line 1: the first line is not UTF-8"),
        (b'"a,b\n1,2\n', r"line 1: the line is malformed"),
        (b"," * 5000, r"names more than 4096 columns"),
    ],
)
def test_a_table_that_cannot_be_used(tmp_path: Path, data: bytes, message: str) -> None:
    with pytest.raises(AnnotationError, match=message):
        read(tmp_path, data)
    with pytest.raises(AnnotationError, match="cannot be read"):
        read_csv(tmp_path / "none.csv")


def test_headers_alone_blank_names_and_a_column_named_line(tmp_path: Path) -> None:
    found = read(tmp_path, ",line,x\n")
    assert (found.columns, len(found.frame)) == (("column_1", "line_", "x"), 0)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.lists(
            st.text(
                st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")) | st.sampled_from("\n,'\"")
            ),
            min_size=2,
            max_size=2,
        ),
        max_size=8,
    )
)
def test_whatever_was_written_is_read(tmp_path: Path, rows: list[list[str]]) -> None:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([["a", "b"], *rows])
    found = read(tmp_path, text.getvalue())
    expected = [tuple(field.strip() or None for field in row) for row in rows]
    assert [row[1:] for row in found.frame.rows()] == expected
    assert not found.problems


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.text("ab é,;\u2028\u0085\x0b", max_size=6)), st.sampled_from(["\n", "\r\n"]), st.booleans()
)
def test_lines_without_quotes_are_read_as_those_with(
    tmp_path: Path, lines: list[str], end: str, last: bool
) -> None:
    text = end.join(["a,b", *lines]) + end * last
    quick = read(tmp_path, text)
    careful = read(tmp_path, f'{text}{"" if last else end}"x",y')  # a quote makes it go line by line
    assert quick.frame.rows() == careful.frame.rows()[:-1]
    assert [str(problem) for problem in quick.problems] == [str(problem) for problem in careful.problems]


def test_care_may_begin_in_any_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lydite.data.csvtable._BLOCK_LETTERS", 20)
    lines = ["id,label", *(f"{number},b" for number in range(50)), '"a\n",b', "x", *("c,d" for _ in range(9))]
    found = read(tmp_path, "\n".join(lines))
    assert found.frame["line"].to_list() == [*range(2, 53), *range(55, 64)]
    assert [problem.line for problem in found.problems] == [54]


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
def test_any_bytes_end_well(tmp_path: Path, data: bytes) -> None:
    try:
        found = read(tmp_path, b"a,b\n" + data)
    except AnnotationError:
        return
    assert found.columns == ("a", "b")
