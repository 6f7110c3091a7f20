"""Who, when and where the questions of the choices task mention: words that never decide the answer."""

from __future__ import annotations

from training.data.demo.split import held_out

_HELD_OUT = 0.15

_WOMEN = """
Rosa Anna Maria Lucy Emma Olivia Sophie Julia Clara Nora Eva Lena Ida Mia Zoe Ruth Sarah Hannah Leah
Naomi Grace Alice Helen Irene Diana Laura Paula Carla Nina Tina Gina Sonia Vera Olga Ingrid Astrid Freya
Maya Leila Amina Fatima Aisha Priya Anika Mei Yuki Hana Keiko Linda Susan Karen Betty Molly Polly Daisy
Ellen Megan Fiona Bridget Claire Chloe Elise Camila Lucia
"""

_MEN = """
Tom Ben Sam Jack Peter Paul David Daniel Adam Noah Liam Oscar Leo Max Felix Hugo Otto Karl Erik Lars Sven
Ivan Boris Igor Pablo Carlos Diego Luis Miguel Marco Luca Mario Omar Ali Hassan Yusuf Karim Ravi Arjun
Kumar Kenji Taro Chen Jin Frank George Henry Harry Fred Walter Oliver Simon Martin Victor Edgar Ralph
Dylan Owen Ryan Kevin Brian Patrick Dennis Colin Jonas
"""

_TOWNS = """
Oakville Riverton Lakeside Milltown Greenfield Springdale Hillcrest Fairview Ashford Brookside Cedarville
Dover Easton Franklin Georgetown Hampton Kingston Lincoln Madison Newport Oxford Preston Quincy Richmond
Salem Trenton Union Vernon Weston York Bristol Chester Denver Dallas Boston Chicago Paris London Rome
Madrid Berlin Vienna Prague Warsaw Dublin Oslo Lisbon Athens Cairo Nairobi Lima Bogota Tokyo Delhi Sydney
Toronto
"""

_TIMES = (
    "on Monday morning/on Monday/on Tuesday/on Tuesday afternoon/on Wednesday/on Thursday/"
    "on Thursday morning/on Friday/on Friday evening/on Saturday/on Saturday morning/on Sunday/"
    "on Sunday afternoon/this morning/this afternoon/this evening/tonight/today/tomorrow/"
    "tomorrow morning/after school/after work/after lunch/after breakfast/after dinner/before dinner/"
    "before lunch/before work/before school/next week/next Monday/next Friday/next month/this week/"
    "this weekend/at the weekend/at noon/in the morning/in the afternoon/in the evening/at six/"
    "at seven/at eight"
)

FEMALE_RELATIVES = ("sister", "mother", "aunt", "grandmother", "daughter", "niece")
MALE_RELATIVES = ("brother", "father", "uncle", "grandfather", "son", "nephew")

WOMEN = held_out(_WOMEN.split(), _HELD_OUT, "demo-choices/women")
MEN = held_out(_MEN.split(), _HELD_OUT, "demo-choices/men")
TOWNS = held_out(_TOWNS.split(), _HELD_OUT, "demo-choices/towns")
TIMES = held_out(_TIMES.split("/"), _HELD_OUT, "demo-choices/times")
