"""Phrasings put together from parts: a start, what happens, a question.

A list of whole phrasings is soon learnt by heart. Parts that meet in ever different company have to be read one by
one, which is what carries over to phrasings that were never seen. Each composition is a tuple of parts, each part
a tuple of interchangeable phrasings in the notation of `math_phrases`; ties such as `[1:has|had]` hold across
parts. Held-out templates are always whole phrasings of the `SITUATIONS`, never compositions.
"""

from __future__ import annotations

import random

Part = tuple[str, ...]
Composition = tuple[Part, ...]


def _with(part: Part, number: str) -> Part:
    """The phrasings of a part with `{n}` or `{$n}` as this number of the formula."""
    return tuple(phrasing.replace("{n}", f"{{{number}}}").replace("{$n}", f"{{${number}}}") for phrasing in part)


_START: Part = (
    "{N} had {a} {T}.",
    "{N} started with {a} {T}.",
    "at first, {N} had {a} {T}.",
    "{N} [bought|found|collected|got|made] {a} {T}.",
    "{M} gave {N} {a} {T}.",
    "in the morning, {N} had {a} {T}.",
    "{N} brought {a} {T} to school.",
    "last week, {N} had {a} {T}.",
    "{N} came with {a} {T}.",
    "{N} had {a} {T} in {ax}.",
    "on {W}, {N} [had|bought|found] {a} {T}.",
)
_LOSS: Part = (
    "{he} gave {n} [of them|{T}|] to {M}.",
    "{he} [lost|sold|used|broke|gave away|threw away] {n} [of them|{T}].",
    "[then|later|after that,] {he} [lost|sold|used|gave away] {n} [of them|].",
    "{M} took {n} of them.",
    "{n} of them [got lost|were lost|were broken|were sold|were taken|were given to {M}].",
    "but {n} of them [broke|got lost|were bad].",
    "{he} let {M} have {n} of them.",
    "{he} handed {n} to {M}.",
    "{he} had to give {n} back.",
    "{he} gave {M} {n} of them.",
    "on {V}, {he} [lost|sold|used|gave away] {n} [of them|].",
)
_GAIN: Part = (
    "{he} [bought|found|got|made|received|collected] {n} more [{T}|].",
    "{M} gave {him} {n} more [{T}|].",
    "[then|later|after that,] {he} [bought|found|got|made] {n} more.",
    "[then|later] {he} [bought|found|got] another {n} [{T}|].",
    "{M} brought {him} {n} more.",
    "{he} added {n} [more|{T}].",
    "{he} was given {n} more by {M}.",
    "for {his} birthday, {he} got {n} more.",
    "on {V}, {he} [bought|found|got|made] {n} more [{T}|].",
)
_NOW: Part = (
    "how many {T} does {N} have now?",
    "how many does {he} have now?",
    "how many {T} does {he} have in the end?",
    "how many {T} are there now?",
    "what is the number of {T} that {N} has now?",
    "how many {T} has {he} [now|then]?",
)
_LEFT: Part = (
    *_NOW,
    "how many {T} [are left|remain]?",
    "how many {T} does {he} have left?",
    "how many {T} does {N} still have?",
    "how many of the {T} are left?",
    "how many does {N} keep?",
    "how many [are|were] left?",
)
_TOTAL: Part = (
    *_NOW,
    "how many {T} does {he} have [in all|altogether|in total]?",
    "how many is that [in all|altogether]?",
)

