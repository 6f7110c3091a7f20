"""Names, things and places of the word problems; none of them decides which operation is meant."""

from __future__ import annotations


def _listing(text: str) -> tuple[str, ...]:
    return tuple(" ".join(item.split()) for item in text.split(","))


WOMEN = _listing(
    """Abby, Ada, Alice, Amber, Amy, Ana, Anna, Aisha, Bella, Beth, Carla, Carmen, Chloe, Clara, Daisy,
    Dana, Diana, Ella, Emily, Emma, Erin, Eva, Fatima, Fiona, Gina, Grace, Hana, Hannah, Heidi, Helen,
    Ines, Irene, Iris, Isabel, Jane, Jasmine, Jenny, Jill, Joan, Julia, Kate, Kayla, Kim, Laura, Layla,
    Leah, Lena, Lily, Linda, Lucy, Maria, Mary, Maya, Megan, Mei, Mia, Nadia, Nancy, Nina, Nora, Olivia,
    Paula, Priya, Rachel, Rita, Rosa, Ruby, Ruth, Sara, Sofia, Stella, Susan, Tara, Tina, Vera, Violet,
    Wendy, Yara, Zoe"""
)

MEN = _listing(
    """Aaron, Adam, Ahmed, Alan, Alex, Andy, Anton, Ben, Bill, Bob, Brian, Carl, Carlos, Chris, Dan, David,
    Diego, Dylan, Eddie, Eli, Emil, Eric, Ethan, Felix, Finn, Frank, Fred, Gabriel, George, Greg, Hans,
    Harry, Henry, Hugo, Ian, Ivan, Jack, Jacob, Jake, James, Jason, Joe, John, Jorge, Josh, Juan, Karl,
    Ken, Kevin, Kofi, Lee, Leo, Liam, Logan, Lucas, Luke, Marco, Mark, Max, Mike, Nick, Noah, Oliver,
    Omar, Oscar, Owen, Pablo, Paul, Pedro, Peter, Ravi, Rob, Ryan, Sam, Simon, Steve, Theo, Tim, Tom,
    Victor, Will, Yusuf, Zack"""
)

SURNAMES = _listing(
    """Adams, Baker, Brown, Clark, Cooper, Diaz, Evans, Garcia, Green, Hall, Hill, Jones, King, Lopez,
    Martin, Miller, Moore, Novak, Patel, Reed, Rossi, Scott, Smith, Stone, Wang, White, Wood, Young"""
)

RELATIVES_WOMEN = ("my sister", "my cousin", "my friend", "my mom", "the teacher")
RELATIVES_MEN = ("my brother", "my cousin", "my friend", "my dad", "the teacher")

FOODS = _listing(
    """apple, apricot, bagel, banana, biscuit, bun, burger, cake, candy, carrot, cherry, chocolate, cookie,
    cracker, cucumber, cupcake, donut, egg, fig, grape, hot dog, lemon, lime, lollipop, mango, melon,
    muffin, mushroom, nut, olive, onion, orange, pancake, pastry, peach, peanut, pear, pepper, pie,
    plum, potato, pretzel, pumpkin, radish, roll, sandwich, strawberry, sweet, taco, tart, tomato,
    waffle"""
)

OBJECTS = _listing(
    """badge, ball, balloon, bead, bell, block, book, bottle, bowl, bracelet, brick, brush, bulb, button,
    candle, cap, card, chair, clip, coin, comic book, crayon, cup, doll, drawing, envelope, eraser,
    feather, flag, flower, folder, fork, game, glass, glove, hat, key, kite, ladder, lamp, leaf, letter,
    magazine, magnet, map, marble, mask, medal, mirror, model car, mug, nail, napkin, necklace,
    notebook, paintbrush, paper plane, pebble, pen, pencil, photo, picture, pillow, pin, plate,
    postcard, poster, puzzle, ribbon, ring, robot, rock, rose, ruler, scarf, screw, seed, shell, shirt,
    sock, spoon, stamp, sticker, stone, straw, T-shirt, tennis ball, ticket, tile, toy, toy boat, toy
    car, toy train, towel, tulip, umbrella, vase, whistle, yo-yo"""
)

MAKEABLE = frozenset(
    _listing(
        """bagel, biscuit, bun, burger, cake, candy, chocolate, cookie, cracker, cupcake, donut, lollipop,
        muffin, pancake, pastry, pie, pretzel, roll, sandwich, taco, tart, waffle, badge, bead, bowl,
        bracelet, candle, card, doll, drawing, flag, hat, kite, mask, medal, model car, mug, necklace,
        paper plane, picture, pillow, plate, postcard, poster, puzzle, ribbon, ring, robot, scarf,
        shirt, sock, sticker, toy, toy boat, toy car, toy train, vase"""
    )
)

PICKABLE = frozenset(
    _listing(
        """apple, apricot, banana, carrot, cherry, cucumber, fig, grape, lemon, lime, mango, melon,
        mushroom, nut, olive, onion, orange, peach, peanut, pear, pepper, plum, potato, pumpkin, radish,
        strawberry, tomato, flower, leaf, rose, tulip"""
    )
)

ANIMALS = _listing(
    """bee, bird, butterfly, camel, cat, chicken, cow, crab, crow, dog, donkey, dove, duck, elephant, fox,
    frog, goat, goose, hen, horse, kitten, lamb, lizard, monkey, owl, parrot, penguin, pig, pigeon,
    pony, puppy, rabbit, sparrow, squirrel, swan, turkey, turtle, zebra"""
)

FLYING_ANIMALS = frozenset(
    _listing("bee, bird, butterfly, crow, dove, duck, goose, owl, parrot, pigeon, sparrow, swan")
)

PEOPLE = _listing(
    """child, kid, student, pupil, boy, girl, player, dancer, visitor, guest, tourist, worker, runner,
    singer, scout, teacher, camper, swimmer, reader, passenger"""
)

CONTAINERS = _listing(
    """bag, basket, bin, box, bucket, carton, case, chest, crate, drawer, jar, pack, package, packet, pot,
    sack, tin, tray, tub"""
)

PLACES = (
    "in the park",
    "in the garden",
    "in the field",
    "on the farm",
    "by the lake",
    "by the river",
    "in the yard",
    "at the zoo",
    "near the pond",
    "under the tree",
    "on the hill",
    "near the house",
)

COLOURS = ("red", "blue", "green", "yellow", "white", "black", "pink", "purple", "brown", "grey")
OBJECT_ADJECTIVES = (*COLOURS, "small", "big", "new", "old", "large", "tiny", "pretty", "shiny", "round")
FOOD_ADJECTIVES = ("small", "big", "fresh", "large", "tiny", "nice")

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

_IRREGULAR = {
    "child": "children",
    "goose": "geese",
    "leaf": "leaves",
    "scarf": "scarves",
    "mango": "mangoes",
    "potato": "potatoes",
    "tomato": "tomatoes",
}


def plural(noun: str) -> str:
    """The plural of a noun of this module's lists, with or without an adjective."""
    before, space, last = noun.rpartition(" ")
    if last in _IRREGULAR:
        return before + space + _IRREGULAR[last]
    if noun.endswith(("s", "sh", "ch", "x", "z")):
        return f"{noun}es"
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return f"{noun[:-1]}ies"
    return f"{noun}s"


def with_article(noun: str) -> str:
    """The noun with `a` or `an`."""
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"
