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
        ),
        rationales=(
            "Compare {a} and {b} by times. To find the answer, divide {a} by {b}.",
            "The bigger number {a} is some number of times the other. So divide {a} by {b}.",
        ),
    ),
)
