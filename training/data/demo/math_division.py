"""Phrasings of one-step problems that are solved by dividing; `a` is divided by `b` without remainder."""

from __future__ import annotations

from training.data.demo.math_phrases import Situation

SITUATIONS: tuple[Situation, ...] = (
    Situation(
        name="div-share",
        formula="a / b",
        problems=(
            "{N} [shares|divides|splits] {a} {T} [equally|evenly] [among|between] {b} [2:friends|{P}]. "
            "How many {T} does each [2:friend|{p}] get?",
            "{N} has {a} {T} and puts them into {b} {X} [equally|evenly]. How many {T} are in each {x}?",
            "{a} {T} are [divided|split|shared] [equally|evenly] [among|between] {b} {P}. How many {T} "
            "does each {p} get?",
            "{b} {P} share {a} {T} equally. How many {T} does each {p} get?",
            "how many {T} does each {p} get if {b} {P} share {a} {T} [equally|evenly]?",
            "there are {a} {P} in {b} equal [1:teams|groups|classes]. How many {P} are in each [1:team|group|class]?",
            "{N} [1:puts|put] {a} {T} [equally|evenly] in {b} {X}. How many {T} [1:are|were] in each {x}?",
            "{N} wants to [divide|split|share] {his} {a} {T} [equally|evenly] among {b} friends. How "
            "many {T} will each friend get?",
            "if {a} {T} are put [equally|evenly] into {b} {X}, how many {T} go in each {x}?",
            "{b} {X} hold {a} {T} in all, with the same number in each {x}. How many {T} are in each {x}?",
            "there are {a} {T} in {b} equal rows. How many {T} are in each row?",
            "a [rope|ribbon|string] is {a} [1:feet|meters] long. {N} cuts it into {b} equal "
            "[2:parts|pieces]. How long is each [2:part|piece]?",
            "{N} and {his} friends have {a} {F} for {b} people. If all get the same number, how many {F} "
            "does each one get?",
            "{N} has {a} {T} in {b} {X}. Each {x} has the same number of {T}. How many {T} are in each {x}?",
            "a [rope|ribbon|string] of {a} [1:feet|meters] is cut into {b} equal [2:parts|pieces]. How "
            "long is each [2:part|piece]?",
            "{a} {T} are shared [equally|evenly] by {b} people. How many {T} does each one get?",
            "{N} gives {a} {T} to {b} friends. Each friend gets the same number. How many {T} does each friend get?",
            "how many {T} are in each {x} if {a} {T} are put [equally|evenly] in {b} {X}?",
            "{N} plants {a} [1:trees|flowers|bushes] in {b} equal rows. How many "
            "[1:trees|flowers|bushes] are in each row?",
            "{b} people share {a} {T}. If all get the same number, how many {T} does each one get?",
            "{N} has {a} {T} for {b} people. How many {T} can each one get?",
            "{N} wants to give the same number of {T} to each of {b} {P}. {he} has {a} {T}. How many {T} does "
            "each {p} get?",
            "{a} {T} are [packed|put] in {b} {X}, the same number in each. How many {T} go in each {x}?",
            "{N} has {a} {T} and {b} {X}. If each {x} gets the same number, how many {T} are in each [{x}|one]?",
            "there are {a} {T} for {b} {P}. How many {T} does each {p} get if all get the same number?",
            "{N} makes {b} equal [1:piles|groups|stacks] of {his} {a} {T}. How many {T} are in each "
            "[1:pile|group|stack]?",
            "{a} {P} sit at {b} tables, the same number at each table. How many {P} sit at each table?",
            "{a} {P} ride in {b} [1:vans|buses|boats], with the same number in each. How many {P} are in each "
            "[1:van|bus|boat]?",
            "{N} puts {a} {T} in {b} rows with the same number in each row. How many {T} are in [each|one] row?",
            "a [room|hall|theater] has {a} [1:seats|chairs] in {b} equal rows. How many [1:seats|chairs] are in "
            "[each|one] row?",
            "{b} friends found {a} {T} and share them [equally|evenly]. How many {T} does each [one|friend] "
            "[get|have]?",
            "{a} {T} were given to {b} {P}. Each {p} got the same number. How many {T} did each [one|{p}] get?",
            "{b} friends share {$a} [equally|evenly]. How much [money|] does each friend get?",
            "{b} friends pay {$a} for a [gift|meal|trip] in equal parts. How much does each [one|friend] pay?",
            "I have {a} {T} for {b} friends. If all get the same number, how many {T} does each [one|friend] get?",
            "each of {b} {X} has the same number of {T}. There are {a} {T} [in all|altogether]. How many {T} are "
            "in [each|one] {x}?",
            "{N} [splits|divides] {a} {F} into {b} equal groups. How many {F} are in each group?",
            "how many {T} does each of {b} {P} get if they share {a} {T} [equally|evenly]?",
            "{N} has {$a} and gives it to {b} {P} in equal parts. How much [money|] does each {p} get?",
            "{N} used {a} {T} for {b} [1:costumes|models|gifts], the same number for each. How many {T} are in "
            "each [1:costume|model|gift]?",
        ),
        rationales=(
            "The {a} are shared equally into {b} parts. To find how many in each, divide {a} by {b}.",
            "There are {a} for {b} equal parts. Equal parts mean divide {a} by {b}.",
            "The {a} {T} are split into {b} equal parts, so divide.",
        ),
    ),
    Situation(
        name="div-pack",
        formula="a / b",
        problems=(
            "{N} has {a} {T}. {he} [packs|puts] them [in|into] {X} of {b}. How many {X} does {he} [need|fill|have]?",
            "each {x} [holds|has|contains] {b} {T}. How many {X} [are needed for|does {N} need for|hold] {a} {T}?",
            "how many {X} does {N} need for {a} {T} if each {x} holds {b} {T}?",
            "{N} has {a} {T} and puts {b} in each {x}. How many {X} does {he} [use|need|fill]?",
            "{a} {T} are packed in {X} with {b} in each {x}. How many {X} are there?",
            "there are {a} {P}. They make [1:teams|groups] of {b}. How many [1:teams|groups] are there?",
            "if {b} {T} fit in one {x}, how many {X} are needed for {a} {T}?",
            "{N} puts {b} {T} in each {x}. How many {X} does {he} need for {a} {T}?",
            "{N} gave {b} {T} to each {p}. {he} gave away {a} {T} in all. How many {P} got {T}?",
            "how many {X} of {b} can {N} make with {a} {T}?",
            "there are {a} {T} in rows of {b}. How many rows are there?",
            "{N} has {a} {T} in {X}. There are {b} {T} in every {x}. How many {X} does {he} have?",
            "{a} {P} sit at tables. {b} {P} sit at each table. How many tables are there?",
            "{N} packs {a} {T} in {X}. Each {x} holds {b} {T}. How many {X} does {he} need?",
            "{N} cuts {a} [1:feet|meters] of [rope|ribbon|string] into pieces of {b} [1:feet|meters]. "
            "How many pieces are there?",
            "how many {P} can get {b} {T} each if there are {a} {T}?",
            "I have {a} {T} and put {b} in each {x}. How many {X} do I [need|use]?",
            "{T} are sold in {X} of {b}. How many {X} does {N} need to get {a} {T}?",
            "{N} wants {a} {T}. They come in {X} of {b}. How many {X} does {he} need [to buy|]?",
            "{N} plants {a} [trees|flowers|bushes] in rows of {b}. How many rows [are there|does {he} have]?",
            "a [room|hall|theater] has {a} [chairs|seats|desks] in rows of {b}. How many rows are there?",
            "{N} puts {a} {T} in rows with {b} in each row. How many rows [are there|does {he} make]?",
            "one [1:van|bus|boat] holds {b} {P}. How many [1:vans|buses|boats] are needed for {a} {P}?",
            "{a} {P} go on a trip. Each [1:van|bus|boat] takes {b} of them. How many [1:vans|buses|boats] do they "
            "need?",
            "{N} makes [1:piles|stacks|groups] of {b} from {his} {a} {T}. How many [1:piles|stacks|groups] does "
            "{he} make?",
            "how many [piles|stacks|groups] of {b} can be made from {a} {T}?",
            "{N} has {a} {T} and gives {b} to each friend. How many friends get {T}?",
            "{N} needs {b} {T} for each [1:costume|model|gift]. How many [1:costumes|models|gifts] can {he} make "
            "with {a} {T}?",
            "{N} used {a} {T}. Each [1:costume|model|gift] took {b} [{T}|]. How many [1:costumes|models|gifts] "
            "did {he} make?",
            "each {p} [1:gets|needs] {b} {T}. For how many {P} are {a} {T} enough?",
            "with {a} {T}, how many {X} of {b} can {N} fill?",
            "if each {x} holds {b} {T}, how many {X} [are needed for|does {N} need for] {a} {T}?",
            "a [rope|ribbon|string] of {a} [1:feet|meters] is cut into pieces of {b} [1:feet|meters]. How many "
            "pieces are there?",
            "there are {a} {T} in all and {b} in each {x}. How many {X} are there?",
            "some {X} hold {a} {T} in all. Each {x} has {b} {T}. How many {X} are there?",
            "I [put|packed] {a} {T} [in|into] {X} of {b}. How many {X} did I fill?",
            "a [school|hotel|building] has {a} rooms with {b} rooms on each floor. How many floors does it have?",
        ),
        rationales=(
            "The {a} are put into groups of {b}. To find how many groups, divide {a} by {b}.",
            "Each group takes {b} of the {a}. The number of groups is found by dividing {a} by {b}.",
            "There are {a} {T} in groups of {b}, so divide.",
        ),
    ),
    Situation(
        name="div-rate",
        formula="a / b",
        problems=(
            "{N} [1:read|ran|made|sold] {a} [1:pages|miles|{T}|{T}] in {b} days, the same number each "
            "day. How many [1:pages|miles|{T}|{T}] did {he} [1:read|run|make|sell] [each|every|per] day?",
            "a book has {a} pages. {N} reads {b} pages [each|every|a|per] day. How many days does {he} "
            "need to read the book?",
            "{N} earned {$a} in {b} [1:hours|days|weeks]. How much [money|] did {he} earn "
            "[per|each|every] [1:hour|day|week]?",
            "{N} needs {a} {T}. {he} makes {b} {T} [each|every|a|per] day. How many days does {he} need?",
            "{N} saves {$b} [each|every|a|per] week. How many weeks does {he} need to save {$a}?",
            "how many days does {N} need to [1:read|run|make] {a} [1:pages|miles|{T}] if {he} "
            "[1:reads|runs|makes] {b} [1:pages|miles|{T}] [each|every|per|a] day?",
            "a [machine|shop|factory] makes {a} {T} in {b} [1:hours|days|weeks]. How many {T} does it "
            "make [per|each|every] [1:hour|day|week]?",
            "{N} eats {b} {F} [each|every|a|per] day. How many days will {a} {F} last?",
            "a [car|train|bus] [1:goes|drives] {a} miles in {b} hours. How many miles does it "
            "[1:go|drive] [per|each|every|in one] hour?",
            "it takes {N} {a} minutes to [1:make|wash|paint|pack] {b} {T}. How many minutes does [one|each] {t} take?",
            "{N} can [make|wash|paint|pack] {b} {T} in one hour. How many hours does {he} need for {a} {T}?",
            "in {b} days, {N} [1:read|made|sold] {a} [1:pages|{T}|{T}], the same number each day. How many "
            "[1:pages|{T}|{T}] is that [per|a|every] day?",
            "{N} has {a} {F} and eats {b} [each|every|a] day. How many days do the {F} last?",
            "{N} wants to save {$a} in {b} [1:weeks|months]. How much [money|] must {he} save [each|every|per] "
            "[1:week|month]?",
            "a [car|train|bus|boat] has to go {a} miles. It goes {b} miles [each|every|per|an] hour. How many "
            "hours does it take?",
            "a job pays {$b} [an|per|each] hour. How many hours must {N} work to [get|earn|make] {$a}?",
            "{N} worked {b} hours and got {$a}. How much [money|] did {he} get [for each|per|each|for one] hour?",
            "{N} has to read {a} pages in {b} days. How many pages should {he} read [each|every|per] day?",
            "if {N} [1:reads|makes|packs] {b} [1:pages|{T}|{T}] [a|each|every] day, how many days does {he} need "
            "for {a} [1:pages|{T}|{T}]?",
            "a plant grew {a} inches in {b} [1:weeks|months|years]. How many inches did it grow [each|every|per] "
            "[1:week|month|year]?",
            "{N} uses {b} {T} [each|every|a|per] [1:day|week]. How many [1:days|weeks] will {a} {T} last?",
        ),
        rationales=(
            "The {a} is split into equal parts of time, with the number {b}. So divide {a} by {b}.",
            "It is {a} in all and {b} for the equal parts. To find the answer, divide {a} by {b}.",
        ),
    ),
    Situation(
        name="div-price",
        formula="a / b",
        problems=(
            "{b} {T} cost {$a} [in all|altogether|in total|]. How much does [one|each] {t} cost?",
            "{N} has {$a}. Each {t} costs {$b}. How many {T} can {he} buy?",
            "{N} paid {$a} for {b} {T}. How much did [one|each] {t} cost?",
            "how many {T} can {N} buy with {$a} if [one|each] {t} costs {$b}?",
            "{N} bought {b} {T} and paid {$a} in all. What is the price of [one|each] {t}?",
            "{at} costs {$b}. {N} spent {$a} on {T}. How many {T} did {he} buy?",
            "{N} sold {b} {T} for {$a} in all. Each {t} had the same price. How much did [one|each] {t} cost?",
            "how much does [one|each] {t} cost if {b} {T} cost {$a}?",
            "{T} cost {$b} each. {N} has {$a}. How many [{T}|of them] can {he} buy?",
            "{N} spent {$a} on {b} {T}. How much did [one|each] {t} cost?",
            "the price of {b} {T} is {$a}. What is the price of one {t}?",
            "{N} got {$a} for {b} {T}. How much [money|] did {he} get for each [{t}|one]?",
            "{N} spent {$a} on {T} that cost {$b} each. How many {T} did {he} buy?",
            "{N} sells {T} for {$b} each. How many {T} must {he} sell to get {$a}?",
            "I paid {$a} for {b} {T}. How much did [each|one] {t} cost?",
            "if {b} {T} cost {$a}, how much does [one|each] {t} cost?",
            "with {$a}, how many {T} at {$b} each can {N} buy?",
            "{N} got {$a} for {T} at {$b} each. How many {T} did {he} sell?",
            "one ride costs {$b}. How many rides can {N} [take|buy|pay for] with {$a}?",
        ),
        rationales=(
            "The money is {a} in all and the equal parts are {b}. To find the answer, divide {a} by {b}.",
            "All the {T} cost {a} together. So divide {a} by {b}.",
        ),
    ),
    Situation(
        name="div-times",
        formula="a / b",
        problems=(
            "{N} has {a} {T} and {M} has {b} {T}. How many times as many {T} does {N} have as {M}?",
            "{N} has {b} {T}. {M} has {a} {T}. How many times as many {T} does {M} have as {N}?",
            "{N} has {a} {T}. That is {b} times as many as {M} has. How many {T} does {M} have?",
            "how many times as many {T} does {N} have as {M} if {N} has {a} {T} and {M} has {b}?",
            "{M} is {a} years old and {N} is {b} years old. How many times as old as {N} is {M}?",
            "{N} has {a} {T}, which is {b} times as many as {M} has. How many {T} does {M} have?",
            "{N} [1:made|sold|found|picked] {a} {T} and {M} [1:made|sold|found|picked] {b}. How many times as "
            "many {T} did {N} [1:make|sell|find|pick] as {M}?",
            "{N} has {a} {T}. {he} has {b} times as many as {M}. How many {T} does {M} have?",
            "{N} is {a} years old. {he} is {b} times as old as {M}. How old is {M}?",
            "{N} is {a} years old, which is {b} times as old as {M}. How old is {M}?",
            "there are {a} {A} and {b} {B} {L}. How many times as many {A} as {B} are there?",
            "the {Q} {x} has {a} {T} and the {q} {x} has {b} [{T}|]. How many times as many {T} are in the {Q} "
            "{x} [as in the {q} {x}|]?",
            "{at} costs {$a}. That is {b} times as much as a [1:hat|book|lamp|game]. How much does the "
            "[1:hat|book|lamp|game] cost?",
            "{N} [1:earned|spent|saved] {$a} and {M} [1:earned|spent|saved] {$b}. How many times as much [money|] "
            "did {N} [1:earn|spend|save] [as {M}|]?",
            "a farmer has {a} {A}, which is {b} times as many as {B}. How many {B} does the farmer have?",
            "{N} [1:made|sold|found|picked] {a} {T} on {W}, which is {b} times as many as on {V}. How many {T} "
            "did {he} [1:make|sell|find|pick] on {V}?",
            "if {N} has {a} {T} and that is {b} times as many as {M} has, how many {T} does {M} have?",
            "{N} has {b} times as many {T} as {M}. {N} has {a} {T}. How many {T} does {M} have?",
        ),
        rationales=(
            "Compare {a} and {b} by times. To find the answer, divide {a} by {b}.",
            "The bigger number {a} is some number of times the other. So divide {a} by {b}.",
        ),
    ),
)
