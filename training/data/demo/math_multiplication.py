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
            "{T} are [sold|packed|kept] in {X} of {b}. {N} [1:buys|bought] {a} {X}. How many {T} [1:does|did] "
            "{he} get [in all|]?",
            "{N} [1:puts|put|arranged] {T} in {a} rows of {b}. How many {T} are there [in all|altogether|]?",
            "{a} rows of {b} [1:chairs|seats|desks] fill the [room|hall]. How many [1:chairs|seats|desks] are "
            "there [in all|altogether|in total|]?",
            "there are {b} {T} in every row. How many {T} are in {a} rows?",
            "{N} makes {a} [costumes|models|gifts] and needs {b} {T} for each one. How many {T} does {he} need "
            "[in all|altogether|]?",
            "each of the {a} {P} [1:gets|needs|has] {b} {T}. How many {T} [1:are given out|are needed|do they "
            "have] [in all|]?",
            "{N} fills {a} {X}. {he} puts {b} {T} [in|into] each [{x}|one]. How many {T} does {he} need?",
            "if {N} has {a} {X} and every {x} [has|holds|contains] {b} {T}, how many {T} does {he} have [in "
            "all|altogether|in total]?",
            "{N} [hands out|gives] {b} {T} to each of {a} {P}. How many {T} is that [in all|altogether|in total|]?",
            "{N} wants to give {b} {T} to each {p} in a group of {a}. How many {T} does {he} need [in all|]?",
            "{a} {P} come to a party. {N} gives {b} {T} to each of them. How many {T} does {N} need [in all|]?",
            "a [school|hotel|building] has {a} floors. Each floor has {b} [1:rooms|doors|windows]. How many "
            "[1:rooms|doors|windows] are there [in all|altogether|]?",
            "{N} sets {a} tables with {b} {T} on each [table|one]. How many {T} does {he} [use|need]?",
            "one [1:van|bus|boat] can [carry|take|hold] {b} {P}. How many {P} can {a} [1:vans|buses|boats] "
            "[carry|take|hold]?",
            "{a} [vans|buses|boats] [carry|take|hold] {b} {P} each. How many {P} is that [in all|altogether|in total]?",
            "there are {a} {A} {L}. Each of them has {b} spots. How many spots are there [in all|altogether|]?",
            "{N} [1:buys|bought] {a} {X}, each with {b} {T} [inside|in it]. How many {T} [1:does|did] {he} buy "
            "[in all|]?",
            "{N} put {b} {T} on each of {a} pages. How many {T} did {he} use [in all|]?",
            "{a} {P} [1:brought|made|found] {b} {T} each. How many {T} did they [1:bring|make|find] [in "
            "all|altogether|together]?",
            "with {b} {T} in each of {a} {X}, how many {T} are there [in all|altogether|in total|]?",
            "I put {b} {T} [in|into] each of {a} {X}. How many {T} did I use [in all|]?",
            "{a} {X} are in the room. There are {b} {T} in each [{x}|one]. How many {T} are in the room?",
            "each {p} in a group of {a} [has|needs|brought] {b} {T}. How many {T} is that [in all|altogether|in "
            "total]?",
            "{N} made {a} [1:piles|stacks|groups] with {b} {T} in each [1:pile|stack|group]. How many {T} did "
            "{he} [use|have]?",
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
            "{N} can [1:make|pack|wash|paint] {b} {T} in one hour. How many {T} can {he} [1:make|pack|wash|paint] "
            "in {a} hours?",
            "{N} [1:makes|packs|washes|paints] {b} {T} an hour and works for {a} hours. How many {T} does {he} "
            "[1:make|pack|wash|paint] [in all|]?",
            "{N} [1:practices|works|reads] {b} [2:minutes|hours] [each|every|a] day. How many [2:minutes|hours] "
            "is that in {a} days?",
            "it takes {b} minutes to [1:make|wash|paint|pack] one {t}. How many minutes does it take to "
            "[1:make|wash|paint|pack] {a} {T}?",
            "{N} needs {b} minutes for each {t}. How many minutes does {he} need for {a} {T}?",
            "a [car|train|bus|boat] goes {b} miles in one hour. How far does it go in {a} hours?",
            "a plant grows {b} inches [each|every|per|a] [1:week|month|year]. How many inches does it grow in {a} "
            "[1:weeks|months|years]?",
            "{N} pays {$b} [each|every|a|per] [1:week|month] for [a room|lessons|the bus]. How much does {he} pay "
            "in {a} [1:weeks|months]?",
            "a job pays {$b} [an|per|each] hour. {N} works {a} hours. How much [money|] does {he} [earn|get|make]?",
            "if {N} [1:reads|runs|makes] {b} [1:pages|miles|{T}] [every|each|a] day, how many [1:pages|miles|{T}] "
            "is that in {a} days?",
            "{N} [runs|drives|rides] {b} miles [each|every] day. How many miles is that after {a} days?",
            "{N} drinks {b} [1:cups|glasses] of water [a|each|every] day. How many [1:cups|glasses] does {he} "
            "drink in {a} days?",
            "{N} [1:found|made|sold] {b} {T} on each of {a} days. How many {T} did {he} [1:find|make|sell] [in "
            "all|altogether|]?",
            "every [1:day|week|month], {N} puts {b} {T} in {ax}. How many {T} are in the {x} after {a} "
            "[1:days|weeks|months]?",
            "how much [money|] does {N} [earn|get|make] in {a} [1:hours|days|weeks] if {he} gets {$b} "
            "[each|every|per] [1:hour|day|week]?",
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
            "{a} {P} [1:pay|give] {$b} each for the [trip|game|party]. How much [money|] is that [in "
            "all|altogether|in total]?",
            "{T} cost {$b} each. How much does {N} pay for {a} [{T}|of them]?",
            "{T} are sold for {$b} each. {N} [buys|takes] {a} [of them|{T}]. How much does {he} pay?",
            "what does {N} pay for {a} {T} at {$b} each?",
            "a [shop|store|market] sells {T} for {$b} each. How much money does it get for {a} {T}?",
            "{N} sold {a} {T}. {he} got {$b} for each [{t}|one]. How much [money|] did {he} [get|make|earn] [in all|]?",
            "how much [money|] does {N} get if {he} sells {a} {T} for {$b} each?",
            "{a} friends each pay {$b} for [a gift|dinner|the trip|a ride]. How much do they pay [together|in "
            "all|altogether]?",
            "at {$b} each, how much do {a} {T} cost [in all|altogether|]?",
            "{N} needs {a} {T}, and each [one|{t}] costs {$b}. How much [money|] does {he} need?",
            "one ride costs {$b}. How much [money|] do {a} rides cost?",
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
            "{N} [1:found|made|sold|picked] {b} {T} and {M} [1:found|made|sold|picked] {a} times as many. How "
            "many {T} did {M} [1:find|make|sell|pick]?",
            "{N} has {b} {T}. {M} has {a} times that number. How many {T} does {M} have?",
            "yesterday {N} [1:made|sold|found] {b} {T}. Today {he} [1:made|sold|found] {a} times as many [as "
            "yesterday|]. How many {T} did {he} [1:make|sell|find] today?",
            "{N} [1:read|walked|ran|drove] {b} [1:pages|miles|miles|miles] on {W} and {a} times as many on {V}. "
            "How many [1:pages|miles|miles|miles] did {he} [1:read|walk|run|drive] on {V}?",
            "on {V}, {N} [1:made|sold|found|picked] {a} times as many {T} as on {W}. On {W}, {he} "
            "[1:made|sold|found|picked] {b}. How many {T} did {he} [1:make|sell|find|pick] on {V}?",
            "the {Q} {x} has {b} {T}. The {q} {x} has {a} times as many [{T}|] [as the {Q} {x}|]. How many {T} "
            "are in the {q} {x}?",
            "{at} costs {$b}. A [1:hat|book|lamp|game] costs {a} times as much [as the {t}|]. How much does the "
            "[1:hat|book|lamp|game] cost?",
            "{N} [1:earned|spent|saved] {$b} and {M} [1:earned|spent|saved] {a} times as much. How much [money|] "
            "did {M} [1:earn|spend|save]?",
            "a farmer has {b} {A} and {a} times as many {B}. How many {B} does the farmer have?",
            "there are {b} [1:boys|girls] in a [club|class|team] and {a} times as many [1:girls|boys]. How many "
            "[1:girls|boys] are there?",
            "I have {b} {T}. My [1:brother|sister|friend] has {a} times as many. How many {T} does my "
            "[1:brother|sister|friend] have?",
            "one [1:rope|ribbon|string] is {b} [feet|meters] long. Another [1:rope|ribbon|string] is {a} times as "
            "long. How long is the other one?",
            "if {N} has {b} {T} and {M} has {a} times as many [{T}|], how many {T} does {M} have?",
            "{M} has {a} times the number of {T} that {N} has. {N} has {b} [{T}|]. How many {T} does {M} have?",
            "how old is {M} if {N} is {b} years old and {M} is {a} times as old?",
        ),
        rationales=(
            "One number is {b} and the other is {a} times as many. Times means multiply {1} by {2}.",
            "The other one is {a} times {b}. So multiply {1} by {2}.",
        ),
    ),
)
