"""Names, things and places of the word problems; none of them decides which operation is meant."""

from __future__ import annotations


def _listing(text: str) -> tuple[str, ...]:
    return tuple(" ".join(item.split()) for item in text.split(","))


WOMEN = _listing(
    """Abby, Ada, Agnes, Aisha, Alice, Amber, Amina, Amy, Ana, Angela, Anita, Anna, Audrey, Bella, Beth,
    Bianca, Brenda, Carla, Carmen, Carol, Celia, Chloe, Clara, Cora, Daisy, Dana, Diana, Edith, Elena,
    Ella, Elsa, Emily, Emma, Erin, Esther, Eva, Fatima, Fiona, Flora, Freya, Gina, Gloria, Grace, Greta,
    Hana, Hannah, Heidi, Helen, Holly, Ida, Ines, Ingrid, Irene, Iris, Isabel, Ivy, Jane, Jasmine, Jean,
    Jenny, Jill, Joan, Judy, Julia, Karen, Kate, Kayla, Kim, Kira, Lara, Laura, Layla, Leah, Leila,
    Lena, Lily, Linda, Lisa, Louise, Lucy, Luna, Mabel, Maria, Marta, Mary, Maya, Megan, Mei, Mia,
    Miriam, Molly, Monica, Nadia, Nancy, Naomi, Nina, Nora, Olga, Olivia, Paula, Penny, Petra, Priya,
    Rachel, Rita, Rosa, Rose, Ruby, Ruth, Sally, Sandra, Sara, Sofia, Sonia, Stella, Susan, Tamara,
    Tara, Teresa, Tina, Uma, Ursula, Vera, Violet, Wanda, Wendy, Yara, Yuki, Zoe"""
)

MEN = _listing(
    """Aaron, Abdul, Adam, Ahmed, Alan, Albert, Alex, Alfred, Ali, Amir, Andre, Andy, Anton, Arthur, Axel,
    Ben, Bill, Bob, Boris, Brian, Bruno, Caleb, Cameron, Carl, Carlos, Chris, Cyrus, Dan, David, Dennis,
    Derek, Diego, Don, Dylan, Eddie, Edgar, Eli, Elias, Emil, Eric, Ernest, Ethan, Felix, Finn, Frank,
    Fred, Gabriel, Gary, Gavin, George, Glen, Greg, Hans, Harold, Harry, Hassan, Henry, Howard, Hugo,
    Ian, Isaac, Ivan, Jack, Jacob, Jake, Jamal, James, Jason, Jerry, Jim, Joe, John, Jonas, Jorge, Josh,
    Juan, Karl, Keith, Ken, Kevin, Kofi, Kurt, Lars, Lee, Leo, Leon, Liam, Logan, Louis, Lucas, Luke,
    Manuel, Marco, Mark, Matt, Max, Miguel, Mike, Milo, Nathan, Neil, Nick, Noah, Oliver, Omar, Oscar,
    Otto, Owen, Pablo, Patrick, Paul, Pedro, Peter, Phil, Ralph, Ravi, Rick, Rob, Roger, Roy, Ryan, Sam,
    Samir, Sean, Simon, Steve, Sven, Ted, Theo, Tim, Toby, Tom, Tony, Victor, Vincent, Walter, Wayne,
    Will, Yusuf, Zack"""
)

SURNAMES = _listing(
    """Adams, Allen, Baker, Bell, Bishop, Brown, Carter, Castro, Chen, Clark, Cooper, Cruz, Davis, Diaz,
    Evans, Fischer, Ford, Garcia, Gray, Green, Hall, Hansen, Harris, Hill, Jones, King, Kumar, Lewis,
    Lopez, Martin, Mendez, Miller, Moore, Morris, Nelson, Novak, Olsen, Parker, Patel, Perez, Price,
    Reed, Reyes, Roberts, Rogers, Rossi, Scott, Silva, Singh, Smith, Stone, Taylor, Turner, Walker,
    Wang, Weber, White, Wood, Young"""
)

RELATIVES_WOMEN = ("my sister", "my cousin", "my friend", "my mom", "the teacher")
RELATIVES_MEN = ("my brother", "my cousin", "my friend", "my dad", "the teacher")

FOODS = _listing(
    """apple, apricot, avocado, bagel, banana, beet, berry, biscuit, brownie, bun, burger, cabbage, cake,
    candy, carrot, cherry, chestnut, chocolate, coconut, cookie, cracker, crepe, croissant, cucumber,
    cupcake, donut, dumpling, egg, fig, grape, hot dog, kiwi, leek, lemon, lime, lollipop, mango, melon,
    muffin, mushroom, noodle, nut, olive, onion, orange, pancake, papaya, pastry, pea, peach, peanut,
    pear, pepper, pie, pineapple, pizza, plum, popsicle, potato, pretzel, pumpkin, radish, raisin, roll,
    sandwich, sausage, scone, strawberry, sweet, taco, tart, tomato, turnip, waffle, walnut, wrap"""
)

