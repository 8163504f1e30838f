"""What lies in a folder, by the names of its files: nothing else tells what there is."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

from ondes.errors import InputError, OndesError, check_name


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """The modules of a package, but for those whose names begin with ``_`` and for folders.

    Attributes:
        package: as it is imported, "ondes.models".
        unknown: how the refusal of a name begins, "no architecture is called".
        error: that is raised then.
        dashed: whether names have dashes where files have underscores.

    >>> parts = Catalogue(package="json", unknown="no part of json is called")
    >>> parts.names()
    ['decoder', 'encoder', 'scanner', 'tool']
    >>> parts.find("decoder").__name__
    'json.decoder'
    >>> parts.find("decode")
    Traceback (most recent call last):
    ondes.errors.InputError: no part of json is called 'decode'; did you mean 'decoder'?; there are
    decoder, encoder, scanner, tool
    """

    package: str
    unknown: str
    error: type[OndesError] = InputError
    dashed: bool = False

    def names(self) -> list[str]:
        """Return all names in alphabetical order; imports none of the modules."""
        found = iter_modules(import_module(self.package).__path__)
        files = (each.name for each in found if not each.ispkg and not each.name.startswith("_"))
        return sorted(file.replace("_", "-") if self.dashed else file for file in files)

    def find(self, name: str) -> ModuleType:
        """Return the module of a name; raises `error`, with the nearest name, if there is none."""
        check_name(self.unknown, name, self.names(), error=self.error)
        return import_module(f"{self.package}.{name.replace('-', '_') if self.dashed else name}")
