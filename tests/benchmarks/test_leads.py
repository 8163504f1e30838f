"""The table of leads, of counts that are known."""

import json

import numpy as np
import pytest
from sklearn.metrics import f1_score

from benchmarks import leads

COUNTS = {"old": [[30, 2], [1, 9]], "as-is": [[25, 7], [4, 6]], "affine": [[31, 1], [4, 6]]}


@pytest.fixture
def done(tmp_path, monkeypatch) -> None:
    """All rows of two patients, the second of whom never fibrillates."""
    monkeypatch.setattr(leads, "RUNS", tmp_path)
    for name in leads.ROWS:
        counts = COUNTS.get(name, [[20, 12], [3, 7]])
        for person, own in (("101", counts), ("21", [[10, 5], [0, 0]])):
            (tmp_path / f"{person}-0").mkdir(exist_ok=True)
            path = tmp_path / f"{person}-0" / f"{name}.json"
            path.write_text(json.dumps({"confusion": own}))


def test_answers_are_pooled_over_patients(done) -> None:
    lines = leads.report(patients="101,21").splitlines()
    truth = np.repeat([0, 0, 1, 1], [40, 7, 1, 9])
    wanted = f1_score(truth, np.repeat([0, 1, 0, 1], [40, 7, 1, 9]), average="macro")
    assert f"| lead II | {wanted:.3f} | 1.00 |" in lines
    assert "57 clips of the patients\n101,21, 10 of them fibrillating" in "\n".join(lines)
    assert any(line.startswith("| lead I as it is |") and "| 0.00 |" in line for line in lines)


def test_where_nothing_is_lost_nothing_is_recovered(done) -> None:
    assert leads._recovered([0.5], [0.9], [-0.1]) == "nothing lost"