OBJECTS = _listing(
    """acorn, anchor, arrow, backpack, badge, ball, balloon, bandage, basketball, battery, bead, bell,
    belt, blanket, block, book, boot, bottle, bow, bowl, bracelet, brick, broom, brush, bulb, button,
    cable, camera, candle, canvas, cap, card, carpet, chain, chair, charm, clip, clock, coat, coin,
    comb, comic book, compass, cone, cork, crayon, crown, cup, curtain, cushion, dart, diary, doll,
    drawing, dress, drum, earring, envelope, eraser, fan, feather, flag, flower, folder, football, fork,
    frame, game, glass, glove, guitar, hammer, hat, helmet, hook, jacket, jewel, kettle, key, keychain,
    kite, ladder, lamp, lantern, leaf, leash, letter, lid, log, magazine, magnet, map, marble, mask,
    mat, medal, mirror, mitten, model car, mug, nail, napkin, necklace, newspaper, notebook, notepad,
    paddle, paintbrush, painting, pan, paper plane, pebble, pen, pencil, photo, picture, pillow, pin,
    pinecone, pipe, plate, postcard, poster, purse, puzzle, quilt, racket, ribbon, ring, robot, rock,
    rose, rug, ruler, sandal, saw, scarf, scooter, screw, seed, shell, shirt, shoe, shovel, skateboard,
    skirt, snowball, sock, spade, sponge, spool, spoon, stamp, statue, stick, sticker, stone, stool,
    straw, suitcase, sweater, T-shirt, teacup, teapot, telescope, tennis ball, tent, thimble, ticket,
    tie, tile, tool, torch, towel, toy, toy boat, toy car, toy train, tractor, trophy, tulip, umbrella,
    vase, vest, violin, wallet, watch, wheel, whistle, wig, yo-yo"""
)

MAKEABLE = frozenset(
    _listing(
        """bagel, biscuit, bun, burger, cake, candy, chocolate, cookie, cracker, cupcake, donut, lollipop,
        muffin, pancake, pastry, pie, pretzel, roll, sandwich, taco, tart, waffle, badge, bead, bowl,
        bracelet, candle, card, doll, drawing, flag, hat, kite, mask, medal, model car, mug, necklace,
        paper plane, picture, pillow, plate, postcard, poster, puzzle, ribbon, ring, robot, scarf,
        shirt, sock, sticker, toy, toy boat, toy car, toy train, vase,
        brownie, crepe, dumpling, pizza, scone, wrap, blanket, crown, cushion, dress, earring, keychain,
        lantern, painting, quilt, rug, skirt, snowball, statue, sweater, vest, wallet"""
    )
)

PICKABLE = frozenset(
    _listing(
        """apple, apricot, banana, carrot, cherry, cucumber, fig, grape, lemon, lime, mango, melon,
        mushroom, nut, olive, onion, orange, peach, peanut, pear, pepper, plum, potato, pumpkin, radish,
        strawberry, tomato, flower, leaf, rose, tulip, avocado, beet, berry, cabbage, chestnut, coconut,
        kiwi, leek, papaya, pea, pineapple, turnip, walnut, acorn, pinecone"""
    )
)

ANIMALS = _listing(
    """ant, badger, bee, beetle, bird, buffalo, bunny, butterfly, calf, camel, cat, chick, chicken, cow,
    crab, crane, cricket, crow, dog, dolphin, donkey, dove, duck, eagle, elephant, falcon, flamingo,
    fox, frog, giraffe, goat, goose, hamster, hawk, hedgehog, hen, horse, kangaroo, kitten, lamb,
    lizard, llama, monkey, mule, ostrich, otter, owl, panda, parrot, peacock, pelican, penguin, pig,
    pigeon, pony, puppy, quail, rabbit, raven, robin, rooster, seal, snail, snake, sparrow, spider,
    squirrel, stork, swan, tiger, toad, tortoise, turkey, turtle, wasp, whale, wolf, zebra"""
)

FLYING_ANIMALS = frozenset(
    _listing(
        """bee, beetle, bird, butterfly, crane, cricket, crow, dove, duck, eagle, falcon, flamingo, goose, hawk,
        owl, parrot, pelican, pigeon, quail, raven, robin, sparrow, stork, swan, wasp"""
    )
)

PEOPLE = _listing(
    """actor, artist, baker, boy, camper, child, climber, cook, customer, cyclist, dancer, driver, drummer,
    gardener, girl, guest, hiker, kid, member, painter, passenger, player, pupil, reader, runner,
    sailor, scout, singer, skater, soldier, student, swimmer, teacher, tourist, traveler, visitor,
    volunteer, waiter, worker"""
)

CONTAINERS = _listing(
    """bag, barrel, basket, bin, box, bucket, cabinet, cart, carton, case, chest, crate, drawer, hamper,
    jar, locker, pack, package, packet, pail, pot, pouch, rack, sack, tin, tray, trunk, tub, wagon"""
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
    "calf": "calves",
    "child": "children",
    "goose": "geese",
    "leaf": "leaves",
    "scarf": "scarves",
    "mango": "mangoes",
    "potato": "potatoes",
    "tomato": "tomatoes",
    "wolf": "wolves",
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
