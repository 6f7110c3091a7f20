"""The demo task demo-nli: inference in simple sentences.

A premise of one or two short sentences says who (a man, two girls, a farmer, a dog, or somebody by first
name) does what, and perhaps where, when, with whom, what they wear (with its colour) and what they are like.
The hypothesis is one sentence of the same sort. The label is entailment if the premise makes it true,
contradiction if the premise makes it false of the same being at the same time, and neutral if the premise
leaves it open.

Covered: the same fact in other words or with details left out; kinds (a guitar is an instrument, a boy is a
child, Anna is a person), whose reverse is neutral and whose siblings contradict (cat and dog, soccer and
tennis); indoors and outdoors; colours; numbers; opposites (tall and short, happy and sad); times of day;
alone or with somebody; activities that nobody can do at once (sleeping and running); facts the premise does
not tell; and "not". Not covered: other tenses than "is doing", who does what to whom, "nobody" and
"everyone", two actors in one sentence, general knowledge beyond these kinds, and long texts.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator

from training.data.demo.nli_draft import Draft
from training.data.demo.nli_frames import HYPOTHESIS_FRAMES, PREMISE_FRAMES, Frame, Style
from training.data.demo.nli_phrasing import say
from training.data.demo.nli_premises import PremiseSampler
from training.data.demo.nli_rationale import explain
from training.data.demo.nli_sampler import Sampler
from training.data.demo.nli_scene import LABELS, Label, Scene
from training.data.demo.nli_words import held_out_words
from training.data.demo.split import Split
from training.data.example import Example

TASK_NAME = "demo-nli"
_PREMISE_ATTEMPTS = 8
_PLAIN_WEIGHT = 4


def generate(split: Split, rows: int, seed: int) -> Iterator[Example]:
    """Make rows of one split: distinct, deterministic, labels in equal parts.

    In validation and test about half of the rows use a held-out template and, independently, about half use
    held-out words. Rows that use neither are kept apart from training by a digest of their text.

    Args:
        split: which templates and words may be used.
        rows: how many rows to make.
        seed: rows of another seed differ.
    """
    rng = random.Random(f"{TASK_NAME}/{split}/{seed}")
    seen: set[tuple[str, str]] = set()
    for number in range(rows):
        # Labels go round, so that any number of rows is balanced.
        label = LABELS[number % len(LABELS)]
        new_template, new_words = (split != "train" and rng.random() < 0.5 for _ in range(2))
        draft = None
        while draft is None or (draft.premise, draft.hypothesis) in seen:
            draft = _draft(rng, split, label, new_template, new_words)
        seen.add((draft.premise, draft.hypothesis))
        yield _example(draft, f"{TASK_NAME}/{split}:{number}", new_words)


def shortcut(example: Example) -> str:
    """The hypothesis alone: what a guess without the premise would go by."""
    return example.inputs["hypothesis"]


def _example(draft: Draft, source: str, new_words: bool) -> Example:
    return Example(
        task=TASK_NAME,
        inputs={"premise": draft.premise, "hypothesis": draft.hypothesis},
        label=draft.label,
        rationale=draft.rationale,
        source=source,
        rationale_by="generator",
        tags={
            "template": draft.template,
            "seen_template": "yes" if draft.seen_template else "no",
            "held_out_words": "yes" if new_words else "no",
        },
    )


def _home(text: tuple[str, str]) -> Split:
    """The split in which a row of seen templates and seen words belongs."""
    digit = hashlib.sha256("\n".join(text).encode()).digest()[0] % 10
    return "test" if digit == 0 else "validation" if digit == 1 else "train"


def _draft(rng: random.Random, split: Split, label: Label, new_template: bool, new_words: bool) -> Draft | None:
    """A row as asked for, or None: the caller tries again."""
    sampler = PremiseSampler(rng, split, new_words)
    draft = _draft_scene(sampler, split, label, new_template)
    if draft is None or new_words != bool(draft.words & held_out_words(split)):
        return None
    if not new_template and not new_words and _home((draft.premise, draft.hypothesis)) != split:
        return None
    return draft


def _draft_scene(sampler: PremiseSampler, split: Split, label: Label, new_template: bool) -> Draft | None:
    """A row about one scene. Hypothesis and its wording are settled before the label plays any part."""
    rng = sampler.rng
    hypothesis = sampler.hypothesis()
    style = _style(sampler, definite=sampler.chance(0.5))
    new_hypothesis = new_template and sampler.chance(0.5)
    frames = HYPOTHESIS_FRAMES.new(split) if new_hypothesis else HYPOTHESIS_FRAMES.seen
    hypothesis_frame = _choose(frames, hypothesis, style, rng)
    if hypothesis_frame is None:
        return None
    for _ in range(_PREMISE_ATTEMPTS):
        found = sampler.premise(hypothesis, label)
        if found is None:
            continue
        premise, verdict = found
        premise_style = _style(sampler, definite=False)
        new_premise = new_template and not new_hypothesis
        frames = PREMISE_FRAMES.new(split) if new_premise else PREMISE_FRAMES.seen
        premise_frame = _choose(frames, premise, premise_style, rng)
        if premise_frame is not None:
            return Draft(
                premise=say(premise_frame, premise, premise_style, rng),
                hypothesis=say(hypothesis_frame, hypothesis, style, rng),
                label=label,
                rationale=explain(premise, hypothesis, verdict, rng),
                template=f"{premise_frame}/{hypothesis_frame}",
                seen_template=not new_template,
                words=_words(premise) | _words(hypothesis),
            )
    return None


def _style(sampler: Sampler, definite: bool) -> Style:
    return Style(definite, synonyms=sampler.chance(0.15))


def _choose(frames: tuple[Frame, ...], scene: Scene, style: Style, rng: random.Random) -> Frame | None:
    """A frame that fits, plain ones more often: people mostly write plain sentences."""
    fitting = [frame for frame in frames if frame.fits(scene, style)]
    if not fitting:
        return None
    return rng.choices(fitting, [_PLAIN_WEIGHT if frame.text.startswith("{a}") else 1 for frame in fitting])[0]


def _words(scene: Scene) -> frozenset[str]:
    """The scene's words from lists of which a part is held out."""
    words = [scene.noun, scene.place, scene.trait]
    if scene.garment:
        words += [scene.garment.noun, scene.garment.colour]
    if scene.companion:
        words.append(scene.companion.removeprefix("a ").removeprefix("{poss} "))
    return frozenset(word for word in words if word) | (scene.activity.words if scene.activity else frozenset())