_MONEY_START: Part = ("{N} had {$a}.", "{N} started with {$a}.", "{N} [saved|earned|got] {$a}.", "{M} gave {N} {$a}.")
_SPENT: Part = (
    "{he} spent {$n} [on {T}|].",
    "{he} paid {$n} for {T}.",
    "{he} bought {at} for {$n}.",
    "[then|later] {he} [spent|lost|gave away] {$n}.",
    "{he} gave {$n} to {M}.",
)
_EARNED: Part = (
    "{he} [earned|got|found|saved] {$n} more.",
    "{M} gave {him} {$n} [more|].",
    "[then|later] {he} [earned|got|found] {$n}.",
    "{he} got {$n} for {his} birthday.",
)
_MONEY_NOW: Part = (
    "how much [money|] does {he} have now?",
    "how much [money|] does {N} have in the end?",
    "what does {he} have now?",
)
_MONEY_LEFT: Part = (*_MONEY_NOW, "how much [money|] is left?", "how much [money|] does {he} have left?")

_PLACE_START: Part = (
    "there were {a} {P} in the [1:room|park|hall].",
    "{a} {P} were in the [1:room|park|hall].",
    "at first, {a} {P} were in the [1:room|park|hall].",
)
_LEAVE: Part = ("{n} [of them|] [left|went home|went away].", "then {n} [left|went home].", "later {n} {P} went home.")
_COME: Part = ("{n} more [came|came in|joined them].", "then {n} {P} came in.", "later another {n} came.")
_WHO_NOW: Part = (
    "how many {P} are in the [1:room|park|hall] now?",
    "how many {P} are there now?",
    "how many are in the [1:room|park|hall] in the end?",
)
_WHO_LEFT: Part = (*_WHO_NOW, "how many {P} are still there?", "how many {P} are left?")

_GROUPS: Part = (
    "{N} has {a} {X} with {b} {T} in each.",
    "{N} has {a} {X}. Each [{x}|one] has {b} {T} in it.",
    "{N} fills {a} {X} with {b} {T} each.",
    "{N} puts {b} {T} into each of {a} {X}.",
    "every {x} has {b} {T}, and {N} has {a} {X}.",
    "{N} makes {a} rows of {b} {T}.",
    "{T} come in {X} of {b}. {N} [buys|gets] {a} {X}.",
    "{N} makes {b} {T} a day for {a} days.",
    "on each of {a} days, {N} [makes|buys|finds] {b} {T}.",
    "{N} buys {a} {X}. There are {b} {T} in [each|each of them|every {x}].",
)
_GROUPS_OF_OTHERS: Part = (
    "there are {a} {X} and each {x} has {b} {T}.",
    "each of {a} {X} holds {b} {T}.",
    "{a} {P} have {b} {T} each.",
    "each of {a} {P} brings {b} {T}.",
    "there are {a} rows. Each row has {b} {T}.",
    "{b} {T} are in each of {a} {X}.",
    "every {p} has {b} {T}, and there are {a} {P}.",
)
_ALL: Part = (
    "how many {T} is that [in all|altogether|in total|]?",
    "how many {T} are there [in all|altogether|in total|]?",
    "what is the total number of {T}?",
    "how many {T} are that together?",
)
_MORE_BESIDE: Part = (
    "{he} has {c} more.",
    "{he} has {c} [other|single|loose] {T} as well.",
    "{M} gives {him} {c} more.",
    "then {he} [finds|gets|buys] {c} more [{T}|].",
    "{he} already had {c}.",
)
_FEWER_AFTER: Part = (
    "{c} of them [are lost|are sold|are broken|get lost|are taken].",
    "{he} [gives away|sells|loses|uses] {c} [of them|{T}].",
    "{he} gives {c} [of them|] to {M}.",
    "{M} takes {c} of them.",
    "then {he} [sells|loses|uses] {c}.",
)
_LEFT_OF_GROUPS: Part = (
    "how many {T} are left?",
    "how many {T} does {N} have [left|now]?",
    "how many {T} does {N} still have?",
    "how many {T} remain?",
)

