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
        ),
        rationales=(
            "There are three parts, {a}, {b} and {c}. To find how many in all, add them.",
            "Add {a}, {b} and {c}, because all three are counted together.",
        ),
    ),
)
