"""Words of the inference task whose meaning does not decide the answer: they only match or differ.

A share of each list is held out from training. Words whose meaning does decide (kinds of things,
activities, opposites) are in `nli_concepts` and `nli_activities`; all of those occur in training.
"""

from __future__ import annotations

from functools import lru_cache

from training.data.demo.split import Pool, Split, held_out

HELD_OUT_SHARE = 0.15


def _pool(salt: str, text: str, separator: str | None = None) -> Pool[str]:
    return held_out((word.strip() for word in text.split(separator)), HELD_OUT_SHARE, f"nli/{salt}")


SHE_NAMES = _pool(
    "she",
    """Anna Maria Julia Clara Emma Olivia Sophia Mia Amelia Grace Lily Nora Lucy Alice Ella Hannah Leah Zoe
    Ruby Ivy Eva Rosa Carmen Elena Irina Nina Vera Sara Laura Paula Diana Fiona Gloria Helen Irene Jane
    Karen Linda Monica Nadia Olga Priya Rachel Sandra Tina Ursula Violet Wendy Yara Amina Fatima Leila Mei
    Yuki Aisha Ingrid Freya Astrid Bella Cora Daisy Edith Flora Greta Hazel June Kate Lena Molly Naomi
    Penny Rita Susan Tessa Abby Agnes Alma Amber Angela Anita Audrey Beth Bianca Brenda Carol Celia Chloe
    Claire Dana Doris Elsa Emily Erica Esther Gina Hana Heidi Holly Ida Ines Iris Isabel Jasmine Jenny Jill
    Joan Judy Kayla Kira Lara Layla Lisa Louise Luna Mabel Marta Mary Maya Megan Miriam Nancy Petra Ramona
    Sally Selma Stella Tamara Tara Teresa Thea Wanda Willa""",
)
HE_NAMES = _pool(
    "he",
    """Ben Tom Sam Jack Leo Max Noah Liam Ethan Lucas Oliver Henry James Oscar Hugo Felix Adam Peter Paul
    Mark Luke John David Daniel Michael Simon Martin Victor Ivan Boris Carlos Diego Pedro Marco Luca Enzo
    Omar Ali Hassan Karim Raj Arjun Kenji Hiro Wei Chen Jamal Kofi Kwame Erik Lars Sven Nils Otto Fritz
    Hans Klaus George Frank Gary Harry Isaac Jacob Kevin Larry Nathan Patrick Quentin Robert Steven Tyler
    Walter Zach Albert Bruno Cyril Aaron Abdul Ahmed Alan Alfred Amir Andre Andy Anton Arthur Axel Bill Brian
    Caleb Cameron Carl Chris Cyrus Dan Dennis Derek Dylan Eddie Edgar Eli Elias Emil Eric Ernest Finn Fred
    Gabriel Gavin Glen Greg Harold Howard Ian Jake Jason Jerry Jim Joe Jonas Jorge Josh Juan Karl Keith Kurt
    Leon Louis Manuel Matt Miguel Milo Neil Nick Owen Pablo Ravi Ryan Theo""",
)

# Places of which not every reader would say whether they are indoors or outdoors.
PLACES = _pool(
    "places",
    """at the airport|in the bakery|at the hotel|at the station|in the church|at the market|at the zoo|
    at the stadium|in the theater|in the restaurant|at the pharmacy|in the hospital|in the castle|
    in the warehouse|in the garage|in the barn|in the supermarket|at the bank|at the post office|
    at the harbor|in the village|at the campsite|at the fair|at the mall|in the bookstore|at the circus|
    in the studio|in the temple|at the police station|at the fire station|in the lighthouse|
    at the factory|in the palace|at the bus stop|at the gas station|in the cinema|in the hallway|
    in the tent|in the courtyard|at the toy store|in the laundromat|in the courthouse|
    at the car wash|at the recycling center|in the cemetery|at the embassy|in the observatory|
    at the bowling alley|in the prison|in the submarine|in the attic|at the border crossing""",
    "|",
)

# Things that one can hand to somebody, and things that one cannot.
OBJECTS = _pool(
    "objects",
    """clock kite robot basket box bucket mirror statue lamp radio toaster camera telescope umbrella
    backpack suitcase bottle vase teapot pot pan doll puppet helmet sculpture candle necklace bracelet
    wallet broom hammer shovel rake bell trophy balloon scooter skateboard typewriter printer keyboard fan
    lantern puzzle costume mask globe anchor blanket bowl brush calculator cushion glove
    hairbrush iron jar kettle key magnet map mug notebook paddle paintbrush pencil pillow plate
    purse ring rug ruler saw scale shield shoe spoon sponge stapler telephone torch towel
    tray wheel whistle wreath""",
)
FIXTURES = _pool(
    "fixtures",
    """boat bookcase fence tent door window gate ladder cart wagon barrel bridge tower birdhouse doghouse
    mailbox sled raft canoe kayak stove drawer cupboard cradle swing seesaw wheelbarrow shed cabin model
    windmill fountain wall roof staircase chimney sign chest cage nest trailer rocket arch balcony bathtub
    billboard canopy carriage crate flagpole greenhouse hammock hut kiosk
    lamppost locker pillar porch railing sandbox sink slide stage stall trunk tunnel
    well""",
)

# Adjectives without an opposite in the inventory.
TRAITS = _pool(
    "traits",
    """famous polite clever shy brave curious gentle cheerful patient honest elegant stylish talented creative
    careful handsome generous skinny muscular bearded blond silly proud kind funny serious nervous
    confident lonely grumpy smart modest stubborn playful lazy loyal witty cautious messy graceful stern
    dramatic pale freckled tanned bald wise jealous greedy bold""",
)
COLOURS = _pool(
    "colours",
    """red blue green yellow white black brown orange purple pink gray golden silver turquoise maroon beige
    violet crimson""",
)
GARMENTS = _pool(
    "garments",
    """hat shirt jacket coat sweater scarf cap hoodie vest raincoat uniform helmet T-shirt costume robe mask
    sweatshirt suit cardigan poncho apron blazer bathrobe tunic cape kimono necktie turban beret
    bonnet headband badge medal bracelet necklace ring watch wig backpack""",
)

# Companions that go with "a" whoever the subject is, and those that go with "his" or "her".
COMPANIONS = _pool("companions", "friend neighbor cousin classmate coworker teammate roommate stranger guest tourist")
RELATIVES = _pool(
    "relatives",
    """sister brother mother father uncle aunt grandmother grandfather stepmother stepfather godmother
    godfather stepsister stepbrother""",
)

POOLS: tuple[Pool[str], ...] = (
    SHE_NAMES,
    HE_NAMES,
    PLACES,
    OBJECTS,
    FIXTURES,
    TRAITS,
    COLOURS,
    GARMENTS,
    COMPANIONS,
    RELATIVES,
)


@lru_cache
def held_out_words(split: Split) -> frozenset[str]:
    """Every word of a split that training never shows, from all lists.

    A word that another list shows in training (a guest's "helmet" as a thing and as a garment) is not new.
    """
    shown = {word for pool in POOLS for word in pool.seen}
    return frozenset(word for pool in POOLS for word in pool.new(split)) - shown
