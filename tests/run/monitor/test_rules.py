"""Rules from files: what they say is kept, what they cannot mean is refused with its cure."""

import json

import pytest

from ondes.errors import FormatError, InputError
from ondes.run.monitor import Quality, Rules, load, names
from ondes.run.monitor.kinds import KINDS, Lasting, Run
from ondes.run.monitor.quality import Limit

RUN = {"kind": "run", "of": "V", "count": 3}


def test_yaml_and_json_say_the_same(tmp_path):
    document = {"alarms": {"three": RUN}, "quality": {"flat": {"within": "20 uV", "longer_s": 2}}}
    (tmp_path / "a.json").write_text(json.dumps(document))
    (tmp_path / "a.yaml").write_text(
        "alarms:\n  three: {kind: run, of: [V], count: 3}\n"
        "quality: {flat: {within: 20 uV, longer_s: 2.0}}\n"
    )
    one, other = load(tmp_path / "a.json"), load(tmp_path / "a.yaml")
    assert one == other
    assert one.digest == other.digest != load("ecg").digest
    assert one.alarms == (Run(name="three", of=("V",), count=3),)
    assert one.quality == Quality(flat=Limit(20.0, "uV"), flat_s=2.0)


def test_the_rules_of_ondes_are_in_order():
    assert names() == ["ecg"]
    rules = load("ecg")
    assert {rule.KIND for rule in rules.alarms} == {"run", "rate", "pause", "lasting"}
    assert rules["atrial fibrillation"].longer_s == 30
    assert rules["ventricular run"].count == 3
    assert rules.quality.labels == ("flat", "saturated")
    (said,) = rules.unheard(("N", "S", "V", "F", "Q"))
    assert "'atrial fibrillation' cannot be raised" in said


@pytest.mark.parametrize(
    ("alarm", "message"),
    [
        ({**RUN, "kind": "runs"}, "kind 'runs' is none of .*; did you mean 'run'"),
        ({"kind": "run"}, "kind run: say of"),
        ({**RUN, "cuont": 3}, "no 'cuont'; did you mean 'count'"),
        ({**RUN, "count": 2.5}, "count=2.5 must be a whole number"),
        ({**RUN, "count": True}, "count=True must be a whole number"),
        ({**RUN, "count": 0}, "count=0 must be 1 or more"),
        ({**RUN, "of": 3}, "of=3 must name labels"),
        ({**RUN, "of": [True]}, "in quotes"),
        ({**RUN, "of": []}, "name one label"),
        ({"kind": "rate", "of": "V"}, "below_per_min, and not both"),
        ({"kind": "rate", "of": "V", "above_per_min": -1}, "must lie above 0"),
        ({"kind": "pause", "of": "V", "longer_s": 0}, "longer_s=0.0 must lie above 0"),
        ({"kind": "pause", "of": "V", "longer_s": "3"}, "must be a number"),
        ({"kind": "lasting", "of": "V", "longer_s": 1, "join_s": -1}, "0 or more"),
        ({"kind": "count", "of": "V", "count": 1, "within_s": 1}, "2 or more"),
        ("run", "which is no mapping"),
    ],
)
def test_what_a_rule_cannot_mean_is_refused(alarm, message):
    with pytest.raises(InputError, match=f"alarm 'three'.*{message}"):
        Rules.of({"alarms": {"three": alarm}})


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({}, "says no rule"),
        ({"alarm": {}}, "no 'alarm'; did you mean 'alarms'"),
        ([], "no mapping"),
        ({"quality": {"flat": {}}}, "say flat: {within"),
        ({"quality": {"flat": {"within": "much"}}}, "'much' is no limit"),
        ({"quality": {"flat": {"within": -1}}}, "-1 is no limit"),
        ({"quality": {"flat": {"within": 1, "longer_s": 0}}}, "must lie above 0"),
        ({"quality": {"flat": {"within": 1, "longer_s": "1"}}}, "number of seconds"),
        ({"quality": {"flats": {}}}, "did you mean 'flat'"),
        ({"quality": {"margin_s": -1}}, "margin_s=-1.0 must be 0 or more"),
    ],
)
def test_what_a_file_cannot_mean_is_refused(document, message):
    with pytest.raises(InputError, match=message):
        Rules.of(document)


def test_what_is_no_file_is_told(tmp_path):
    with pytest.raises(InputError, match="neither a file nor one of ecg; did you mean 'ecg'"):
        load("egc")
    (tmp_path / "a.yaml").write_text("alarms: [")
    with pytest.raises(FormatError, match="not readable as YAML"):
        load(tmp_path / "a.yaml")
    (tmp_path / "a.yaml").write_text("alarms: {x: {kind: walk}}")
    with pytest.raises(InputError, match=r"a\.yaml: alarm 'x'"):
        load(tmp_path / "a.yaml")


def test_every_kind_has_a_name_and_says_its_value():
    assert len({kind.KIND for kind in KINDS}) == len(KINDS)
    assert Lasting(name="a", of=("AF", "AT"), longer_s=3).said(4.25) == "AF/AT for 4.25 s"


@pytest.mark.parametrize(
    ("limit", "unit", "value"),
    [("20 uV", "mV", 0.02), ("5 mV", "V", 0.005), ("1 V", "uV", 1e6), (0.5, "", 0.5), (2, "g", 2)],
)
def test_limits_are_converted_between_units(limit, unit, value):
    assert Limit.read(limit).in_unit(unit) == value


@pytest.mark.parametrize("unit", ["", "g", "V/s"])
def test_a_limit_in_another_unit_is_refused(unit):
    with pytest.raises(InputError, match="write the limit in its unit, or without one"):
        Limit.read("5 mV").in_unit(unit)
