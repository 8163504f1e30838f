"""Where recordings are looked for."""

from pathlib import Path

import pytest

from ondes.data.places import VARIABLE, located
from ondes.errors import InputError


def test_what_is_here_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in ("here/sounds", "there/sounds", "there/more"):
        Path(folder).mkdir(parents=True)
    monkeypatch.setenv(VARIABLE, str(tmp_path / "there"))
    assert located("here/sounds", option="folder") == Path("here/sounds")
    assert located("sounds", option="folder") == tmp_path / "there/sounds"
    Path("sounds").mkdir()
    assert located("sounds", option="folder") == Path("sounds")
    assert located(str(tmp_path / "there/more"), option="folder") == tmp_path / "there/more"


def test_what_is_nowhere_is_named_with_both_places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    with pytest.raises(InputError, match=rf"no sounds nor {tmp_path}/sounds"):
        located("sounds", option="folder")
    monkeypatch.delenv(VARIABLE)
    with pytest.raises(InputError, match=f"no sounds; .* by {VARIABLE}"):
        located("sounds", option="folder")