_POOL: Part = (
    "{N} [has|made|bought|found|got] {a} {T}.",
    "there are {a} {T}.",
    "{N} brings {a} {T}.",
    "{a} {T} are on the table.",
)
_SHARED: Part = (
    "{b} {P} share them [equally|evenly].",
    "they are [shared|divided|split] [equally|evenly] [among|between] {b} {P}.",
    "each of {b} {P} gets the same number.",
    "{b} {P} get the same number each.",
    "they are for {b} {P}, and all get the same number.",
)
_EACH_GETS: Part = (
    "how many {T} does each {p} get?",
    "how many {T} will each {p} have?",
    "how many does one {p} get?",
    "how many {T} are there for each {p}?",
)
_SPREAD: Part = (
    "they are put [equally|evenly] [into|in] {b} {X}.",
    "they fill {b} {X}, with the same number in each.",
    "they are packed in {b} {X}, the same number in each.",
    "{b} {X} hold them, and each {x} has the same number.",
)
_IN_EACH: Part = (
    "how many {T} are in each {x}?",
    "how many {T} go into one {x}?",
    "how many does each {x} hold?",
    "how many {T} are there in [one|every] {x}?",
)
_PACKED: Part = (
    "{b} {T} fit in [each|one] {x}.",
    "each {x} holds {b} [of them|].",
    "they are packed in {X} of {b}.",
    "{b} go into each {x}.",
    "they are in {X} with {b} in each.",
)
_HOW_MANY_PACKS: Part = (
    "how many {X} are there?",
    "how many {X} are [needed|filled|full]?",
    "how many {X} does that make?",
    "how many {X} is that?",
)
_HANDED_OUT: Part = (
    "each {p} gets {b} [of them|].",
    "{b} are given to each {p}.",
    "every {p} [gets|needs|takes] {b} [{T}|].",
)
_HOW_MANY_GET: Part = (
    "how many {P} get {T}?",
    "for how many {P} is that enough?",
    "how many {P} can get {T}?",
)

_HAS: Part = (
    "{N} [1:has|made|sold|found] {a} {T}.",
    "the number of {T} that {N} [1:has|made|sold|found] is {a}.",
    "{a} is the number of {T} that {N} [1:has|made|sold|found].",
)
_OTHER_HAS: Part = (
    "{M} [1:has|made|sold|found] {b} [{T}|].",
    "{M} [1:has|made|sold|found] only {b}.",
    "for {M} it is {b}.",
)
_OTHERS_NUMBER: Part = (
    "how many {T} [1:does|did|did|did] {M} [1:have|make|sell|find]?",
    "how many [1:does|did|did|did] {M} [1:have|make|sell|find]?",
    "how many {T} is that for {M}?",
)

_ONE_COSTS: Part = (
    "[one|each] {t} costs {$b}.",
    "{T} cost {$b} each.",
    "the price of one {t} is {$b}.",
    "you pay {$b} for one {t}.",
    "{T} are {$b} each.",
)
_BUYS: Part = (
    "{N} [buys|takes|gets] {a} {T}.",
    "{N} [needs|wants] {a} {T}.",
    "{N} wants to buy {a} {T}.",
)
_PAYS: Part = (
    "how much does {he} pay [in all|altogether|]?",
    "how much [money|] does {he} need?",
    "how much [money|] is that [in all|altogether|]?",
    "what does {he} have to pay?",
)
_SELLS: Part = ("{N} [sells|sold] {a} [of them|{T}].",)
_GETS_PAID: Part = ("how much [money|] does {he} get [in all|]?", "how much [money|] is that [in all|altogether|]?")
_PURSE: Part = ("{N} has {$a}.", "{N} brings {$a} [to the shop|].", "there are {$a} in the purse of {N}.")
_CAN_BUY: Part = (
    "how many {T} can {he} buy?",
    "how many [of them|{T}] can {he} pay for?",
    "how many {T} does {he} get for {his} money?",
)
_PAID: Part = (
    "{N} [paid|spent|gave] {$a} for {b} {T}.",
    "{b} {T} cost {$a} [in all|together|altogether].",
    "for {b} {T}, {N} [paid|spent] {$a}.",
    "{N} bought {b} {T}. {he} paid {$a} [in all|].",
)
_PRICE_OF_ONE: Part = (
    "how much does [one|each] {t} cost?",
    "what is the price of [one|each] {t}?",
    "how much is that for [one|each] {t}?",
    "how much did [one|each] {t} cost?",
)

