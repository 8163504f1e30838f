"""Errors can be caught as ondes's own and as Python's."""

import pytest

from ondes import errors


@pytest.mark.parametrize(
    ("error", "parents"),
    [
        (errors.InputError, [ValueError]),
        (errors.FormatError, [errors.InputError]),
        (errors.RateError, [errors.InputError]),
        (errors.ChannelError, [errors.InputError]),
        (errors.NotFiniteError, [errors.InputError]),
        (errors.TooShortError, [errors.InputError]),
        (errors.RecipeError, [ValueError]),
        (errors.ArtefactError, []),
        (errors.MissingExtraError, [ImportError]),
    ],
)
def test_errors_are_what_they_say(error, parents):
    assert all(issubclass(error, parent) for parent in [errors.OndesError, *parents])


def test_nearest_names_the_likely_word():
    assert errors.nearest("learning_rat", ["seed", "learning_rate"]) == (
        "; did you mean 'learning_rate'?"
    )
    assert errors.nearest("C4", []) == ""
