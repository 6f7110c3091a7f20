"""The sentence frames of both sides of the inference task, and when each fits."""

from __future__ import annotations

import string
from dataclasses import dataclass

from training.data.demo.nli_scene import Scene
from training.data.demo.split import Pool, held_out


@dataclass(frozen=True)
class Style:
    """Choices of wording that hold for one sentence.

    Attributes:
        definite: "the man" instead of "a man".
        synonyms: whether a word may be replaced by a synonym.
    """

    definite: bool = False
    synonyms: bool = False


@dataclass(frozen=True)
class Frame:
    """A sentence template.

    Slots: `a` the subject as first mentioned, `the` the subject mentioned again, `do` the finite verb
    phrase, `ing` the verb phrase after a form of be, `be` that form, `wear` the garment as an object, `in`
    the garment as an attribute; the other slots are aspects. Slots of aspects that a scene lacks stay empty.

    Attributes:
        name: identifies the frame; part of a row's template tag.
        text: the template.
        needs: aspects that the scene must have for the sentence to be whole.
    """

    name: str
    text: str
    needs: frozenset[str]

    def __str__(self) -> str:
        return self.name

    @property
    def slots(self) -> frozenset[str]:
        """The template's slots."""
        return frozenset(field for _, field, _, _ in string.Formatter().parse(self.text) if field)

    def fits(self, scene: Scene, style: Style) -> bool:
        """Whether the frame can say everything that the scene says, and is whole without more."""
        slots = self.slots
        said = {_SLOT_ASPECT.get(slot, slot) for slot in slots}
        if not scene.named:
            said.add("trait")  # as an attribute: "a tall man"
        whole = scene.aspects <= said and self.needs <= scene.aspects
        # A finite verb is needed to say "not".
        finite = "do" in slots or not scene.negated
        # "There is Anna", "there is the man", "Anna in a red hat": no good English.
        introduces = "here {be}" in self.text and (scene.named or style.definite)
        tells_apart = scene.named and scene.garment is not None and "in" in slots
        return whole and finite and not (introduces or tells_apart)


_SLOT_ASPECT = {"do": "activity", "ing": "activity", "in": "garment", "wear": "garment", "adj": "trait"}


def _frames(prefix: str, table: str) -> tuple[Frame, ...]:
    """Frames from lines of `needed aspects | template`."""
    return tuple(
        Frame(f"{prefix}{number:02d}", text.strip(), frozenset(needs.split()))
        for number, (needs, text) in enumerate((line.split("|") for line in table.strip().splitlines()), start=1)
    )


def _pool(frames: tuple[Frame, ...], plain: str) -> Pool[Frame]:
    """Frames by use. The plainest, which everybody writes, are never held out: people would miss them."""
    kept = set(plain.split())
    rest = held_out([frame for frame in frames if frame.name not in kept], _HELD_OUT_SHARE, "nli/frames")
    fresh = {*rest.validation, *rest.test}
    return Pool(tuple(frame for frame in frames if frame not in fresh), rest.validation, rest.test)


_HELD_OUT_SHARE = 0.22

