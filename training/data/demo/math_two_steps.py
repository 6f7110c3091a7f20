"""Phrasings of two-step problems."""

from __future__ import annotations

from training.data.demo.math_phrases import Situation

SITUATIONS: tuple[Situation, ...] = (
    Situation(
        name="two-gain-loss",
        formula="a + b - c",
        problems=(
            "{N} had {a} {T}. {he} [bought|got|found] {b} more and [then|later] [gave {c} to {M}|lost "
            "{c}|sold {c}]. How many {T} does {he} have [now|left]?",
            "{N} had {a} {T}. {M} gave {him} {b} more. Then {N} [lost|sold|gave away] {c} of them. How "
            "many {T} does {N} have [now|left]?",
            "there were {a} {P} on the bus. At the next stop, {b} {P} got on and {c} got off. How many "
            "{P} are on the bus now?",
            "how many {T} does {N} have [now|left] if {he} had {a}, [bought|got|found] {b} more and "
            "[gave away|lost|sold] {c}?",
            "there were {a} {A} {L}. {b} more came, and then {c} [ran|flew] away. How many {A} are there now?",
            "{N} had {$a}. {he} [earned|got|found] {$b} and [then|later] spent {$c}. How much [money|] "
            "does {he} have [now|left]?",
            "a [shop|store|market] had {a} {T}. It [got|bought|received] {b} more {T} and sold {c}. How "
            "many {T} [are left|does it have now]?",
            "{N} [made|picked|bought] {a} {F} [1:on {W}|in the morning] and {b} {F} [1:on {V}|in the "
            "afternoon]. Then {he} ate {c} of them. How many {F} [are left|does {he} have left]?",
            "I had {a} {T}. I [bought|got|found] {b} more and then [lost|sold|gave away] {c}. How many "
            "{T} do I have [now|left]?",
            "after {N} added {b} {T} to {his} {a} {T}, {he} [gave {c} to {M}|lost {c}|sold {c}]. How "
            "many {T} does {N} have [now|left]?",
            "{N} has {a} {T} and [gets|buys|finds] {b} more. Then {he} [gives {c} to {M}|gives away "
            "{c}|loses {c}|sells {c}]. How many {T} does {he} have [now|left]?",
            "there were {a} {T} in the {x}. {N} put in {b} more and [then|later] took {c} out. How many "
            "{T} are in the {x} now?",
            "{N} had {a} {T}. For {his} birthday, {he} got {b} more. Then {he} [gave {c} to {M}|lost {c}|sold "
            "{c}]. How many {T} does {he} have [now|left]?",
            "{N} had {$a}. {M} gave {him} {$b} more. Then {N} spent {$c} [on {T}|]. How much [money|] does {N} "
            "have [left|now]?",
            "there were {a} {P} in the [1:room|park|hall]. {b} more came and then {c} [left|went home]. How many "
            "{P} are in the [1:room|park|hall] now?",
            "{N} had {a} {T} and {M} gave {him} {b} more. {N} [used|lost|sold|gave away] {c} of them. How many "
            "{T} does {he} have [now|left]?",
            "a farmer had {a} {A}. The farmer bought {b} more and then sold {c}. How many {A} does the farmer "
            "have [now|left]?",
            "a [library|school] had {a} books. It got {b} new books and [lost|gave away|sold] {c} old ones. How "
            "many books does it have now?",
            "{N} has {a} {T} and {M} has {b} {T}. Together they [gave away|sold|lost|used] {c} of them. How many "
            "{T} do they have left?",
            "{N} has {a} {Q} {O} and {b} {q} {O}. {he} [gives away|loses|sells|uses] {c} of them. How many {O} "
            "[are left|does {he} have left]?",
            "there are {a} boys and {b} girls in a class. {c} of them are [sick|at home] today. How many "
            "[students|children|kids] are in the class today?",
            "if {N} had {a} {T}, [bought|got|found] {b} more and then [lost|sold|gave away] {c}, how many {T} "
            "[are left|does {he} have now]?",
            "{N} [bought|found|made] {a} {T} on {W} and {b} {T} on {V}. On {Y}, {he} [gave away|sold|lost] {c} of "
            "them. How many {T} are left?",
            "there were {a} {F} in one {x} and {b} {F} in another {x}. {N} ate {c} of them. How many {F} are left "
            "[in all|]?",
            "{N} earned {$a} on {W} and {$b} on {V}. Then {he} spent {$c} [on {T}|]. How much [money|] does {he} "
            "have left?",
        ),
        rationales=(
            "There are {a}, then {b} more come and {c} go. So add {b} and subtract {c}.",
            "First {b} are added to {a}. Then {c} are gone, so subtract {c}.",
        ),
    ),
    Situation(
        name="two-loss-loss",
        formula="a - b - c",
        problems=(
            "{N} had {a} {T}. {he} gave {b} to {M} and {c} to {K}. How many {T} does {he} have [left|now]?",
            "{N} had {a} {T}. {he} [lost|sold|gave away] {b} on {W} and {c} on {V}. How many {T} does "
            "{he} have [left|now]?",
            "there were {a} {F} in the {x}. {N} ate {b} and {M} ate {c}. How many {F} are left?",
            "how many {T} does {N} have left if {he} had {a}, [gave {b} to {M} and {c} to {K}|sold {b} and lost {c}]?",
            "a [shop|store|market] had {a} {T}. It sold {b} in the morning and {c} in the afternoon. How "
            "many {T} [are left|remain]?",
            "{N} had {$a}. {he} spent {$b} on {T} and {$c} on {U}. How much [money|] does {he} have left?",
            "there were {a} {A} {L}. First {b} of them left, and then {c} more left. How many {A} are still there?",
            "of {his} {a} {T}, {N} gave {b} to {M} and lost {c}. How many {T} does {N} have [left|now]?",
            "I had {a} {T}. I [gave away|sold|lost] {b} and then [gave away|sold|lost] {c} more. How "
            "many {T} do I have left?",
            "a book has {a} pages. {N} read {b} pages on {W} and {c} pages on {V}. How many pages are left to read?",
            "{N} has {a} {T}. {he} [gives away|sells|loses] {b} and then [gives away|sells|loses] {c} "
            "more. How many {T} does {he} have [left|now]?",
            "{N} had {a} {T}. {he} gave {b} to {M} and [lost|sold|used] {c}. How many {T} are left?",
            "a [shop|store|market] had {a} {T}. On {W} it sold {b} and on {V} it sold {c}. How many {T} "
            "[are left|remain]?",
            "{N} had {a} {T}. {he} [1:used|lost|sold] {b} [2:yesterday|in the morning] and {c} [2:today|in the "
            "evening]. How many {T} does {he} have left?",
            "{N} has {$a}. {he} pays {$b} for {at} and {$c} for a [hat|book|lamp|game]. How much [money|] does "
            "{he} have left?",
            "there were {a} {P} on the bus. {b} got off at the first stop and {c} at the second [stop|]. How many "
            "{P} are [still on the bus|on the bus now]?",
            "there were {a} {P} in the [1:room|park|hall]. {b} [left|went home] and then {c} more [left|went "
            "home]. How many {P} are still in the [1:room|park|hall]?",
            "{N} has {a} {O}. {b} of them are {Q} and {c} are {q}. How many {O} have another color?",
            "a [rope|ribbon|string] is {a} [1:feet|meters] long. {N} cuts off {b} [1:feet|meters] and then {c} "
            "[1:feet|meters]. How long is it now?",
            "{N} had {a} {F}. {he} ate {b} and gave {c} to {M}. How many {F} [are left|does {N} have left]?",
            "{N} needs {a} {T}. {he} has {b} and {M} gives {him} {c} [more|]. How many more {T} does {N} need?",
            "{N} wants to buy {at} that costs {$a}. {he} has {$b} and {M} gives {him} {$c}. How much more "
            "[money|] does {N} need?",
            "if {N} had {a} {T}, gave {b} to {M} and [lost|sold|used] {c}, how many {T} [are left|does {he} have "
            "left]?",
            "{N}, {M} and {K} have {a} {T} [together|in all]. {N} has {b} and {M} has {c}. How many {T} does {K} have?",
            "after {N} gave {b} {T} to {M} and {c} {T} to {K}, how many of {his} {a} {T} [are left|does {he} have "
            "left]?",
            "a [shop|store|market] had {a} {T}. {b} of them were sold and {c} were [lost|broken]. How many {T} "
            "are left?",
            "a farmer had {a} {A}. {b} of them were sold and {c} ran away. How many {A} does the farmer have "
            "[left|now]?",
        ),
        rationales=(
            "There are {a} at first, then {b} go and {c} go. So subtract {b} and subtract {c}.",
            "From {a}, first {b} are gone and then {c} are gone. Subtract both.",
        ),
    ),
    Situation(
        name="two-loss-gain",
        formula="a - b + c",
        problems=(
            "{N} had {a} {T}. {he} [gave {b} to {M}|lost {b}|sold {b}] and [then|later] "
            "[bought|got|found] {c} more. How many {T} does {he} have now?",
            "{N} had {a} {T}. {he} [lost|sold|gave away] {b} of them. Then {M} gave {him} {c} more. How "
            "many {T} does {N} have now?",
            "there were {a} {P} on the bus. At the next stop, {b} {P} got off and {c} got on. How many "
            "{P} are on the bus now?",
            "how many {T} does {N} have now if {he} had {a}, [gave away|lost|sold] {b} and "
            "[bought|got|found] {c} more?",
            "there were {a} {A} {L}. {b} of them [ran|flew] away, and then {c} more came. How many {A} are there now?",
            "{N} had {$a}. {he} spent {$b} and [then|later] [earned|got|found] {$c}. How much [money|] "
            "does {he} have now?",
            "a [shop|store|market] had {a} {T}. It sold {b} and then [got|bought|received] {c} more {T}. "
            "How many {T} does it have now?",
            "I had {a} {T}. I [lost|sold|gave away] {b} and then [bought|got|found] {c} more. How many "
            "{T} do I have now?",
            "after {N} [lost|sold|gave away] {b} of {his} {a} {T}, {he} [bought|got|found] {c} more. How "
            "many {T} does {N} have now?",
            "there were {a} {F} in the {x}. {N} ate {b} and then put {c} more in. How many {F} are in the {x} now?",
            "{N} has {a} {T}. {he} [gives {b} to {M}|gives away {b}|loses {b}|sells {b}] and then "
            "[gets|buys|finds] {c} more. How many {T} does {he} have now?",
            "there were {a} {T} in the {x}. {N} took {b} out and [then|later] put {c} more in. How many "
            "{T} are in the {x} now?",
            "there were {a} {A} {L}. First {b} of them left, and then {c} more came. How many {A} are there now?",
            "{N} had {a} {T}. {he} gave {b} to {M}, and {K} gave {him} {c} [more|]. How many {T} does {N} have now?",
            "{N} had {a} {T}. {he} [lost|sold|used] {b} [1:yesterday|on {W}] and [bought|got|found] {c} more "
            "[1:today|on {V}]. How many {T} does {he} have now?",
            "there were {a} {P} in the [1:room|park|hall]. {b} [left|went home] and then {c} more came. How many "
            "{P} are in the [1:room|park|hall] now?",
            "a farmer had {a} {A}. The farmer sold {b} and then bought {c} [more|others]. How many {A} does the "
            "farmer have now?",
            "a [library|school] had {a} books. {b} books were [lost|given away|sold], and then {c} new ones came. "
            "How many books does it have now?",
            "{N} had {$a}. {he} paid {$b} for {T}. Then {M} gave {him} {$c}. How much [money|] does {N} have now?",
            "{N} had {$a}, spent {$b} and then [earned|got|found] {$c}. How much [money|] does {he} have now?",
            "if {N} had {a} {T}, [lost|sold|gave away] {b} and then [bought|got|found] {c} more, how many {T} "
            "does {he} have now?",
            "how many {T} does {N} have after {he} [gives away|loses|sells] {b} of {his} {a} {T} and "
            "[gets|buys|finds] {c} more?",
            "{N} took {b} of the {a} {T} out of the {x}, and {M} put {c} more in. How many {T} are in the {x} now?",
            "{N} ate {b} of {his} {a} {F}, and then {M} gave {him} {c} more. How many {F} does {N} have now?",
            "{N} [used|lost|sold] {b} of {his} {a} {T} and [bought|got|made] {c} new ones. How many {T} does {he} "
            "have now?",
            "I had {$a}. I spent {$b} and then [earned|got|found] {$c}. How much [money|] do I have now?",
        ),
        rationales=(
            "There are {a}, then {b} go and {c} more come. So subtract {b} and add {c}.",
            "First {b} are gone from {a}. Then {c} are added, so add {c}.",
        ),
    ),
    Situation(
        name="two-groups-more",
        formula="a * b + c",
        problems=(
            "{N} has {a} {X} with {b} {T} in each {x} and {c} [more|other|single|loose] {T}. How many "
            "{T} does {he} have [in all|altogether|in total|]?",
            "there are {a} {X} of {b} {T} and {c} [more|single|loose] {T}. How many {T} are there [in "
            "all|altogether|in total]?",
            "{N} bought {a} {X} of {T}. Each {x} has {b} {T}. {he} already had {c} {T}. How many {T} "
            "does {he} have [now|in all]?",
            "how many {T} does {N} have if {he} has {a} {X} of {b} {T} and {c} [more|single|loose] {T}?",
            "{N} [1:read|made|sold] {b} [1:pages|{T}|{T}] [each|every] day for {a} days and {c} more on "
            "the last day. How many [1:pages|{T}|{T}] is that [in all|altogether|in total]?",
            "{N} bought {a} {T} for {$b} each and a [hat|book|lamp|game] for {$c}. How much did {he} "
            "[pay|spend] [in all|altogether|in total]?",
            "each {x} holds {b} {T}. {N} has {a} {X} and {c} [more|other|single|loose] {T}. How many {T} "
            "does {he} have [in all|altogether|in total|]?",
            "I have {a} {X} with {b} {T} in each and {c} [more|single|loose] {T}. How many {T} do I have "
            "[in all|altogether|in total]?",
            "there are {a} rows of {b} [1:chairs|seats|trees] and {c} more [1:chairs|seats|trees]. How "
            "many [1:chairs|seats|trees] are there [in all|altogether]?",
            "{N} put {b} {T} in each of {a} {X} and had {c} {T} left. How many {T} did {he} have [at "
            "first|at the start|before]?",
            "{N} [1:makes|reads|sells] {b} [1:{T}|pages|{T}] a day for {a} days and then {c} more "
            "[1:{T}|pages|{T}]. How many [1:{T}|pages|{T}] is that [in all|altogether|in total]?",
            "{N} made {b} {T} on each of {a} days. On the last day, {he} made {c} more. How many {T} did "
            "{he} make [in all|altogether|in total]?",
            "{N} has {c} {T}. {he} buys {a} {X} with {b} {T} in each {x}. How many {T} does {he} have [now|in all]?",
            "{N} has {c} [single|loose] {T} and {a} {X} with {b} {T} in each {x}. How many {T} does {he} "
            "have [in all|altogether|in total]?",
            "{N} had {c} {T} and bought {a} {X} of {b} {T}. How many {T} does {he} have [now|in all]?",
            "{N} has {a} {X} with {b} {T} in each. {M} gives {him} {c} more [{T}|]. How many {T} does {N} have "
            "[now|in all]?",
            "{N} buys {a} {X} of {b} {T} and [finds|gets] {c} more {T}. How many {T} does {he} have [now|in "
            "all|altogether]?",
            "{N} earns {$b} [each|every|a|per] day for {a} days and then [gets|finds] {$c} more. How much "
            "[money|] does {he} have [in all|now]?",
            "{N} had {$c}. {he} [earned|saved] {$b} [a|each|every|per] [1:day|week] for {a} [1:days|weeks]. How "
            "much [money|] does {he} have [now|in all]?",
            "there are {a} tables with {b} {P} at each table and {c} more {P} at the door. How many {P} are there "
            "[in all|altogether|]?",
            "{a} {P} have {b} {T} each, and {N} has {c} {T}. How many {T} do they have [in all|together|altogether]?",
            "{N} gave {b} {T} to each of {a} {P} and has {c} {T} left. How many {T} did {he} have [at first|at "
            "the start|before]?",
            "if {N} has {a} {X} with {b} {T} in each {x} and {c} [more|single|loose] {T}, how many {T} does {he} "
            "have [in all|altogether|]?",
            "a [room|hall] has {a} rows of {b} [1:chairs|seats|desks]. {N} brings {c} more "
            "[1:chairs|seats|desks]. How many [1:chairs|seats|desks] are there [now|in all]?",
            "{N} planted {a} rows of {b} [1:trees|flowers|bushes] and then {c} more. How many "
            "[1:trees|flowers|bushes] did {he} plant [in all|altogether|]?",
            "{T} cost {$b} each and a [1:hat|book|lamp|game] costs {$c}. How much does {N} pay for {a} {T} and "
            "the [1:hat|book|lamp|game]?",
            "{a} [vans|buses|boats] take {b} {P} each, and {c} {P} walk. How many {P} are there [in all|altogether|]?",
            "{N} pays {$c} for a [hat|book|lamp|game] and {$b} for each of {a} {T}. How much does {he} "
            "[pay|spend] [in all|altogether]?",
        ),
        rationales=(
            "The groups have {1} times {2}, and there are {c} more. So multiply {1} by {2} and add {c}.",
            "First multiply {1} by {2} for the equal groups. Then add the other {c}.",
        ),
    ),
    Situation(
        name="two-groups-less",
        formula="a * b - c",
        problems=(
            "{N} has {a} {X} with {b} {T} in each {x}. {he} [gives away|loses|sells] {c} [of them|{T}]. "
            "How many {T} does {he} have [left|now]?",
            "{N} bought {a} {X} of {b} {F} and ate {c} of them. How many {F} [are left|does {he} have left]?",
            "there were {a} {X} of {T}. Each {x} had {b} {T}. {N} [took|sold|lost|used] {c} of them. How "
            "many {T} are left?",
            "how many {T} does {N} have left if {he} had {a} {X} of {b} {T} and [gave away|lost|sold] {c}?",
            "{N} earns {$b} [each|every|a|per] day for {a} days and then spends {$c}. How much [money|] "
            "does {he} have left?",
            "{N} made {b} {T} [each|every] day for {a} days. Then {he} [gave {c} to {M}|lost {c}|sold "
            "{c}]. How many {T} are left?",
            "I had {a} {X} with {b} {T} in each and [gave away|lost|sold] {c} [{T}|of them]. How many "
            "{T} do I have left?",
            "there are {a} rows of {b} [1:chairs|seats|trees]. {c} of them are [taken|broken|old]. How many are not?",
            "each {x} holds {b} {T}. {N} had {a} {X} and [gave away|lost|sold] {c} {T}. How many {T} "
            "does {he} have left?",
            "after {N} [sold|lost|used|took] {c} {T} from {a} {X} of {b} {T}, how many {T} are left?",
            "{N} bought {a} {X} with {b} {T} in each {x}. Then {he} [gave {c} to {M}|lost {c}|sold "
            "{c}|used {c}]. How many {T} does {he} have left?",
            "there are {a} {X} of {b} {T}. {c} of the {T} are [broken|lost|sold]. How many {T} are left?",
            "{N} had {a} {X} with {b} {T} in each {x}. {M} took {c} [of them|{T}]. How many {T} [are left|does "
            "{N} have left]?",
            "if {N} had {a} {X} of {b} {T} and [gave away|lost|sold|used] {c} of them, how many {T} are left?",
            "{N} buys {a} {T} for {$b} each. The [shop|store] takes {$c} off the price. How much does {he} "
            "[pay|spend]?",
            "{N} sold {a} {T} for {$b} each and spent {$c} [of the money|]. How much [money|] does {he} have left?",
            "{N} needs {b} {T} for each of {a} {P}. {he} has {c} {T}. How many more {T} does {he} need?",
            "a [room|hall|theater] has {a} rows of {b} seats. {c} seats are taken. How many seats are [free|left]?",
            "{N} planted {a} rows of {b} [1:trees|flowers|bushes]. {c} of them died. How many "
            "[1:trees|flowers|bushes] are left?",
            "there are {a} [teams|groups|classes] of {b} {P}. {c} of the {P} are [sick|at home] today. How many "
            "{P} are there today?",
            "{a} {P} [brought|made|found] {b} {T} each. {c} of the {T} were [lost|sold|broken|used]. How many {T} "
            "are left?",
            "how many {T} are left if {a} {X} had {b} {T} each and {c} were [taken|sold|lost|used]?",
            "I bought {a} {X} of {b} {T}. I [gave away|lost|sold|used] {c} of them. How many {T} do I have left?",
            "{N} saved {$b} [a|each|every|per] [1:day|week] for {a} [1:days|weeks]. Then {he} bought {at} for "
            "{$c}. How much [money|] does {he} have left?",
            "{N} [made|packed] {a} {X} of {b} {T} and sold {c} {T}. How many {T} does {he} have left?",
        ),
        rationales=(
            "The groups have {1} times {2}, and {c} are gone. So multiply {1} by {2} and subtract {c}.",
            "First multiply {1} by {2} for the equal groups. Then subtract the {c}.",
        ),
    ),
    Situation(
        name="two-three-parts",
        formula="a + b + c",
        problems=(
            "{N} [1:read|sold|made|found] {a} [1:pages|{T}|{T}|{T}] on {W}, {b} on {V} and {c} on {Y}. "
            "How many [1:pages|{T}|{T}|{T}] did {he} [1:read|sell|make|find] [in all|altogether|in "
            "total]?",
            "{N} has {a} {T}, {M} has {b} {T} and {K} has {c} {T}. How many {T} do they have [in "
            "all|altogether|in total|together]?",
            "there are {a} {T} in the first {x}, {b} in the second {x} and {c} in the third {x}. How "
            "many {T} are there [in all|altogether|in total]?",
            "how many {T} do {N}, {M} and {K} have [together|in all] if {N} has {a}, {M} has {b} and {K} has {c}?",
            "{N} had {a} {T}. {he} [bought|got|found] {b} more on {W} and {c} more on {V}. How many {T} "
            "does {he} have [now|in all]?",
            "{N} spent {$a} on {W}, {$b} on {V} and {$c} on {Y}. How much [money|] did {he} spend [in "
            "all|altogether|in total]?",
            "{N} had {a} {T}. {M} gave {him} {b} more and {K} gave {him} {c} more. How many {T} does {N} "
            "have [now|in all]?",
            "I have {a} {T}, my sister has {b} {T} and my brother has {c} {T}. How many {T} do we have "
            "[together|in all|altogether]?",
            "a [shop|store|market] sold {a} {T} in the morning, {b} in the afternoon and {c} in the "
            "evening. What is the total number of {T} sold?",
            "there were {a} {A} {L}. {b} more came, and then {c} more came. How many {A} are there [now|in all]?",
            "a farmer has {a} {A}, {b} {B} and {c} dogs. How many animals does the farmer have [in "
            "all|altogether|in total]?",
            "{N} [1:found|made|sold|picked] {a} {T}, {M} [1:found|made|sold|picked] {b} and {K} "
            "[1:found|made|sold|picked] {c}. How many {T} did they [1:find|make|sell|pick] [in "
            "all|altogether|together]?",
            "{N} had {$a}. {he} earned {$b} on {W} and {$c} on {V}. How much [money|] does {he} have [now|in all]?",
            "{N} buys {at} for {$a}, a [1:hat|lamp] for {$b} and a [1:book|game] for {$c}. How much does {he} "
            "[pay|spend] [in all|altogether|in total]?",
            "there are {a} {P} in the first [room|team|bus|class], {b} in the second and {c} in the third. How "
            "many {P} are there [in all|altogether|in total]?",
            "{N} has {a} {Q} {O}, {b} {q} {O} and {c} other {O}. How many {O} does {he} have [in "
            "all|altogether|in total]?",
            "if {N} has {a} {T}, {M} has {b} and {K} has {c}, how many {T} do they have [in all|together|altogether]?",
            "{N} [walked|ran|rode|drove] {a} miles on {W}, {b} miles on {V} and {c} miles on {Y}. How many miles "
            "is that [in all|altogether|in total]?",
            "{N} gave {a} {T} to {M}, {b} to {K} and has {c} left. How many {T} did {N} have [at first|at the "
            "start|before]?",
            "{N} ate {a} {F}, {M} ate {b} and {K} ate {c}. How many {F} did they eat [in all|altogether|together]?",
            "there were {a} {P} on the bus. {b} more got on at the first stop and {c} more at the second [stop|]. "
            "How many {P} are on the bus now?",
            "{N} put {a} {T} in the {x}, {M} put in {b} and {K} put in {c}. How many {T} are in the {x} [in all|now]?",
            "after {M} gave {N} {b} {T} and {K} gave {him} {c} [{T}|], how many {T} does {N} have if {he} had {a} "
            "at first?",
            "what is the total number of {T} if {N} has {a}, {M} has {b} and {K} has {c}?",
            "{N} has {a} {T}. {he} [buys|gets|finds] {b} more, and {M} gives {him} {c} more. How many {T} does "
            "{N} have [now|in all]?",
        ),
        rationales=(
            "There are three parts, {a}, {b} and {c}. To find how many in all, add them.",
            "Add {a}, {b} and {c}, because all three are counted together.",
        ),
    ),
)