_DAILY: Part = (
    "{N} [1:reads|runs|makes|sells] {b} [1:pages|miles|{T}|{T}] [a|each|every|per] day.",
    "every day, {N} [1:reads|runs|makes|sells] {b} [1:pages|miles|{T}|{T}].",
    "in one day, {N} [1:reads|runs|makes|sells] {b} [1:pages|miles|{T}|{T}].",
    "{N} can [1:read|run|make|sell] {b} [1:pages|miles|{T}|{T}] [in a|each|every|in one] day.",
)
_IN_DAYS: Part = (
    "how many [1:pages|miles|{T}|{T}] is that in {a} days?",
    "how many [1:pages|miles|{T}|{T}] does {he} [1:read|run|make|sell] in {a} days?",
    "how many [1:pages|miles|{T}|{T}] is that after {a} days?",
    "{he} does so for {a} days. How many [1:pages|miles|{T}|{T}] is that [in all|]?",
)
_GOAL: Part = (
    "{N} has to [1:read|run|make|sell] {a} [1:pages|miles|{T}|{T}].",
    "{N} wants to [1:read|run|make|sell] {a} [1:pages|miles|{T}|{T}].",
    "{N} must [1:read|run|make|sell] {a} [1:pages|miles|{T}|{T}] [in all|].",
)
_AT_THE_RATE: Part = (
    "{he} [1:reads|runs|makes|sells] {b} [a|each|every|per] day.",
    "{he} can [1:read|run|make|sell] {b} [in a|each|every|in one] day.",
    "every day {he} [1:reads|runs|makes|sells] {b}.",
)
_HOW_LONG: Part = (
    "how many days does {he} need?",
    "how many days does it take?",
    "how many days is that?",
    "after how many days is {he} done?",
)
_IN_SOME_DAYS: Part = (
    "{N} [1:read|ran|made|sold] {a} [1:pages|miles|{T}|{T}] in {b} days.",
    "in {b} days, {N} [1:read|ran|made|sold] {a} [1:pages|miles|{T}|{T}].",
)
_PER_DAY: Part = (
    "{he} [1:read|ran|made|sold] the same number each day. How many is that [per|a|each|every] day?",
    "it was the same number each day. How many [1:pages|miles|{T}|{T}] was that [per|a|each] day?",
    "how many [1:pages|miles|{T}|{T}] is that [per|a|each|every] day, if all days were the same?",
)

