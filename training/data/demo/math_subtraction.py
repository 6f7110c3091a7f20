"""Phrasings of one-step problems that are solved by subtracting; `a` is always the bigger number."""

from __future__ import annotations

from training.data.demo.math_phrases import Situation

SITUATIONS: tuple[Situation, ...] = (
    Situation(
        name="sub-left",
        formula="a - b",
        problems=(
            "{N} [1:has|has|has|had|had|had] {a} {T}. {he} [1:gives|sells|loses|gave|sold|lost] {b} [of "
            "them|{T}]. How many {T} does {he} have [left|now]?",
            "{N} [1:has|had] {a} {T} and [1:gives|gave] {b} [1:to|away to] {M}. How many {T} does {N} have [left|now]?",
            "{N} [1:has|had] {a} {F} and [1:eats|ate] {b} [of them|{F}]. How many {F} [are left|does "
            "{he} have left|remain]?",
            "how many {T} does {N} have left if {he} had {a} {T} and [gave {b} to {M}|lost {b}|sold "
            "{b}|gave away {b}]?",
            "there [1:are|were|are|were] {a} {A} {L}. {b} of them [1:fly|flew|run|ran] away. How many {A} are left?",
            "there were {a} {P} on the bus. At the next stop, {b} {P} got off. How many {P} are on the bus now?",
            "{N} had {$a}. {he} spent {$b} [on {T}|]. How much [money|] does {he} have left?",
            "{N} gave {b} of {his} {a} {T} to {M}. How many {T} does {N} have [left|now]?",
            "after {N} [gave away|sold|lost|used] {b} of {his} {a} {T}, how many {T} are left?",
            "there [1:are|were] {a} {T} in the {x}. {N} [1:takes|took] {b} [of them|{T}] out. How many "
            "{T} are [left in the {x}|still in the {x}|in the {x} now]?",
            "a [shop|store] had {a} {T} and sold {b} of them. How many {T} [are left|does it have left|remain]?",
            "{b} of the {a} {T} in the {x} [are broken|were sold|were lost|were used]. How many {T} are left?",
            "{N} needs to [1:read|pack|wash|sell] {a} [1:pages|{T}|{T}|{T}]. {he} has already "
            "[1:read|packed|washed|sold] {b}. How many [1:pages|{T}|{T}|{T}] are left to "
            "[1:read|pack|wash|sell]?",
            "I had {a} {T} and [gave away|lost|sold|used] {b} of them. How many {T} do I have [left|now]?",
            "if {b} of {a} {P} go home, how many {P} [stay|are left|remain]?",
            "a [rope|ribbon|string] is {a} [1:feet|meters] long. {N} cuts off {b} [1:feet|meters]. How long is it now?",
            "{N} ate {b} {F} from a {x} of {a}. How many {F} are [left|left in the {x}]?",
            "there were {a} {T} on the table. {b} of them were taken by {N}. How many {T} [are "
            "left|remain] on the table?",
            "{N} has {$a} and spends {$b} [on {T}|]. How much [money|] does {he} have left?",
            "how much [money|] is left if {N} had {$a} and spent {$b}?",
            "{N} had a [rope|ribbon|string] of {a} [1:feet|meters]. {he} cut off {b} [1:feet|meters]. "
            "How many [1:feet|meters] are left?",
            "how long is a [rope|ribbon|string] of {a} [1:feet|meters] after {N} cuts off {b} [1:feet|meters]?",
            "{N} [1:gives|gave] {M} {b} of {his} {a} {T}. How many {T} does {N} have [left|now]?",
            "{N} had {a} {T}, but {b} of them [got lost|were broken|were lost]. How many {T} are left?",
            "{N} takes {b} {T} out of a {x} of {a} {T}. How many {T} are still in the {x}?",
            "{N} has [1:packed|washed|used|sold] {b} of {his} {a} {T}. How many {T} does {he} still need "
            "to [1:pack|wash|use|sell]?",
            "there are {a} [students|children|kids] in the room. {b} of them [leave|go home]. How many "
            "are still in the room?",
            "{N} [1:has|had] {a} {T}. {M} [1:takes|took] {b} of them. How many {T} does {N} have [left|now]?",
            "if {N} has {a} {T} and [gives away|loses|sells|uses] {b} of them, how many {T} [are left|does {he} "
            "have left]?",
            "a farmer had {a} {A} and sold {b} of them. How many {A} does the farmer have [left|now]?",
            "out of {a} {T}, {N} [sold|lost|used|gave away] {b}. How many {T} are left?",
            "there were {a} {P} in the [1:room|park|hall]. {b} of them [left|went home]. How many {P} are still "
            "in the [1:room|park|hall]?",
            "{N} had {a} {T} in {ax}. {b} of them fell out. How many {T} are [left|still] in the {x}?",
        ),
        rationales=(
            "There are {a} at first and {b} are gone. To find what is left, subtract {b} from {a}.",
            "{b} of the {a} are taken away. To find how many are left, subtract.",
            "Of the {a} {T}, {b} are gone. Take {b} away from {a}.",
        ),
    ),
    Situation(
        name="sub-difference",
        formula="a - b",
        problems=(
            "{N} has {a} {T} and {M} has {b} {T}. How many more {T} does {N} have than {M}?",
            "{N} has {b} {T}. {M} has {a} {T}. How many fewer {T} does {N} have than {M}?",
            "there are {a} {A} and {b} {B} {L}. How many more {A} than {B} are there?",
            "{N} [1:made|sold|found|collected|picked] {a} {T} and {M} "
            "[1:made|sold|found|collected|picked] {b}. How many more {T} did {N} "
            "[1:make|sell|find|collect|pick] than {M}?",
            "how many more {T} does {N} have than {M} if {N} has {a} {T} and {M} has {b}?",
            "one {x} [1:holds|has] {a} {T} and another {x} [1:holds|has] {b} {T}. What is the difference?",
            "{N} has {b} {T} and {M} has {a} {T}. How many more {T} does {M} have than {N}?",
            "a class has {b} boys and {a} girls. How many more girls than boys are there?",
            "{N} read {a} pages [1:yesterday|on {W}] and {b} pages [1:today|on {V}]. How many fewer "
            "pages did {he} read [1:today|on {V}]?",
            "{at} costs {$a} and a [hat|book|lamp|game] costs {$b}. How much more does the {t} cost?",
            "{N} is {b} years old and {M} is {a} years old. How many years older is {M} than {N}?",
            "what is the difference between the number of {T} if {N} has {a} {T} and {M} has {b} {T}?",
            "{N} has {a} {T} and {M} has {b} {T}. How many fewer {T} does {M} have than {N}?",
            "{M} is {a} years old and {N} is {b} years old. How many years younger is {N} than {M}?",
            "{N} spent {$a} and {M} spent {$b}. How much more [money|] did {N} spend than {M}?",
            "I have {a} {T} and my [brother|sister|friend] has {b} {T}. How many more {T} do I have?",
            "there are {a} {T} in one {x} and {b} {T} in another {x}. How many more {T} are in the first {x}?",
            "{N} [1:walked|ran|rode|drove] {a} miles and {M} [1:walked|ran|rode|drove] {b} miles. How many more "
            "miles did {N} [1:walk|run|ride|drive] [than {M}|]?",
            "there are {a} {Q} {O} and {b} {q} {O}. How many more {Q} {O} [than {q} {O}|] are there?",
            "one [1:rope|ribbon|string] is {a} [2:feet|meters] long and another is {b} [2:feet|meters] long. How "
            "much longer is the first one?",
            "{N} [1:made|sold|found|picked] {a} {T} on {W} and {b} on {V}. How many more {T} did {he} "
            "[1:make|sell|find|pick] on {W} [than on {V}|]?",
            "if {N} has {a} {T} and {M} has {b} {T}, how many more {T} does {N} have [than {M}|]?",
        ),
        rationales=(
            "Compare {a} and {b}. To find the difference, subtract {b} from {a}.",
            "One number is {a} and the other is {b}. How many more or fewer means subtract {b} from {a}.",
        ),
    ),
    Situation(
        name="sub-fewer-than",
        formula="a - b",
        problems=(
            "{N} has {a} {T}. {M} has {b} fewer {T} than {N}. How many {T} does {M} have?",
            "{M} [1:has|made|sold|found] {b} fewer {T} than {N}. {N} [1:has|made|sold|found] {a} {T}. "
            "How many {T} [1:does|did|did|did] {M} [1:have|make|sell|find]?",
            "how many {T} does {M} have if {N} has {a} {T} and {M} has {b} fewer than {N}?",
            "there are {a} {A} {L}. There are {b} fewer {B} than {A}. How many {B} are there?",
            "{N} is {a} years old. {M} is {b} years younger than {N}. How old is {M}?",
            "{N} has {a} {T} and {M} has {b} fewer. How many {T} does {M} have?",
            "the {Q} {x} has {a} {T}. The {q} {x} has {b} fewer {T} than the {Q} {x}. How many {T} are in the {q} {x}?",
            "{at} costs {$a}. A [1:hat|book|lamp|game] costs {$b} less [than the {t}|]. How much does "
            "the [1:hat|book|lamp|game] cost?",
            "{M} is {b} years younger than {N}. {N} is {a} years old. How old is {M}?",
            "{N} [1:made|sold|found|picked] {a} {T} on {W}. On {V}, {he} [1:made|sold|found|picked] {b} "
            "fewer {T}. How many {T} did {he} [1:make|sell|find|pick] on {V}?",
            "yesterday {N} [1:made|sold|found] {a} {T}. Today {he} [1:made|sold|found] {b} fewer than yesterday. "
            "How many {T} did {he} [1:make|sell|find] today?",
            "{N} [1:earned|spent|saved] {$a}. {M} [1:earned|spent|saved] {$b} less [than {N}|]. How much [money|] "
            "did {M} [1:earn|spend|save]?",
            "a class has {a} boys and {b} fewer girls than boys. How many girls are [there|in the class]?",
            "one [1:rope|ribbon|string] is {a} [2:feet|meters] long. Another [1:rope|ribbon|string] is {b} "
            "[2:feet|meters] shorter. How long is the other one?",
            "{N} [1:found|made|sold|picked] {a} {T} and {M} [1:found|made|sold|picked] {b} fewer than {N}. How "
            "many {T} did {M} [1:find|make|sell|pick]?",
            "if {N} has {a} {T} and {M} has {b} fewer [than {N}|], how many {T} does {M} have?",
        ),
        rationales=(
            "One number is {a} and the other is {b} fewer. To find the other one, subtract {b} from {a}.",
            "The other one is {b} less than {a}. Less or fewer than means subtract.",
        ),
    ),
    Situation(
        name="sub-missing",
        formula="a - b",
        problems=(
            "{N} [wants|needs] {a} {T}. {he} [already has|has] {b} {T}. How many more {T} does {he} need?",
            "{N} had {b} {T}. {he} [1:bought|got|found|bought] some more and now has {a} {T}. How many "
            "{T} did {he} [1:buy|get|find|buy]?",
            "{N} had {a} {T}. {he} [1:gave away|sold|lost|used] some [of them|] and now has {b} left. "
            "How many {T} did {he} [1:give away|sell|lose|use]?",
            "{N} has {b} {T}. How many more {T} does {he} need to have {a} [{T}|in all]?",
            "{N} wants to buy {at} that costs {$a}. {he} has {$b}. How much more [money|] does {he} need?",
            "there are {a} [students|children|kids] in the [class|room|team|group]. {b} of them are "
            "[1:boys|girls]. How many are [1:girls|boys]?",
            "{N} has {a} {O}. {b} of them are {Q} and the others are {q}. How many {O} are {q}?",
            "how many more {T} does {N} need if {he} has {b} {T} and [needs|wants] {a}?",
            "there were {b} {A} {L}. Some more came and now there are {a} {A}. How many {A} came?",
            "there were {a} {F} in {ax}. {N} ate some and now {b} are left. How many {F} did {he} eat?",
            "{N} and {M} have {a} {T} [together|in all|in total]. {N} has {b} of them. How many {T} does {M} have?",
            "a book has {a} pages. {N} has read {b} pages [so far|already]. How many more pages are there to read?",
            "{N} has {a} {T}. {b} of them are in {ax} and the others are at home. How many {T} are at home?",
            "there are {a} {T} in two {X}. One {x} has {b} {T}. How many {T} are in the other {x}?",
            "{N} wants to [1:find|make|sell] {a} {T}. {he} has [1:found|made|sold] {b} so far. How many more {T} "
            "must {he} [1:find|make|sell]?",
            "of the {a} {O} in the {x}, {b} are {Q}. How many {O} in the {x} are not {Q}?",
            "there are {a} seats on the bus. {b} seats are taken. How many seats are free?",
            "{N} had {$a}. After {he} bought {at}, {he} had {$b} left. How much did the {t} cost?",
            "there were {a} {P} on the bus. Some got off and now there are {b}. How many {P} got off?",
        ),
        rationales=(
            "The whole is {a} and one part is {b}. To find the other part, subtract {b} from {a}.",
            "From {b} to {a} there is a part missing. To find it, subtract {b} from {a}.",
        ),
    ),
)
