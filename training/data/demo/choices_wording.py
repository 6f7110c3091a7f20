"""How the choices task words its questions and rationales.

A question is a direct question, or a scene followed by a question about it. Slots:

    {vp} {vps} {ving}   the fact's phrase as a verb: `cut paper`, `cuts paper`, `cutting paper`
    {np} {the}          the fact's phrase as a noun: `a novel`, `the novel`
    {phrase}            the fact's phrase as it is
    {S} {she} {her}     somebody: as named, and the pronouns; {wants} and the like agree with {S}
    {S3} {S_object}     somebody who is neither the speaker nor several people; {S} as an object
    {name} {town} {t}   a name, a town, a time
    {it} {it_s}         {np} as an object and as a subject; {is_np} and {does_np} agree with it
    {answer}            in rationales: the answer with its article
"""

from __future__ import annotations

from dataclasses import dataclass

from training.data.demo.split import Pool, held_out

HELD_OUT = 0.18


@dataclass(frozen=True)
class Template:
    """Text with slots, and the name by which tags refer to it."""

    name: str
    text: str

    def __str__(self) -> str:
        """The text: what decides to which split a template belongs."""
        return self.text


@dataclass(frozen=True)
class Wording:
    """The templates of one relation.

    Attributes:
        direct: questions that stand alone.
        scenes: first sentences for `asks`.
        asks: questions that follow a scene.
        reasons: first sentences of a rationale.
        others: what a rationale calls the other choices.
    """

    direct: Pool[Template]
    scenes: Pool[Template]
    asks: Pool[Template]
    reasons: tuple[str, ...]
    others: str


WISHES = """
{S} {wants} to {vp}.
{t}, {S} {wants} to {vp}.
{S} {needs} to {vp} {t}.
{S} would like to {vp}.
{S} {is} going to {vp} {t}.
{t}, {S} {is} going to {vp}.
{S} {plans} to {vp}.
{S} from {town} {wants} to {vp}.
{t}, {S} {has} to {vp}.
It is time for {S_object} to {vp}.
{S} {has} decided to {vp}.
{S} {tells} {name} that {she} {wants} to {vp}.
{S}, who {lives} in {town}, {needs} to {vp}.
{S} {is} in {town} and {has} to {vp}.
Today {S} must {vp}.
{S} {is} hoping to {vp} {t}.
{name} sees that {S} {is} trying to {vp}.
{t}, {S} {is} planning to {vp}.
{S} {is} trying to {vp}.
{S} {says} that {she} would like to {vp} {t}.
{S} {is} planning to {vp}.
{S} {has} to {vp}.
{t}, {S} {needs} to {vp}.
{S} {is} about to {vp}.
"""

ITEMS = """
{S} {has} {np}.
{S} {wants} to put {the} in the right place.
{t}, {S} {wants} to put {the} away.
{S} {wants} to put {the} away.
{S} {is} looking for {the}.
{S} {needs} a good place for {the}.
{S} {is} tidying the house and {has} {np}.
{t}, {S} {is} looking for {the}.
{S} from {town} {has} {np}.
{S} {does} not know where to put {the}.
{S} {has} to put {np} away.
{name} gives {S_object} {np}.
"""

SEEN = """
{S} {is} looking at {np}.
{S} {sees} {np}.
{t}, {S} {sees} {np} in {town}.
{S} {is} thinking about {np}.
{name} shows {S_object} {np}.
{S} {has} a picture of {np}.
{S} {is} reading about {np}.
"""

NO_SCENES = ""

_SCENE_NAMES = {WISHES: "wish", ITEMS: "item", SEEN: "seen", NO_SCENES: "none"}


def wording(relation: str, direct: str, scenes: str, asks: str, reasons: str, others: str) -> Wording:
    """The templates of `relation`, from texts with one template a line."""

    def pool(text: str, part: str) -> Pool[Template]:
        templates = [Template(f"{part}-{number}", line) for number, line in enumerate(text.strip().splitlines())]
        return held_out(templates, HELD_OUT, f"demo-choices/{part}") if templates else Pool((), (), ())

    # A scene belongs to the same split in every relation that uses it: its name is not the relation's.
    return Wording(
        pool(direct, f"{relation}/direct"),
        pool(scenes, _SCENE_NAMES[scenes]),
        pool(asks, f"{relation}/ask"),
        tuple(reasons.strip().splitlines()),
        others,
    )
