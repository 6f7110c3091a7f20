"""What the choices task knows about life and nature: jobs, animals, the body, opposites, colors, weather.

The format of the tables is described in `choices_facts.py`.
"""

from __future__ import annotations

JOBS = """
a firefighter: put out fires / fight fires / ~put out big fires; save people from burning houses /
    rescue people from burning houses
a doctor: treat sick people / make sick people well / ~treat people when they are sick
a dentist: fix bad teeth / fill holes in teeth / ~fix teeth with holes
a teacher: teach children at school / give lessons to children / ~teach children; grade homework /
    grade the homework of children
a police officer: catch thieves / arrest thieves / ~catch and ^arrest thieves
a baker: bake bread / bake fresh bread / ~bake loaves of bread
a farmer: grow wheat and corn / grow crops / ~grow crops like wheat; milk cows / keep cows and ^milk them
a pilot: fly a plane / fly planes / ~fly big planes
a bus driver: drive a bus / drive the city bus / ~drive buses
a train driver: drive a train / drive trains / ~drive fast trains
a mail carrier: deliver letters / bring letters to houses / ~deliver letters to houses
a chef|cook: cook meals in a restaurant / cook dinner for the guests of a restaurant /
    ~cook dinner in a restaurant
a waiter: carry food to the tables / bring plates to the tables in a restaurant / ~bring food to the tables
a hairdresser|barber: cut people's hair / give people haircuts / ~give haircuts
a plumber: repair leaking pipes / fix water pipes / ~fix leaking pipes
an electrician: repair electric wires / put in electric lights / ~fix electric wires
a carpenter: make tables from wood / build things from wood / ~make things from wood
a mechanic: repair cars / fix car engines / ~repair car engines
a gardener: trim the bushes / plant flowers and ^trim bushes / ~plant flowers
a librarian: lend books to readers / look after library books / ~lend library books
a judge: decide cases in court / send thieves to prison / ~decide court cases
a vet: treat sick animals / help sick pets / ~treat sick pets
a photographer: take photos at weddings / take wedding photos / ~take photos of a wedding
a singer: sing songs on stage / sing on stage / ~sing songs
an actor: play parts in movies / act in movies / ~act in a movie
an astronaut: travel into space / fly into space / ~travel in space; walk on the moon / land on the moon
a sailor: work on a ship / sail a ship across the sea / ~sail a ship
a tailor: make suits / sew suits and dresses / ~sew suits
a butcher: cut and ^sell meat / sell meat / ~sell fresh meat
a fisherman: catch fish with a net / catch fish and ^sell them / ~catch fish
an author|writer: write novels / write books / ~write novels and other books
a lifeguard: save swimmers / watch over swimmers at the beach / ~watch over swimmers
a cashier: take the money in a store / take the money of shoppers / ~take money from shoppers
a coach: train a soccer team / train the team / ~train soccer teams
a clown: make people laugh at the circus / do funny tricks at the circus /
    ~make people laugh with funny tricks
an architect: design buildings / draw plans for new houses / ~design new houses
"""

HELPERS = """
a dentist: has a terrible toothache / has a toothache / ~has a bad toothache
a doctor: has a high fever / has a fever and a sore throat / ~has a sore throat
a firefighter: sees a house on fire / sees flames in a house / ~sees a house in flames
a plumber: has a leaking pipe under the sink / sees water leaking from a pipe / ~has a leaking water pipe
a mechanic: has a car that will not start / has a broken car engine / ~has a broken car
a police officer: has seen a thief in the street / sees a thief in a store / ~sees a thief in the street
a vet: has a sick dog / has a cat that is sick / ~has a dog that is sick
a hairdresser|barber: needs a haircut / has hair that is too long / ~has very long hair and needs a haircut
a lifeguard: sees a swimmer in trouble / sees a swimmer call for help at the beach /
    ~sees a swimmer in trouble at the beach
a waiter: is ready to order food in a restaurant / is ready to order dinner in a restaurant
a tailor: needs a new suit made / needs a suit made to measure
"""

