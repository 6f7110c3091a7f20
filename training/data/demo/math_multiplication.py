"""Phrasings of one-step problems that are solved by multiplying; `a` groups of `b` each."""

from __future__ import annotations

from training.data.demo.math_phrases import Situation

SITUATIONS: tuple[Situation, ...] = (
    Situation(
        name="mul-groups",
        formula="a * b",
        problems=(
            "{N} has {a} {X} with {b} {T} in each {x}. How many {T} does {he} have [in all|altogether|in total|]?",
            "there are {a} {X}. Each {x} [has|holds|contains] {b} {T}. How many {T} are there [in "
            "all|altogether|in total]?",
            "each {x} [has|holds|contains] {b} {T}. How many {T} are in {a} {X}?",
            "how many {T} are there in {a} {X} if each {x} [has|holds|contains] {b} {T}?",
            "{N} [1:puts|put] {b} {T} in each of {a} {X}. How many {T} [1:does|did] {he} use?",
            "there are {a} rows of {T}. Each row has {b} {T}. How many {T} are there [in all|altogether|in total]?",
            "there are {a} rows with {b} [1:chairs|seats|trees|plants] in each row. How many "
            "[1:chairs|seats|trees|plants] are there [in all|altogether|in total|]?",
            "{N} gave {b} {T} to each of {his} {a} friends. How many {T} did {he} give away [in all|]?",
            "{a} {P} [1:have|bring|get] {b} {T} each. How many {T} do they [1:have|bring|get] [in "
            "all|altogether|in total|together]?",
            "a [1:book|wall|garden] has {a} [1:pages|rows|rows] with {b} [1:pictures|tiles|plants] "
            "[1:on|in|in] each [1:page|row|row]. How many [1:pictures|tiles|plants] are there [in "
            "all|altogether|in total]?",
            "{N} buys {a} {X} of {T}. There are {b} {T} in every {x}. How many {T} does {he} [buy|get|have]?",
            "every {p} [1:has|needs|gets|buys] {b} {T}. How many {T} do {a} {P} [1:have|need|get|buy] "
            "[in all|altogether|]?",
            "{a} {P} each [1:bring|make|buy|find] {b} {T}. How many {T} are there [in all|altogether|in total]?",
            "I have {a} {X} of {T} and each {x} has {b} {T}. How many {T} do I have [in all|altogether|]?",
            "{b} {T} fit in one {x}. How many {T} fit in {a} {X}?",
            "what is the total number of {T} in {a} {X} with {b} {T} in each?",
            "there are {a} [1:tables|teams|classes|groups] with {b} {P} [1:at|in|in|in] each "
            "[1:table|team|class|group]. How many {P} are there [in all|altogether|in total|]?",
            "{N} wants {b} {T} for each {p}. There are {a} {P}. How many {T} does {he} need [in all|]?",
            "one {x} [has|holds|contains] {b} {T}. How many {T} do {a} {X} [have|hold]?",
            "there are {b} {T} in one {x}. How many {T} are there in {a} {X}?",
            "{N} packs {a} {X} with {b} {T} in each {x}. How many {T} does {he} pack [in all|altogether|in total|]?",
            "how many {T} are in {a} {X} of {b} {T} [each|]?",
            "{N} cuts {a} pieces of [rope|ribbon|string]. Each piece is {b} [1:feet|meters] long. How "
            "many [1:feet|meters] is that [in all|altogether|in total]?",
            "{N} plants {a} rows of [1:trees|flowers|bushes] with {b} [1:trees|flowers|bushes] in every "
            "row. How many [1:trees|flowers|bushes] does {he} plant?",
        ),
        rationales=(
            "There are {a} groups with {b} in each. To find how many in all, multiply {1} by {2}.",
            "Each of the {a} groups has {b}. Equal groups are counted by multiplying {1} by {2}.",
            "There are {b} {T} in each of {a} groups, so multiply.",
        ),
    ),
    Situation(
        name="mul-rate",
        formula="a * b",
        problems=(
            "{N} [1:reads|runs|makes|sells] {b} [1:pages|miles|{T}|{T}] [each|every] day. How many "
            "[1:pages|miles|{T}|{T}] will {he} [1:read|run|make|sell] in {a} days?",
            "{N} [1:reads|runs|makes|picks] {b} [1:pages|miles|{T}|{F}] a day for {a} days. How many "
            "[1:pages|miles|{T}|{F}] is that [in all|altogether|in total]?",
            "in {a} days, {N} [1:read|ran|made|sold] {b} [1:pages|miles|{T}|{T}] each day. How many "
            "[1:pages|miles|{T}|{T}] did {he} [1:read|run|make|sell] [in all|altogether|in total]?",
            "{N} earns {$b} [each|every|an|per] hour. How much [money|] does {he} earn in {a} hours?",
            "{N} saves {$b} [each|every|a|per] week. How much [money|] will {he} [have|save] [after|in] {a} weeks?",
            "how many [1:pages|miles|{T}|{T}] does {N} [1:read|run|make|sell] in {a} days if {he} "
            "[1:reads|runs|makes|sells] {b} [1:pages|miles|{T}|{T}] [each|every|per|a] day?",
            "a [machine|shop|factory] makes {b} {T} per [1:hour|day|week]. How many {T} does it make in "
            "{a} [1:hours|days|weeks]?",
            "{N} eats {b} {F} every day. How many {F} does {he} eat in {a} days?",
            "for {a} [1:days|weeks], {N} [bought|collected|found] {b} {T} [every|each] [1:day|week]. How "
            "many {T} is that [in all|altogether|in total]?",
            "how many {F} does {N} eat in {a} days if {he} eats {b} {F} [each|every|a|per] day?",
            "a [car|train|bus] [1:goes|drives] {b} miles [each|every|per|an] hour. How many miles does "
            "it [1:go|drive] in {a} hours?",
            "I [1:make|read|sell] {b} [1:{T}|pages|{T}] [each|every|a|per] day. How many "
            "[1:{T}|pages|{T}] do I [1:make|read|sell] in {a} days?",
        ),
        rationales=(
            "It is {b} each time, for {a} times. To find the total, multiply {1} by {2}.",
            "The same {b} is repeated {a} times. So multiply {1} by {2}.",
        ),
    ),
    Situation(
        name="mul-price",
        formula="a * b",
        problems=(
            "{at} costs {$b}. How much do {a} {T} cost?",
            "{N} buys {a} {T} for {$b} each. How much [money|] does {he} [pay|spend] [in all|altogether|in total|]?",
            "each {t} costs {$b}. {N} buys {a} {T}. How much [money|] does {he} [pay|spend] [in "
            "all|altogether|in total|]?",
            "how much [1:do|will] {a} {T} cost if [1:one|each] {t} costs {$b}?",
            "{N} sells {a} {T} for {$b} each. How much money does {he} [get|make|earn]?",
            "the price of one {t} is {$b}. What is the price of {a} {T}?",
            "{N} bought {a} {T}. Each [{t}|one] cost {$b}. How much did {he} [pay|spend] [in "
            "all|altogether|in total|]?",
            "I buy {a} {T} that cost {$b} each. How much do I [pay|spend]?",
            "one {t} costs {$b}. What is the price of {a} {T}?",
            "{N} wants {a} {T}. One {t} costs {$b}. How much [money|] does {he} need?",
            "if the price of {at} is {$b}, how much [do|will] {a} {T} cost?",
            "the price of {at} is {$b}. How much do {a} {T} cost?",
            "{N} buys {a} {T}. The price of each {t} is {$b}. How much does {he} [pay|spend]?",
        ),
        rationales=(
            "There are {a} things and each one costs {b}. To find the cost of all, multiply {1} by {2}.",
            "Each of the {a} has the price {b}. So multiply {1} by {2}.",
        ),
    ),
    Situation(
        name="mul-times",
        formula="a * b",
        problems=(
            "{N} has {b} {T}. {M} has {a} times as many [{T}|] as {N}. How many {T} does {M} have?",
            "{M} [1:has|made|sold|found] {a} times as many {T} as {N}. {N} [1:has|made|sold|found] {b} "
            "{T}. How many {T} [1:does|did|did|did] {M} [1:have|make|sell|find]?",
            "how many {T} does {M} have if {N} has {b} {T} and {M} has {a} times as many?",
            "{N} has {b} {T} and {M} has {a} times as many. How many {T} does {M} have?",
            "there are {b} {A} {L} and {a} times as many {B}. How many {B} are there?",
            "{N} is {b} years old. {M} is {a} times as old as {N}. How old is {M}?",
            "{M} is {a} times as old as {N}. {N} is {b} years old. How old is {M}?",
            "{N} [1:made|sold|found|picked] {b} {T} on {W}. On {V}, {he} [1:made|sold|found|picked] {a} "
            "times as many. How many {T} did {he} [1:make|sell|find|pick] on {V}?",
        ),
        rationales=(
            "One number is {b} and the other is {a} times as many. Times means multiply {1} by {2}.",
            "The other one is {a} times {b}. So multiply {1} by {2}.",
        ),
    ),
)
