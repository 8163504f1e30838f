"""Alarms on the page of a recording: all of them, in words that cannot break out."""

from ondes.run.monitor import Rules, alarms
from ondes.run.monitor.alarm import Alarm

HOSTILE = "</script><script>alert(1)</script>"
RULES = Rules.of(
    {
        "alarms": {
            "high": {"kind": "run", "of": ["A4", "A5", "B5"], "count": 2},
            HOSTILE: {"kind": "run", "of": "A4", "count": 1},
        }
    },
    name="mine",
)


def test_alarms_are_listed_with_what_made_them(page_of, found):
    told = alarms(found, RULES, channels=(0,))
    assert {alarm.rule for alarm in told} == {"high", HOSTILE}
    page = page_of(found, alarms=told, rules=RULES)
    drawn = page.data["alarms"]
    assert [drawn["rules"][rule] for rule in drawn["rule"]] == [alarm.rule for alarm in told]
    assert drawn["onset"] == [alarm.onset / found.rate_hz for alarm in told]
    assert drawn["raised"] == [alarm.raised / found.rate_hz for alarm in told]
    text = " ".join(" ".join(page.words).split())
    assert "By the rules mine" in text
    assert f"{len(told)} by mine" in text
    assert "in a row" in text
    assert f"{told[0].evidence[0].label} {told[0].evidence[0].onset / found.rate_hz:.2f} s" in text


def test_rules_that_raise_nothing_say_so_and_a_page_without_rules_is_silent(page_of, found):
    page = page_of(found, rules=RULES)
    assert "The rules mine raised none." in " ".join(page.words)
    assert page.data["alarms"]["rules"] == []
    assert "Alarms" not in " ".join(page_of(found).words)


def test_a_pause_before_all_events_has_no_evidence(page_of, found):
    rules = Rules.of({"alarms": {"quiet": {"kind": "pause", "of": "A4", "longer_s": 1}}})
    alarm = Alarm("quiet", 0, 1, 0, 8000, 9000, 1.125)
    assert "no event" in " ".join(page_of(found, alarms=[alarm], rules=rules).words)