ANIMALS = """
a bee: make honey / make sweet honey / ~make the honey we eat
a spider: spin a web / spin webs / ~spin a big web
a hen: lay eggs for breakfast / lay the eggs we eat / ~lay eggs we eat for breakfast
a cow: give us milk / give people milk / ~give milk; moo / moo in the field
a dog: bark / bark at strangers / ~bark loudly; wag its tail and ^fetch sticks / fetch a stick
a cat: purr / purr on the sofa; meow / meow for its dinner
an elephant: have a long trunk / have a trunk and big ears / ~have a very long trunk
a giraffe: have a very long neck / have the longest neck / ~have a long neck
a zebra: have black and white stripes / have stripes / ~have stripes of black and white
a kangaroo: carry its baby in a pouch / have a pouch for its baby / ~carry a baby in its pouch
an owl: hoot at night / hoot in the dark / ~hoot
a turtle: hide in its hard shell / have a hard shell on its back / ~carry a hard shell
an octopus: have eight arms / use its eight arms / ~have eight long arms
a beaver: build dams in rivers / build a dam / ~build dams
a camel: have a hump on its back / have a hump / ~carry a hump on its back; walk through the desert /
    carry people through the desert
a penguin: waddle on the ice / waddle across the snow and ice / ~waddle over the ice
a monkey: swing through the trees / swing from tree to tree / ~swing from the trees
a lion: have a big mane / have a mane and ^roar / ~have a mane
a butterfly: start life as a caterpillar / come from a caterpillar / ~grow from a caterpillar
a frog: croak / croak by the pond / ~croak in the pond
a horse: carry a rider on a saddle / wear a saddle / ~carry a saddle; gallop / gallop across the field
a pig: roll in the mud / oink / ~oink in the mud
a sheep: give us wool / give people wool / ~give wool
a squirrel: hide nuts for the winter / hide nuts in the ground / ~hide nuts
a rabbit: hop and ^have long ears / have long ears and ^hop / ~hop around with long ears
a bat: sleep upside down / hang upside down all day / ~sleep hanging upside down
a bear: sleep all winter in a cave / sleep through the winter in a cave / ~sleep in a cave all winter
a rooster: crow at sunrise / crow in the morning / ~crow
a snake: slither / slither through the grass / ~slither in the grass
a parrot: repeat words / repeat what people say / ~repeat the words people say
a shark: swim with sharp teeth and a fin / have a fin and rows of sharp teeth / ~have sharp teeth and a fin
a duck: quack / quack on the pond / ~quack loudly
a peacock: show a fan of tail feathers / spread its bright tail feathers / ~spread a fan of bright feathers
a mouse: squeak / squeak and ^nibble cheese / ~nibble cheese
"""

YOUNG = """
a dog: a puppy / a little puppy
a cat: a kitten / a little kitten
a cow: a calf / a little calf
a sheep: a lamb / a little lamb
a horse: a foal / a little foal
a pig: a piglet / a little piglet
a duck: a duckling / a little duckling
a frog: a tadpole / a little tadpole
"""

SENSES = """
eyes: see a rainbow / see the pictures / ~look at a rainbow
ears: hear music / listen to a song / ~listen to music
a nose: smell a rose / smell flowers / ~smell some flowers
a tongue: taste ice cream / taste the soup / ~taste some soup
teeth: chew food / bite an apple / ~bite and ^chew an apple
hands: clap / wave goodbye / ~clap and ^wave
feet: kick a ball / stand on the ground / ~kick balls
a brain: think / remember things / ~think and ^remember
lungs: breathe / breathe air / ~breathe in air
a heart: pump blood / keep the blood moving
a stomach: digest food / digest dinner / ~digest a meal
"""

WORN_ON = """
feet: socks / a pair of socks / ~some socks; shoes / a pair of shoes
hands: gloves / a pair of gloves / ~some gloves
ears: earrings / a pair of earrings / ~some earrings
a head: a hat / a winter hat; a helmet / a bike helmet
a neck: a scarf / a warm scarf; a necklace / a gold necklace
a finger: a wedding ring / a gold ring / ~a gold wedding ring
a wrist: a watch / a new watch; a bracelet / a gold bracelet
a waist: a belt / a leather belt
"""

OPPOSITES = (
    "hot/cold big/small fast/slow wet/dry full/empty happy/sad clean/dirty loud/quiet "
    "long/short strong/weak young/old open/closed"
)

COLORS = """
white: snow / fresh snow; milk / fresh milk
green: grass / fresh grass / ~some fresh grass
blue: a clear sky / the sky on a sunny day / ~the clear sky
yellow: a ripe lemon / ripe lemons / ~a lemon
black: coal / a piece of coal / ~some coal
red: blood / a drop of blood; a ripe strawberry / ripe strawberries / ~a strawberry
orange: a carrot / carrots; a pumpkin / pumpkins
brown: chocolate / a bar of chocolate; coffee beans / a coffee bean
gray: an elephant / elephants / ~some elephants
pink: a flamingo / flamingos / ~some flamingos
"""

SEASONS = """
winter: snow covers the ground / snow falls and it is freezing cold /
    ~it is freezing cold and snow covers the ground; people ski and build snowmen / children build a snowman
spring: the first flowers open after the snow / the first flowers come up / ~the first flowers open;
    birds build nests and lay eggs / lambs are born
summer: it is the hottest time of the year / the days are long and hot / ~the days are the hottest;
    children have their long school vacation / school is out and people swim in the sea
fall|autumn: leaves turn red and drop from the trees / leaves drop to the ground / ~the leaves turn red;
    farmers pick pumpkins / pumpkins are ripe and leaves turn brown
"""

WEATHER = """
rain: everyone opens an umbrella / the streets get wet and people open umbrellas /
    ~people open their umbrellas; puddles grow in the street / there are puddles everywhere
snow: children make a snowman / everything outside turns white / ~everything turns white
wind: hats fly off and the trees bend / kites fly high and the trees bend / ~hats fly off and kites fly high
fog: a thick gray cloud lies on the road / there is a thick gray cloud on the ground /
    ~a thick gray cloud lies on the ground
sunshine: everyone puts on sunglasses / the sky is blue and people put on sunglasses /
    ~people put on sunglasses
"""
