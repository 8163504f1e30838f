"""The options of the verbs, each described once."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ondes.errors import InputError
from ondes.io import SignalFile, event_formats, open_signal, signal_suffixes
from ondes.io.signalfile import Given

if TYPE_CHECKING:
    from ondes.run.card import Card
    from ondes.run.classical import Classical
    from ondes.run.classifier import Classifier
    from ondes.run.detector import Detector
    from ondes.run.pipeline import Pipeline
    from ondes.run.source import Choice
    from ondes.run.translator import Translator

Inputs = Annotated[
    list[str],
    typer.Argument(metavar="INPUT...", help="Files, folders or globs; - stands for stdin."),
]
Model = Annotated[
    str,
    typer.Option(
        "--model",
        "-m",
        metavar="NAME|DIR|FILE",
        help="One of `ondes models`, a folder, an ONNX file; threshold, sta-lta or a JSON file "
        "of one of these.",
    ),
]
TrainedModel = Annotated[
    str,
    typer.Option(
        "--model",
        "-m",
        metavar="NAME|DIR|FILE",
        help="One of `ondes models`, a folder, an ONNX file.",
    ),
]
Judge = Annotated[
    str | None,
    typer.Option(
        "--with",
        "-w",
        metavar="NAME|DIR|FILE",
        help="Of translators: a model of the sensor that is translated into, which hears what they "
        "make.",
    ),
]
Results = Annotated[
    Path | None,
    typer.Option("--out", "-o", metavar="DIR", help="Where results go; without it CSV on stdout."),
]
Formats = Annotated[
    str,
    typer.Option(
        "--format",
        "-f",
        metavar="NAME,...",
        help=f"One or more of {', '.join(event_formats())}.",
    ),
]
Report = Annotated[
    bool, typer.Option("--report", help="Write an HTML page for each recording, too.")
]
ReportPage = Annotated[
    bool, typer.Option("--report", help="Write an HTML page of all recordings, too.")
]
Channel = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME|mix",
        help="Channel to take, may be repeated; without it all, each for itself where the model "
        "hears one; mix is their mean.",
    ),
]
ChannelInOrder = Annotated[
    list[str] | None,
    typer.Option(
        "--channel",
        metavar="NAME|mix",
        help="Channel to take, may be repeated, in the order in which the model takes them; mix is "
        "the mean of all.",
    ),
]
RulesName = Annotated[
    str | None,
    typer.Option(
        "--rules",
        metavar="NAME|FILE",
        help="Raise alarms by rules: ecg, or a YAML or JSON file. Bad signal is not judged.",
    ),
]
Unit = Annotated[
    str | None,
    typer.Option(metavar="UNIT", help="Of samples that do not tell it, as mV, for --rules."),
]
SkipExisting = Annotated[
    bool,
    typer.Option(
        "--skip-existing", help="Leave out recordings whose results are there, of whatever model."
    ),
]
Json = Annotated[
    bool, typer.Option("--json", help="One JSON document on stdout, all else on stderr.")
]
Resample = Annotated[
    bool, typer.Option("--resample", help="Convert rates that the model was not made for.")
]
WindowS = Annotated[
    float | None,
    typer.Option(
        "--window",
        metavar="S",
        help="Of classifiers: tell what each window of so many seconds is.",
    ),
]
HopS = Annotated[
    float | None,
    typer.Option("--hop", metavar="S", help="From one window to the next; end to end without."),
]
Device = Annotated[
    str, typer.Option(metavar="NAME", help="As torch names it; auto is the GPU if there is one.")
]
Threads = Annotated[
    int,
    typer.Option(metavar="N", min=0, help="CPU threads; 0 leaves their number to torch and numpy."),
]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change the recipe, as train.lr=1e-3."),
]
Rate = Annotated[
    float | None, typer.Option(metavar="HZ", help="Sampling rate of raw and NPY input.")
]
Dtype = Annotated[
    str | None, typer.Option(metavar="TYPE", help="Sample type of raw input, as int16 or <f4.")
]
Channels = Annotated[
    int | None, typer.Option(metavar="N", min=1, help="Number of channels of raw input.")
]
Part = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Channels by name, as II,V1; or a data set of HDF5."),
]
Truncated = Annotated[
    bool, typer.Option("--truncated", help="Take what is there of files that were cut off.")
]


@dataclass(frozen=True, kw_only=True)
class Opening:
    """How to open recordings: what the call says where a file does not say it itself."""

    rate_hz: float | None = None
    dtype: str | None = None
    channels: int | None = None
    truncated: bool = False
    part: str | None = None

    def __post_init__(self) -> None:
        Given(self.rate_hz, self.dtype)

    @property
    def suffixes(self) -> tuple[str, ...]:
        """Suffixes of the files that a folder stands for; raw and NPY where a rate is given."""
        return signal_suffixes(headerless=self.rate_hz is not None)

    def __call__(self, path: Path) -> SignalFile:
        """Open a recording; raises what `ondes.io.open_signal` does."""
        return open_signal(
            path,
            rate_hz=self.rate_hz,
            dtype=self.dtype,
            channels=self.channels,
            truncated=self.truncated,
            part=self.part,
        )


def trained(model: str, *, device: str, threads: int) -> "Pipeline | Classifier | Translator":
    """Return a trained model of any task, ready on a device; raises what `ondes.load` does.

    Raises:
        InputError: it is a classical detector.
    """
    from ondes.run import classical, loading

    if classical.find(model) is not None:
        raise InputError(
            f"{model} is a classical detector, not a trained model: detect, watch and report take "
            "it; ondes evaluate scores it beside a model whose recipe names it (baselines)"
        )
    _limit_numpy(threads)
    return loading.trained(model, device=device, threads=threads)


def loaded(model: str, *, device: str, threads: int) -> "Pipeline":
    """Return a trained detector, ready on a device; raises what `ondes.load` does."""
    from ondes.run.pipeline import load

    _limit_numpy(threads)
    return load(model, device=device, threads=threads)


def detector(model: str, *, device: str, threads: int) -> "Pipeline | Classical":
    """Return a trained model or a classical detector; raises what `ondes.load` does."""
    from ondes.run.classical import find

    return find(model) or loaded(model, device=device, threads=threads)


def classifier(model: str, *, device: str, threads: int) -> "Classifier":
    """Return a trained classifier, tagger or regressor; raises what `ondes.load` does.

    Raises:
        InputError: the model is none of these.
    """
    from ondes.run.classifier import Classifier

    found = trained(model, device=device, threads=threads)
    if not isinstance(found, Classifier):
        raise InputError(_meant_for(model, found.card))
    return found


def translator(model: str, *, device: str, threads: int) -> "Translator":
    """Return a trained translator; raises what `ondes.load` does.

    Raises:
        InputError: the model is none.
    """
    from ondes.run.translator import Translator

    found = trained(model, device=device, threads=threads)
    if not isinstance(found, Translator):
        raise InputError(_meant_for(model, found.card))
    return found


def judge(name: str, translator: "Translator", *, device: str, threads: int) -> "Classifier":
    """Return the classifier that judges translations; raises what `ondes.load` does.

    Raises:
        InputError: it is none, or of other signals than the translator gives.
    """
    from ondes.run.classifier import Classifier

    found, target = trained(name, device=device, threads=threads), translator.target
    if not isinstance(found, Classifier):
        raise InputError(
            f"--with {name} is no classifier: name one of the sensor that is translated into"
        )
    takes = found.spec.rate_hz, found.spec.channels
    if takes != target[:2]:
        raise InputError(
            f"--with {name} takes {takes[1]} channels at {takes[0]:.10g} Hz, the translator gives "
            f"{target.n_channels} at {target.rate_hz:.10g} Hz: name a classifier of the sensor "
            "that is translated into"
        )
    return found


def _meant_for(model: str, card: "Card") -> str:
    """Return what a model is, and the verb that uses it."""
    kinds = {"detect": "finds events", "classify": "tells what clips are"}
    verb = str(card.task["name"])
    what = kinds.get(verb, "translates one sensor's signal into another's")
    return f"{model} is a model that {what}: ondes {verb} INPUT... --model {model}"


def hearer(
    model: str,
    *,
    window_s: float | None,
    hop_s: float | None,
    judge: str | None = None,
    device: str,
    threads: int,
) -> "Detector":
    """Return what finds events in a stream: a detector, a classifier of windows, or a translator.

    A translator goes before `judge`, which hears what it makes of the stream.

    Raises:
        InputError: a classifier without windows, or windows without a classifier; a translator
            without a judge, or a judge without a translator.
    """
    from ondes.run.classical import find
    from ondes.run.classifier import Classifier
    from ondes.run.live.windowed import Windowed
    from ondes.run.translator import Translator

    found = find(model) or trained(model, device=device, threads=threads)
    if isinstance(found, Translator):
        return _through(found, model, judge, window_s, hop_s, device=device, threads=threads)
    if judge is not None:
        raise InputError(f"--with {judge}: {model} translates nothing; leave --with out")
    if isinstance(found, Classifier):
        if window_s is None:
            raise InputError(f"{model} tells what clips are: say how long, --window S")
        return Windowed(found, window_s, hop_s)
    if window_s is not None or hop_s is not None:
        raise InputError(
            f"{model} is a detector, which has no windows: leave --window and --hop out"
        )
    return found


def _through(
    translator: "Translator",
    model: str,
    judge: str | None,
    window_s: float | None,
    hop_s: float | None,
    *,
    device: str,
    threads: int,
) -> "Detector":
    """Return a translator before what hears its translations."""
    from ondes.run.live.through import Through, ThroughMaps

    if judge is None:
        raise InputError(
            f"{model} translates, and finds no events: say what hears the translation, "
            "--with CLASSIFIER, or use ondes translate"
        )
    if translator.frames is None:
        heard = hearer(judge, window_s=window_s, hop_s=hop_s, device=device, threads=threads)
        return Through(translator, heard)
    if window_s is not None:
        raise InputError(
            f"{model} makes maps of {translator.latency_s:g} s of frames each: leave --window out; "
            "--hop says how far it is from one to the next"
        )
    return ThroughMaps(translator, classifier(judge, device=device, threads=threads), hop_s)


def choice(channel: Sequence[str] | None) -> "Choice":
    """Return what ``--channel`` asks for."""
    return "mix" if channel == ["mix"] else channel


def use_threads(threads: int) -> None:
    """Give torch and numpy so many CPU threads each; 0 leaves their number to them."""
    if threads:
        import torch

        _limit_numpy(threads)
        torch.set_num_threads(threads)


def _limit_numpy(threads: int) -> None:
    if threads:
        from threadpoolctl import threadpool_limits

        threadpool_limits(threads)


def summary(card: "Card") -> dict[str, object]:
    """Return what a reader of results wants to know of a model."""
    return {
        "trained on": card.data,
        "scores": card.scores,
        "limits": card.limits,
        "licence": card.licence,
    }