_WANTS: Part = (
    "{N} [wants|needs] {a} {T}.",
    "{N} wants to have {a} {T}.",
    "{N} needs {a} {T} [in all|] for school.",
    "{N} is to bring {a} {T}.",
)
_HAS_SOME: Part = (
    "{he} [has|already has|has found|has bought] {b} [{T}|of them|].",
    "so far, {he} has {b} [{T}|].",
    "{b} of them are already there.",
)
_STILL_NEEDS: Part = (
    "how many more {T} does {he} need?",
    "how many more must {he} get?",
    "how many {T} are still missing?",
    "how many [more|] {T} does {he} still need?",
)
_WHOLE: Part = ("there are {a} {O} in {ax}.", "{N} has {a} {O}.", "{a} {O} are on the table.")
_ONE_COLOUR: Part = ("{b} [of them|] are {Q}.", "{b} {O} are {Q}.")
_OTHER_COLOUR: Part = (
    "[the others|the rest|all others] are {q}. How many {O} are {q}?",
    "how many [of the {O}|{O}|] are not {Q}?",
    "how many {O} have another color?",
)
_TWO_COLOURS: Part = ("{b} [others|more|{O}] are {q}.", "another {b} are {q}.")
_FIRST_COLOUR: Part = ("{N} has {a} {Q} {O}.", "there are {a} {Q} {O} in {ax}.", "{a} {O} are {Q}.")
_COLOURS_TOGETHER: Part = ("how many {O} is that [in all|together]?", "how many {O} are there [in all|altogether]?")
_TOGETHER: Part = (
    "how many {T} is that together?",
    "how many {T} [1:do they have|did they make|did they sell|did they find] [in all|together|altogether]?",
    "what is the total?",
    "what is the total number of {T}?",
)
_GONE: Part = (
    "{N} [gave away|sold|lost|used] {a} {T}.",
    "{N} gave {a} {T} to {M}.",
    "{M} took {a} {T} from {N}.",
    "{a} {T} of {N} got lost.",
)
_LEFT_OVER: Part = (
    "now {he} has {b} [left|].",
    "{b} [{T}|] are left.",
    "after that, {he} had {b} [left|].",
    "{he} still has {b} [{T}|].",
)
_AT_FIRST: Part = (
    "how many {T} did {he} have [at first|before|at the start]?",
    "how many {T} were there [at first|before|at the start]?",
    "with how many {T} did {he} start?",
)


