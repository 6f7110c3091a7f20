"""How the choices task asks where things belong, what they are and what they are like.

The slots are described in `choices_wording.py`.
"""

from __future__ import annotations

from training.data.demo.choices_wording import ITEMS, NO_SCENES, SEEN, Wording, wording

NAMING: dict[str, Wording] = {
    "kept": wording(
        "kept",
        """
Where do people usually keep {np}?
Where should {S} put {the}?
Where is the best place for {the}?
Which of these is the right place for {np}?
Where would you look for {np}?
What is a good place to keep {np}?
Where does {name} keep {the}?
In which of these would you find {np}?
Where should you keep {np}?
Where would {S} look for {the}?
In which place do people keep {np}?
What do people use to keep {np} in?
{t}, {S} {is} looking for {the}. Where should {she} look?
""",
        ITEMS,
        """
Where should {she} put {it}?
Which place is best?
Where {does_np} {it_s} go?
What is the right place for {it}?
Which of these places should {she} choose?
Where do people usually keep {it}?
""",
        """
{answer} is where people keep {np}.
The right place for {np} is {answer}.
{answer} is a good place to keep {np}.
""",
        "places",
    ),
    "young": wording(
        "young",
        """
What does {np} grow up to be?
{np} is the baby of which animal?
Which animal was {np} when it was young?
{S} {has} {np}. Which animal will it be when it grows up?
{S} {sees} {np}. Which animal will it grow up to be?
Which animal is the mother of {np}?
{t}, {S} {sees} {np}. Which animal is its mother?
What animal does {np} become?
What will {np} be when it grows up?
{np} is a young animal. Which animal will it become?
""",
        NO_SCENES,
        "",
        """
{np} grows up to be {answer}.
{np} is the baby of {answer}.
The mother of {np} is {answer}.
""",
        "animals",
    ),
    "home": wording(
        "home",
        """
Where would you expect to find {np}?
What is the home of {np}?
Which of these is a home for {np}?
What is a natural home for {np}?
{S} {wants} to see {np}. Where should {she} look?
{S} {is} looking for {np}. Where should {she} look?
{t}, {S} {wants} to find {np}. Which place is best?
Which place is home to {np}?
Where would {S} find {np}?
Where would you look for the home of {np}?
""",
        NO_SCENES,
        "",
        """
The home of {np} is {answer}.
You find {np} in {answer}.
{answer} is a home for {np}.
""",
        "places",
    ),
    "made": wording(
        "made",
        """
What do people need to make {np}?
What do you need to make {np}?
What is used to make {np}?
Which of these is used for making {np}?
{S} {wants} to make {np}. What {does} {she} need?
Which of these do you need to make {np}?
To make {np}, what would {S} need?
{t}, {S} {wants} to make {np}. What should {she} use?
What would {S} use to make {np}?
{S} {is} learning how people make {np}. What {is_np} {it_s} made from?
{S} {has} {np}. What {is_np} {it_s} made from?
What do people use for making {np}?
""",
        SEEN,
        """
What {is_np} {it_s} made from?
What do you need to make {it}?
What is used to make {it}?
What was used to make {it}?
Which of these do people need to make {it}?
""",
        """
People make {np} from {answer}.
You need {answer} to make {np}.
To make {np}, people use {answer}.
""",
        "things",
    ),
    "kind": wording(
        "kind",
        """
What is {np}?
What kind of thing is {np}?
{np} is an example of what?
{name} asks what {np} is. What is the answer?
{S} {has} to say what {np} is. What should {she} say?
Which group does {np} belong to?
Which word tells you what {np} is?
{t}, {S} {learns} what {np} is. What is it?
To which group does {np} belong?
What do you call {np}?
""",
        NO_SCENES,
        "",
        """
{np} is {answer}.
{np} is an example of {answer}.
We know that {np} is {answer}.
""",
        "groups",
    ),
    "member": wording(
        "member",
        """
Which of these is {np}?
Which one is {np}?
What is an example of {np}?
{S} {has} to name {np}. What should {she} say?
{name} asks for an example of {np}. Which one is right?
Which of these is an example of {np}?
Which word names {np}?
{S} {is} looking for {np} in a list. Which one is it?
{t}, {S} {has} to find {np} in a list. Which one is right?
Which of the following is {np}?
Can you find {np} in this list?
Only one of these is {np}. Which one?
""",
        NO_SCENES,
        "",
        """
{answer} is {np}.
{answer} is an example of {np}.
Only {answer} is {np}.
""",
        "words",
    ),
    "worn": wording(
        "worn",
        """
Where do people wear {np}?
On which part of the body do you wear {np}?
Which part of the body {is_np} {np} for?
{S} {has} {np}. On which part of the body {does} {she} wear {it}?
Where would {S} wear {np}?
On which body part does {name} wear {np}?
{t}, {S} {is} wearing {np}. On which part of the body {is_np} {it_s}?
Where do you wear {np}?
Which body part do you put {np} on?
{S} {wants} to wear {np}. Where should {she} put {it}?
""",
        NO_SCENES,
        "",
        """
People wear {np} on their {bare_answer}.
You put {np} on your {bare_answer}.
On your {bare_answer}, you wear {np}.
""",
        "parts",
    ),
    "opposite": wording(
        "opposite",
        """
What is the opposite of {phrase}?
Which word is the opposite of {phrase}?
Which word means the opposite of {phrase}?
{S} {says} the word {phrase}. What is the opposite?
{name} asks for the opposite of {phrase}. What is the answer?
{t}, {S} {learns} the opposite of {phrase}. Which word is it?
{S} {needs} a word that means the opposite of {phrase}. Which one is right?
{S} {has} to find the opposite of {phrase}. Which word is right?
Which of these is the opposite of {phrase}?
If something is the opposite of {phrase}, what is it?
What word would {S} use for the opposite of {phrase}?
Something is not {phrase} at all, but the opposite. What is it?
""",
        NO_SCENES,
        "",
        """
The opposite of {phrase} is {answer}.
{answer} means the opposite of {phrase}.
{answer} and {phrase} are opposites.
""",
        "words",
    ),
    "color": wording(
        "color",
        """
What is the usual color of {np}?
Which color do you see when you look at {np}?
{S} {wants} to paint {np}. Which color should {she} use?
What color would you use to paint {np}?
What color should {S} choose for a picture of {np}?
Which color is right for {np}?
{name} draws {np}. Which color is best?
What is the natural color of {np}?
Which of these is the color of {np}?
Which color would {S} use to draw {np}?
""",
        SEEN,
        """
Which color {does} {she} see?
What color {is_np} {it_s}?
Which color is right for {it}?
What is the usual color?
""",
        """
The usual color of {np} is {answer}.
The right color for {np} is {answer}.
If you look at {np}, you see {answer}.
""",
        "colors",
    ),
    "season": wording(
        "season",
        """
In which season can you say that {phrase}?
{phrase}. Which season is it?
{phrase}. What time of year is it?
{S} {sees} that {phrase}. Which season is it?
In {town}, {phrase}. Which season is it?
{S} {likes} the season when {phrase}. Which one is it?
{name} likes the time of year when {phrase}. Which season is that?
Which season is it when {phrase}?
What is the season when {phrase}?
What time of year is it when {phrase}?
""",
        NO_SCENES,
        "",
        """
In {answer}, {phrase}.
It is {answer} when {phrase}.
The season when {phrase} is {answer}.
""",
        "seasons",
    ),
    "weather": wording(
        "weather",
        """
{phrase}. What is the weather like?
{S} {sees} that {phrase}. What is the weather like?
What weather is it when {phrase}?
In {town}, {phrase}. What is the weather like?
{t}, {S} {sees} that {phrase}. What kind of weather is it?
If {phrase}, what is the weather like?
Which kind of weather is it when {phrase}?
{name} says that {phrase}. What kind of weather is it?
What is the weather like when {phrase}?
In which kind of weather can you say that {phrase}?
""",
        NO_SCENES,
        "",
        """
There is {answer} when {phrase}.
If {phrase}, there is {answer}.
The weather is {answer} when {phrase}.
""",
        "kinds of weather",
    ),
}
