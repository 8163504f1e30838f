"""Series of the archives: values, labels, and headers that do not keep what they say."""

from pathlib import Path

import numpy as np
import pytest

from ondes.errors import FormatError, InputError, NotFiniteError
from ondes.io.ts import read_ts

HEADER = "# a comment\n@problemName Two steps\n@timeStamps false\n@missing false\n"


def written(folder: Path, header: str, data: str) -> Path:
    path = folder / "set.ts"
    path.write_text(f"{HEADER}{header}\n@data\n{data}")
    return path


def by_hand(path: Path) -> tuple[list[np.ndarray], list[str]]:
    """Read the data in another way: from the end of each line, by numpy's own parser."""
    text = path.read_text(encoding="utf-8").partition("@data")[2].strip()
    cases, labels = [], []
    for row in text.splitlines():
        head, _, label = row.rpartition(":")
        cases.append(np.array([np.fromstring(c, sep=",", dtype="f8") for c in head.split(":")]))
        labels.append(label)
    return cases, labels


@pytest.mark.parametrize(
    ("name", "cases", "channels", "longest", "classes"),
    [
        ("ACSF1_TRAIN", 100, 1, 1460, 10),
        ("ArrowHead_TRAIN", 36, 1, 251, 3),
        ("ArrowHead_TEST", 175, 1, 251, 3),
        ("BasicMotions_TEST", 40, 6, 100, 4),
        ("GunPoint_TEST", 150, 1, 150, 2),
        ("ItalyPowerDemand_TRAIN", 67, 1, 24, 2),
        ("JapaneseVowels_TRAIN", 270, 12, 26, 9),
        ("OSULeaf_TEST", 242, 1, 427, 6),
    ],
)
@pytest.mark.filterwarnings("ignore:.*fromstring.*:DeprecationWarning")
def test_the_archive_is_read_as_another_parser_reads_it(
    shared_data: Path, name: str, cases: int, channels: int, longest: int, classes: int
) -> None:
    path = shared_data / "tsc_archive" / f"{name}.ts"
    series = read_ts(path)
    expected, labels = by_hand(path)
    assert len(series.cases) == len(expected) == cases
    assert list(series.labels) == labels
    assert set(labels) == set(series.classes)
    assert len(series.classes) == classes
    assert {len(case) for case in series.cases} == {channels}
    assert max(case.shape[1] for case in series.cases) == longest
    for case, other in zip(series.cases, expected, strict=True):
        assert case.dtype == np.float32
        np.testing.assert_array_equal(case, other.astype(np.float32))


def test_unequal_lengths_keep_their_lengths(tmp_path: Path) -> None:
    header = "@univariate false\n@dimensions 2\n@equalLength false\n@classLabel true up down"
    series = read_ts(written(tmp_path, header, "1,2,3:4,5,6:up\n7:8:down\n"))
    assert series.name == "Two steps"
    assert [case.tolist() for case in series.cases] == [[[1, 2, 3], [4, 5, 6]], [[7], [8]]]
    assert (series.labels, series.classes) == (("up", "down"), ("up", "down"))


def test_targets_may_be_numbers(tmp_path: Path) -> None:
    series = read_ts(written(tmp_path, "@targetLabel true", "1,2:0.5\n3,4:-1e3\n"))
    assert (series.labels, series.classes) == (("0.5", "-1e3"), ())


def test_comments_may_be_in_any_encoding_and_lines_end_in_any_way(tmp_path: Path) -> None:
    path = tmp_path / "old.ts"
    path.write_bytes(b"#Sch\xe4fer\r\n@CLASSLABEL TRUE a b\r\n@DATA\r\n1,2:a\r\n\r\n3,4:b\r\n")
    assert read_ts(path).labels == ("a", "b")


CLASSES = "@classLabel true a b"


@pytest.mark.parametrize(
    ("header", "data", "message"),
    [
        (f"{CLASSES}\n@univariate true", "1:2:a\n3:4:b", "@univariate true"),
        (f"{CLASSES}\n@univariate false", "1:a\n3:b", "@univariate false"),
        (f"{CLASSES}\n@dimensions 3", "1:2:a\n3:4:b", "@dimensions 3"),
        (f"{CLASSES}\n@equalLength true", "1,2:a\n3:b", "@equallength true"),
        (f"{CLASSES}\n@equalLength false", "1,2:a\n3,4:b", "@equallength false"),
        (f"{CLASSES}\n@seriesLength 3", "1,2:a\n3,4:b", "@serieslength 3"),
        (CLASSES, "1,2:a\n3,4:c", "label is 'c', @classLabel names a, b"),
        (CLASSES, "1,2:3:a\n4,5:6,7:b", r"line 7: channels of \[1, 2\]"),
        (CLASSES, "1,2:a\n3,4:5,6:b", "1, 2"),
        (CLASSES, "1,2:a\n3,4", "line 8: no colon"),
        (CLASSES, "1,two:a", "not numbers"),
        (CLASSES, "", "no case"),
        (f"{CLASSES}\n@classlabel true a b", "1:a", "comes twice"),
        (f"{CLASSES}\n@equalLenght true", "1:a", "did you mean 'equallength'"),
        (f"{CLASSES}\n@univariate perhaps", "1:a", "true or false"),
        ("@classLabel true a a", "1:a", "all different"),
        ("@targetLabel true", "1:high", "target is 'high'"),
        (f"{CLASSES}\n1,2:a", "1,2:a", "before the line @data"),
    ],
)
def test_a_header_that_lies_is_noticed(
    tmp_path: Path, header: str, data: str, message: str
) -> None:
    with pytest.raises(FormatError, match=f"(?i){message}"):
        read_ts(written(tmp_path, header, data))


@pytest.mark.parametrize(
    ("header", "data", "message"),
    [
        (CLASSES, "1,?,3:a", r"line 7: value 2 is missing \('\?'\)"),
        (CLASSES, "1,NaN,3:a", "value 2 is missing"),
        (CLASSES, "1,,3:a", "value 2 is missing"),
        ("@classLabel false", "1,2", "no labels"),
    ],
)
def test_missing_values_and_labels_are_refused(
    tmp_path: Path, header: str, data: str, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        read_ts(written(tmp_path, header, data))


def test_time_stamps_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "stamped.ts"
    path.write_text(f"@timeStamps true\n{CLASSES}\n@data\n(0,1),(1,2):a\n")
    with pytest.raises(FormatError, match="line 1: the values carry time stamps"):
        read_ts(path)
    path.write_text(f"{CLASSES}\n@data\n(0,1),(1,2):a\n")
    with pytest.raises(FormatError, match="line 3: the values carry time stamps"):
        read_ts(path)


def test_what_is_infinite_or_no_such_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFiniteError, match="line 7"):
        read_ts(written(tmp_path, CLASSES, "1,inf:a"))
    with pytest.raises(InputError, match=r"did you mean 'set\.ts'"):
        read_ts(tmp_path / "sets.ts")
    (tmp_path / "none.ts").write_text("nothing here\n")
    with pytest.raises(FormatError, match=r"no \.ts file"):
        read_ts(tmp_path / "none.ts")
    (tmp_path / "cut.ts").write_text(f"{CLASSES}\n")
    with pytest.raises(FormatError, match="no line @data"):
        read_ts(tmp_path / "cut.ts")
    (tmp_path / "latin.ts").write_bytes(b"@problemName caf\xe9\n@data\n")
    with pytest.raises(FormatError, match="UTF-8"):
        read_ts(tmp_path / "latin.ts")