COMPOSITIONS: dict[str, tuple[Composition, ...]] = {
    "add-combine": ((_HAS, _OTHER_HAS, _TOGETHER), (_FIRST_COLOUR, _TWO_COLOURS, _COLOURS_TOGETHER)),
    "add-join": (
        (_START, _with(_GAIN, "b"), _TOTAL),
        (_MONEY_START, _with(_EARNED, "b"), _MONEY_NOW),
        (_PLACE_START, _with(_COME, "b"), _WHO_NOW),
    ),
    "add-more-than": (
        (_HAS, ("{M} [1:has|made|sold|found] {b} more [than {N}|].", "for {M} it is {b} more."), _OTHERS_NUMBER),
    ),
    "add-start": ((_GONE, _LEFT_OVER, _AT_FIRST),),
    "sub-left": (
        (_START, _with(_LOSS, "b"), _LEFT),
        (_MONEY_START, _with(_SPENT, "b"), _MONEY_LEFT),
        (_PLACE_START, _with(_LEAVE, "b"), _WHO_LEFT),
    ),
    "sub-difference": (
        (
            _HAS,
            _OTHER_HAS,
            (
                "how many more [{T}|] [1:does|did|did|did] {N} [1:have|make|sell|find] [than {M}|]?",
                "how many fewer [{T}|] [1:does|did|did|did] {M} [1:have|make|sell|find] [than {N}|]?",
                "what is the difference [between the two|]?",
                "how many more is that?",
            ),
        ),
    ),
    "sub-fewer-than": (
        (_HAS, ("{M} [1:has|made|sold|found] {b} fewer [than {N}|].", "for {M} it is {b} fewer."), _OTHERS_NUMBER),
    ),
    "sub-missing": ((_WANTS, _HAS_SOME, _STILL_NEEDS), (_WHOLE, _ONE_COLOUR, _OTHER_COLOUR)),
    "mul-groups": (((*_GROUPS, *_GROUPS_OF_OTHERS), _ALL),),
    "mul-rate": ((_DAILY, _IN_DAYS),),
    "mul-price": ((_ONE_COSTS, _BUYS, _PAYS), (_BUYS, _ONE_COSTS, _PAYS), (_ONE_COSTS, _SELLS, _GETS_PAID)),
    "mul-times": (
        (
            tuple(phrasing.replace("{a}", "{b}") for phrasing in _HAS),
            (
                "{M} [1:has|made|sold|found] {a} times as many [{T}|] [as {N}|].",
                "for {M} it is {a} times as many.",
                "{M} [1:has|made|sold|found] {a} times that many.",
            ),
            _OTHERS_NUMBER,
        ),
    ),
    "div-share": ((_POOL, _SHARED, _EACH_GETS), (_POOL, _SPREAD, _IN_EACH)),
    "div-pack": ((_POOL, _PACKED, _HOW_MANY_PACKS), (_POOL, _HANDED_OUT, _HOW_MANY_GET)),
    "div-rate": ((_GOAL, _AT_THE_RATE, _HOW_LONG), (_IN_SOME_DAYS, _PER_DAY)),
    "div-price": ((_ONE_COSTS, _PURSE, _CAN_BUY), (_PURSE, _ONE_COSTS, _CAN_BUY), (_PAID, _PRICE_OF_ONE)),
    "div-times": (
        (
            _HAS,
            _OTHER_HAS,
            (
                "how many times as many [{T}|] [1:does|did|did|did] {N} [1:have|make|sell|find] as {M}?",
                "how many times as many is that?",
            ),
        ),
        (
            _HAS,
            (
                "that is {b} times as many as {M} [1:has|made|sold|found].",
                "{N} [1:has|made|sold|found] {b} times as many as {M}.",
                "that is {b} times what {M} [1:has|made|sold|found].",
            ),
            _OTHERS_NUMBER,
        ),
    ),
    "two-gain-loss": (
        (_START, _with(_GAIN, "b"), _with(_LOSS, "c"), _LEFT),
        (_MONEY_START, _with(_EARNED, "b"), _with(_SPENT, "c"), _MONEY_LEFT),
        (_PLACE_START, _with(_COME, "b"), _with(_LEAVE, "c"), _WHO_LEFT),
    ),
    "two-loss-loss": (
        (_START, _with(_LOSS, "b"), _with(_LOSS, "c"), _LEFT),
        (_MONEY_START, _with(_SPENT, "b"), _with(_SPENT, "c"), _MONEY_LEFT),
        (_PLACE_START, _with(_LEAVE, "b"), _with(_LEAVE, "c"), _WHO_LEFT),
    ),
    "two-loss-gain": (
        (_START, _with(_LOSS, "b"), _with(_GAIN, "c"), _NOW),
        (_MONEY_START, _with(_SPENT, "b"), _with(_EARNED, "c"), _MONEY_NOW),
        (_PLACE_START, _with(_LEAVE, "b"), _with(_COME, "c"), _WHO_NOW),
    ),
    "two-groups-more": ((_GROUPS, _MORE_BESIDE, _ALL),),
    "two-groups-less": ((_GROUPS, _FEWER_AFTER, _LEFT_OF_GROUPS),),
    "two-three-parts": (
        (_START, _with(_GAIN, "b"), _with(_GAIN, "c"), _TOTAL),
        (_MONEY_START, _with(_EARNED, "b"), _with(_EARNED, "c"), _MONEY_NOW),
    ),
}
"""Compositions by the name of their situation."""

_IF_SHARE = 0.3


def compose(situation: str, rng: random.Random) -> str | None:
    """One phrasing put together for a situation; None where it has no compositions.

    Where each part is one sentence, some are told as a condition: "if S1 and S2, how many ...?" or
    "how many ... if S1 and S2?".
    """
    if situation not in COMPOSITIONS:
        return None
    *told, question = (rng.choice(part) for part in rng.choice(COMPOSITIONS[situation]))
    if rng.random() >= _IF_SHARE or any(". " in text for text in (*told, question)) or _starts_with_but(told):
        return " ".join((*told, question))
    conditions = [text.removesuffix(".") for text in told]
    joined = " and ".join(filter(None, (", ".join(conditions[:-1]), conditions[-1])))
    if rng.random() < 0.5:
        return f"if {joined}, {question}"
    return f"{question.removesuffix('?')} if {joined}?"


def _starts_with_but(told: list[str]) -> bool:
    return any(text.startswith("but ") for text in told)
