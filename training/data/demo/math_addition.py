"""Phrasings of one-step problems that are solved by adding."""

from __future__ import annotations

from training.data.demo.math_phrases import Situation

SITUATIONS: tuple[Situation, ...] = (
    Situation(
        name="add-combine",
        formula="a + b",
        problems=(
            "{N} has {a} {T} and {M} has {b} {T}. How many {T} do they have [in all|altogether|in total|together]?",
            "{N} [1:has|had] {a} {Q} {O} and {b} {q} {O}. How many {O} [1:does|did] {he} have [in "
            "all|altogether|in total]?",
            "there are {a} {P} in one [1:room|bus|team|class] and {b} {P} in [another|a second|the "
            "other] [1:room|bus|team|class]. How many {P} are there [in all|altogether|in total]?",
            "on {W}, {N} [1:sold|made|counted|found|collected|picked] {a} {T}. On {V}, {he} "
            "[1:sold|made|counted|found|collected|picked] {b} {T}. How many {T} did {he} "
            "[1:sell|make|count|find|collect|pick] [on both days|in all|altogether|in total]?",
            "how many {T} do {N} and {M} have [together|in all|altogether|in total] if {N} has {a} {T} "
            "and {M} has {b}?",
            "{N} [1:bought|made|sold] {a} {T} and {b} {U}. How many things did {he} [1:buy|make|sell] "
            "[in all|altogether|in total]?",
            "one {x} [1:holds|has|contains] {a} {T} and another {x} [1:holds|has|contains] {b} {T}. How "
            "many {T} are there in the two {X} [together|in all|in total]?",
            "[a|the] [shop|market|store] [sold|got] {a} {T} in the morning and {b} {T} in the "
            "[afternoon|evening]. What is the total number of {T}?",
            "{N} spent {$a} on {T} and {$b} on {U}. How much [money|] did {he} spend [in all|altogether|in total]?",
            "{a} {Q} {O} and {b} {q} {O} are in {ax}. How many {O} are in the {x} [in all|altogether|]?",
            "I have {a} {T} and my [brother|sister|friend] has {b} {T}. How many {T} do we have "
            "[together|in all|altogether]?",
            "{N} [walked|ran|rode|drove] {a} miles on {W} and {b} miles on {V}. How many miles is that "
            "[in all|altogether|in total]?",
            "what is the total number of {T} if {N} has {a} {T} and {M} has {b} {T}?",
            "{N} read {a} pages [1:yesterday|on {W}|in the morning] and {b} pages [1:today|on {V}|in the "
            "evening]. How many pages did {he} read [in all|altogether|in total]?",
            "there are {a} {A} and {b} {B} {L}. How many animals are there [in all|altogether|in total]?",
            "{N} and {M} put their {T} together. {N} has {a} and {M} has {b}. How many {T} are there [in "
            "all|altogether|in total|now]?",
            "a class has {a} boys and {b} girls. How many [students|children|kids] are in the class [in all|]?",
            "{N} picked {a} {F} before lunch and {b} {F} after lunch. How many {F} did {he} pick [in all|altogether]?",
            "there are {a} {T} on the table and {b} {T} on the [shelf|floor|desk]. How many {T} are "
            "there [in all|altogether|in total]?",
            "{N} has {a} {T} in one {x} and {b} {T} in another {x}. How many {T} does {he} have [in "
            "all|altogether|in total]?",
            "there are {a} girls and {b} boys in the [1:room|group|team|class]. How many "
            "[students|children|kids] are in the [1:room|group|team|class]?",
            "a farmer has {a} {A} and {b} {B}. How many animals does the farmer have [in all|altogether|in total|]?",
            "{N} [1:found|made|sold|picked] {a} {T} and {M} [1:found|made|sold|picked] {b}. How many {T} "
            "did they [1:find|make|sell|pick] [together|in all|altogether|in total]?",
            "a team [1:scored|made] {a} points in the first game and {b} points in the second game. How "
            "many points did the team [1:score|make] [in all|altogether|in total]?",
            "{N} paid {$a} for {at} and {$b} for a [hat|book|lamp|game]. How much [money|] did {he} pay "
            "[in all|altogether|in total]?",
            "today {N} [1:made|sold|found] {a} {T}, and yesterday {he} [1:made|sold|found] {b}. How many "
            "{T} is that [in all|altogether|in total]?",
            "{N} ate {a} {F} and {M} ate {b} [{F}|]. How many {F} did they eat [in all|altogether|together]?",
            "if {N} has {a} {T} and {M} has {b} {T}, how many {T} do they have [in all|altogether|together]?",
            "{N} put {a} {T} in the {x} and {M} put in {b}. How many {T} are in the {x} [in all|]?",
            "there are {a} {T} on one shelf and {b} {T} on another [shelf|]. How many {T} are there [in "
            "all|altogether|]?",
            "{a} [1:students|children|kids] go by bus and {b} walk. How many [1:students|children|kids] are there "
            "[in all|altogether|]?",
            "{a} of the {O} in the {x} are {Q} and the other {b} are {q}. How many {O} are in the {x} [in all|]?",
        ),
        rationales=(
            "There are {1} and {2}. To find how many in all, add {1} and {2}.",
            "There are two parts, {1} and {2}. The total is found by adding them.",
            "To count all of them, put {1} and {2} together, so add.",
        ),
    ),
    Situation(
        name="add-join",
        formula="a + b",
        problems=(
            "{N} [1:has|has|has|had|had|had] {a} {T}. {he} [1:buys|gets|finds|bought|got|found] {b} more "
            "[{T}|]. How many {T} does {he} have [now|in all|in total]?",
            "{N} had {a} {T}. {M} gave {him} {b} more [{T}|]. How many {T} does {N} have [now|in all|altogether]?",
            "there [1:are|were] {a} {A} {L}. {b} more [{A}|] [1:come|came]. How many {A} are there [now|in all]?",
            "{N} [collects {T} and|] has {a} {T}. If {he} [gets|buys|finds|makes] {b} more, how many {T} "
            "will {he} have?",
            "how many {T} does {N} have [now|in all] if {he} had {a} {T} and [bought|got|found] {b} more?",
            "there were {a} {P} on the bus. At the next stop, {b} more {P} got on. How many {P} are on the bus now?",
            "{N} had {a} {T}. For {his} birthday, {he} got {b} more {T} from {M}. How many {T} does {N} have now?",
            "{N} had {$a}. {he} [earned|got|found] {$b} more. How much [money|] does {he} have now?",
            "after {M} gave {N} {b} more {T}, how many {T} did {N} have if {he} had {a} at first?",
            "there [1:are|were] {a} {T} in the {x}. {N} [1:puts|put] {b} more {T} in the {x}. How many "
            "{T} are in the {x} now?",
            "{N} bought {b} more {T} [yesterday|on {W}|at the store]. {he} already had {a} {T}. How many "
            "{T} does {he} have now?",
            "{N} received {b} {T} from {M} and {he} already had {a} {T}. How many {T} does {N} have [now|in all]?",
            "a [shop|store|library|school] has {a} {T} and [buys|gets|receives] {b} more. How many {T} "
            "does it have [now|in all]?",
            "I had {a} {T} and [bought|got|found] {b} more [{T}|]. How many {T} do I have [now|in all]?",
            "{b} {T} were added to the {a} {T} in the {x}. How many {T} are in the {x} now?",
            "{N} planted {a} [1:trees|flowers|bushes] [2:on {W}|in the morning|last year] and {b} more "
            "[2:on {V}|later|this year]. How many [1:trees|flowers|bushes] did {he} plant [in "
            "all|altogether]?",
            "{M} [1:gives|gave] {N} {b} {T}. {N} already [1:has|had] {a} {T}. How many {T} does {N} have [now|in all]?",
            "there [1:are|were] {a} {T} on the table. {N} [1:puts|put] {b} more {T} on the table. How "
            "many {T} are on the table now?",
            "{N} had {a} {T}, and then {his} [friend|mother|father|aunt|uncle] gave {him} {b} more. How "
            "many {T} does {he} have now?",
            "{N} has {a} {T}. {M} gives {him} {b} more. How many {T} does {he} have [now|in all]?",
            "how much [money|] does {N} have now if {he} had {$a} and earned {$b}?",
            "there are {a} [students|children|kids] in the room. {b} more come in. How many are in the room now?",
            "{N} has {$a} and earns {$b} more. How much [money|] does {he} have [now|in all]?",
            "{N} had {$a} and then earned {$b}. How much [money|] did {he} have in all?",
            "if {N} has {a} {T} and {M} gives {him} {b} more, how many {T} does {N} have [then|in all]?",
            "there were {a} {P} in the [1:room|park|hall]. Then {b} more came. How many {P} are in the "
            "[1:room|park|hall] now?",
            "a farmer had {a} {A} and bought {b} more. How many {A} does the farmer have [now|in all]?",
            "a plant is {a} inches [1:tall|high] and grows {b} inches more. How [1:tall|high] is it then?",
            "{N} [found|bought|got] {b} {T} and put them with {his} {a} {T}. How many {T} does {he} have [now|in all]?",
        ),
        rationales=(
            "There are {a} at first and then {b} more. To find how many now, add {1} and {2}.",
            "The number grows, since {b} more come to the {a}. So add {1} and {2}.",
            "There are {a} {T} and {b} more. More {T} means add.",
        ),
    ),
    Situation(
        name="add-more-than",
        formula="a + b",
        problems=(
            "{N} has {a} {T}. {M} has {b} more {T} than {N}. How many {T} does {M} have?",
            "{M} [1:has|made|sold|found] {b} more {T} than {N}. {N} [1:has|made|sold|found] {a} {T}. How "
            "many {T} [1:does|did|did|did] {M} [1:have|make|sell|find]?",
            "how many {T} does {M} have if {N} has {a} {T} and {M} has {b} more than {N}?",
            "there are {a} {A} {L}. There are {b} more {B} than {A}. How many {B} are there?",
            "{N} has {a} {T} and {M} has {b} more. How many {T} does {M} have?",
            "{N} is {a} years old. {M} is {b} years older than {N}. How old is {M}?",
            "the {Q} {x} has {a} {T}. The {q} {x} has {b} more {T} than the {Q} {x}. How many {T} are in the {q} {x}?",
            "{N} [1:read|walked|ran|drove] {a} [1:pages|miles|miles|miles] on {W}. On {V}, {he} "
            "[1:read|walked|ran|drove] {b} more [1:pages|miles|miles|miles] than on {W}. How many "
            "[1:pages|miles|miles|miles] did {he} [1:read|walk|run|drive] on {V}?",
            "{at} costs {$a}. A [1:hat|book|lamp|game] costs {$b} more [than the {t}|]. How much does "
            "the [1:hat|book|lamp|game] cost?",
            "{M} is {b} years older than {N}. {N} is {a} years old. How old is {M}?",
            "{N} [1:found|made|sold|picked] {a} {T} and {M} [1:found|made|sold|picked] {b} more than {N}. How "
            "many {T} did {M} [1:find|make|sell|pick]?",
            "yesterday {N} [1:made|sold|found] {a} {T}. Today {he} [1:made|sold|found] {b} more than yesterday. "
            "How many {T} did {he} [1:make|sell|find] today?",
            "{N} [1:earned|spent|saved] {$a}. {M} [1:earned|spent|saved] {$b} more [than {N}|]. How much [money|] "
            "did {M} [1:earn|spend|save]?",
            "a class has {a} boys and {b} more girls than boys. How many girls are [there|in the class]?",
            "one [1:rope|ribbon|string] is {a} [2:feet|meters] long. Another [1:rope|ribbon|string] is {b} "
            "[2:feet|meters] longer. How long is the other one?",
            "if {N} has {a} {T} and {M} has {b} more [than {N}|], how many {T} does {M} have?",
        ),
        rationales=(
            "One number is {a} and the other is {b} more than that. To find the other one, add {1} and {2}.",
            "The other one is {b} more than {a}. More than means add, so {1} and {2} are added.",
        ),
    ),
    Situation(
        name="add-start",
        formula="a + b",
        problems=(
            "{N} [gave|sold|lost] {a} {T} and has {b} {T} left. How many {T} did {he} have [at first|at "
            "the start|before]?",
            "{N} had some {T}. {he} [gave {M}|sold|lost|gave away] {a} of them and now has {b} left. How "
            "many {T} did {he} have [at first|at the start|before]?",
            "how many {T} did {N} have [at first|at the start] if {he} [sold|lost|gave away] {a} of them "
            "and has {b} left?",
            "after {N} [sold|lost|gave {M}|gave away] {a} {T}, {he} had {b} {T} left. How many {T} did "
            "{N} have [at first|at the start|before]?",
            "there were some {F} in {ax}. {N} ate {a} of them and {b} are left. How many {F} were there "
            "[at first|at the start|before]?",
            "{N} spent {$a} and has {$b} left. How much [money|] did {he} have [at first|at the start|before]?",
            "some {A} were {L}. {a} of them left and {b} stayed. How many {A} were there [at first|at "
            "the start|before]?",
            "{N} ate {a} {F} and {b} are left. How many {F} were there [at first|at the start|before]?",
            "{N} took {a} {T} out of the {x}, and {b} are still in it. How many {T} were in the {x} [at first|at "
            "the start|before]?",
            "{a} {P} got off the bus and {b} stayed on it. How many {P} were on the bus [at first|before]?",
            "{N} cut {a} [1:feet|meters] off a [rope|ribbon|string]. Now it is {b} [1:feet|meters] long. How long "
            "was it [at first|before]?",
            "a [shop|store|market] sold {a} {T} and has {b} left. How many {T} did it have [at first|at the "
            "start|before]?",
            "if {N} gave {a} {T} to {M} and has {b} left, how many {T} did {he} have [at first|at the start|before]?",
            "I [lost|sold|gave away] {a} {T} and have {b} left. How many {T} did I have [at first|at the "
            "start|before]?",
        ),
        rationales=(
            "At first there were the {a} that are gone and the {b} that are left. So add {1} and {2}.",
            "To find the number at the start, put back the {a} to the {b} that are left, so add.",
        ),
    ),
)