PREMISE_FRAMES = _pool(
    _frames(
        "p",
        """
activity | {a} {in} {do} {companion} {place} {time}.
activity companion place | {a} {in} {do} {place} {companion} {time}.
activity place | {place}, {a} {in} {do} {companion} {time}.
activity time | {time}, {a} {in} {do} {companion} {place}.
activity garment | {a} {do} {companion} {place} {time}. {the} {be} wearing {wear}.
activity garment | {a} {be} wearing {wear}. {the} {do} {companion} {place} {time}.
activity place | There {be} {a} {in} {place} {time}. {the} {do} {companion}.
activity place | {a} {in} {be} {place} {time}. {the} {do} {companion}.
activity place | {a} {in} {be} {place} {time}, {ing} {companion}.
activity place | {a} {in} {be} {place} {time} and {do} {companion}.
activity garment | {a}, {who} {be} wearing {wear}, {do} {companion} {place} {time}.
activity garment | {a} {who} {be} wearing {wear} {do} {companion} {place} {time}.
activity garment | {a} {be} wearing {wear} and {ing} {companion} {place} {time}.
activity | We can see {a} {in} {ing} {companion} {place} {time}.
activity | You can see {a} {in} {ing} {companion} {place} {time}.
activity | The picture shows {a} {in} {ing} {companion} {place} {time}.
activity | This picture shows {a} {in} {who} {do} {companion} {place} {time}.
activity | In the picture, {a} {in} {do} {companion} {place} {time}.
activity | There {be} {a} {in} {ing} {companion} {place} {time}.
activity | There {be} {a} {in} {who} {do} {companion} {place} {time}.
activity place | {place}, there {be} {a} {in} {who} {do} {companion} {time}.
activity trait | {a} {in} {be} {adj}. {the} {do} {companion} {place} {time}.
activity trait | {a} {in} {do} {companion} {place} {time}. {the} {be} {adj}.
activity trait | {a} {in} {be} {adj} and {do} {companion} {place} {time}.
activity trait | {a}, {who} {be} {adj}, {do} {companion} {place} {time}.
activity companion | {companion}, {a} {in} {do} {place} {time}.
activity companion | {a} {in} {be} {companion} {place} {time}. {the} {do}.
activity time | {a} {in} {do} {time} {companion} {place}.
activity time place | {time} {place}, {a} {in} {do} {companion}.
activity garment place | {a} {be} {place} {time}. {the} {be} wearing {wear} and {ing} {companion}.
activity | Look, {a} {in} {do} {companion} {place} {time}.
activity | It is true that {a} {in} {do} {companion} {place} {time}.
activity | We know that {a} {in} {do} {companion} {place} {time}.
place | {a} {in} {be} {companion} {place} {time}.
place | There {be} {a} {in} {companion} {place} {time}.
place | {place}, there {be} {a} {in} {companion} {time}.
place | We can see {a} {in} {companion} {place} {time}.
place | In the picture, {a} {in} {be} {companion} {place} {time}.
place time | {time}, {a} {in} {be} {companion} {place}.
place trait | {a} {in} {be} {companion} {place} {time}. {the} {be} {adj}.
place garment | {a} {companion} {place} {be} wearing {wear} {time}.
garment | {a} {be} wearing {wear} {companion} {place} {time}.
garment | The picture shows {a} wearing {wear} {companion} {place} {time}.
garment | There {be} {a} wearing {wear} {companion} {place} {time}.
garment trait | {a} {be} wearing {wear} {place} {time}. {the} {be} {adj}.
trait | {a} {in} {be} {adj}.
companion | {a} {in} {be} {companion} {time}.
garment trait place | {a} {in} {be} {adj} and {be} {place} {time}.
""",
    ),
    plain="p01 p02 p03 p04 p07 p19 p34 p35 p42 p46 p47",
)

HYPOTHESIS_FRAMES = _pool(
    _frames(
        "h",
        """
activity | {a} {in} {do} {companion} {place} {time}.
activity companion place | {a} {in} {do} {place} {companion} {time}.
activity place | {place}, {a} {in} {do} {companion} {time}.
activity time | {time}, {a} {in} {do} {companion} {place}.
activity | There {be} {a} {in} {ing} {companion} {place} {time}.
activity | There {be} {a} {in} {who} {do} {companion} {place} {time}.
activity place | {a} {in} {be} {place} {time} and {do} {companion}.
activity garment | {a} {be} wearing {wear} and {ing} {companion} {place} {time}.
activity garment | {a} {who} {be} wearing {wear} {do} {companion} {place} {time}.
activity | We can see {a} {in} {ing} {companion} {place} {time}.
activity | We know that {a} {in} {do} {companion} {place} {time}.
activity trait | {a} {in} {be} {adj} and {do} {companion} {place} {time}.
activity trait | {a}, {who} {be} {adj}, {do} {companion} {place} {time}.
activity companion | {companion}, {a} {in} {do} {place} {time}.
activity | The picture shows {a} {in} {ing} {companion} {place} {time}.
activity | This picture shows {a} {in} {who} {do} {companion} {place} {time}.
activity | You can see {a} {in} {ing} {companion} {place} {time}.
activity | In the picture, {a} {in} {do} {companion} {place} {time}.
activity | It is true that {a} {in} {do} {companion} {place} {time}.
activity time place | {time} {place}, {a} {in} {do} {companion}.
activity place time | {place} {time}, {a} {in} {do} {companion}.
place | {a} {in} {be} {companion} {place} {time}.
place | There {be} {a} {in} {companion} {place} {time}.
place | {place}, there {be} {a} {in} {companion} {time}.
place | We can see {a} {in} {companion} {place} {time}.
place | In the picture, {a} {in} {be} {companion} {place} {time}.
place time | {time}, {a} {in} {be} {companion} {place}.
garment | {a} {be} wearing {wear} {companion} {place} {time}.
garment | There {be} {a} {in} {companion} {place} {time}.
garment | The picture shows {a} wearing {wear} {companion} {place} {time}.
garment | {a} {be} dressed in {wear} {companion} {place} {time}.
trait | {a} {in} {be} {adj}.
trait | It is true that {a} {in} {be} {adj}.
trait | We know that {a} {in} {be} {adj}.
companion | {a} {in} {be} {companion} {time}.
companion | We know that {a} {in} {be} {companion} {time}.
""",
    ),
    plain="h01 h05 h22 h23 h28 h32 h35",
)
