"""Which concepts of the choices task must not compete, which make hard choices, and which pools may be mixed.

Two concepts conflict where one could also be called right in some question about the other (a hammer may lie
in the garage). Conflicts hold both ways, so that a set of choices never tells which of them is asked about.
"""

from __future__ import annotations

CONFLICTS = """
refrigerator: freezer, medicine cabinet
wallet: piggy bank, jewelry box
closet: shoe rack, laundry basket, jewelry box, toy box, toolbox
garage: toolbox, shoe rack, trash can, laundry basket, freezer, toy box, refrigerator
bookshelf: toy box, vase, jewelry box, piggy bank, fish tank, pencil case
laundry basket: shoe rack
toy box: pencil case
medicine cabinet: spice rack
spice rack: refrigerator, freezer
library: bookstore, school, museum, concert hall
hospital: pharmacy, dentist's office
bakery: restaurant, supermarket
supermarket: pharmacy, pet shop, flower shop, toy store, bookstore, shoe store, post office, laundromat,
    gas station
restaurant: hotel, movie theater, zoo, airport, train station
zoo: farm, pet shop, museum
farm: museum, playground, fire station, pet shop
swimming pool: beach, gym, school, hotel, playground
beach: playground, harbor, campsite, hotel, church
school: gym, playground, museum, church, bookstore, toy store
church: concert hall, library
concert hall: movie theater, stadium, restaurant, school
campsite: hotel, farm
bus stop: train station, airport, school
gas station: car wash, supermarket, farm
toy store: museum, bookstore, pet shop
gym: stadium, hotel, campsite
hotel: hospital, laundromat, gym
scissors: knife, saw, lawn mower, needle, paintbrush
knife: saw, can opener, screwdriver, toaster, spoon, eraser, hammer, shovel
hammer: saw, screwdriver, shovel, ladder
broom: vacuum cleaner, mop, rake, shovel
vacuum cleaner: mop, rake, washing machine, soap, shampoo
mop: soap, towel, dishwasher, washing machine, watering can
towel: umbrella, toothbrush, comb, mop, pillow, iron
soap: shampoo, washing machine, dishwasher, toothbrush, watering can, paintbrush
shampoo: comb, towel, washing machine
comb: mirror, scissors, towel
umbrella: sleeping bag
rake: lawn mower, shovel
flashlight: phone, map, camera, microscope, telescope
alarm clock: phone, calendar, rooster
phone: camera, calendar, map, calculator, pen, mirror
map: calendar, ruler
calculator: pen, ruler
camera: mirror, telescope, microscope
telescope: microscope
pen: ruler, paintbrush, eraser
can opener: scissors, hammer, screwdriver, saw
spoon: shovel
watering can: kettle, fire extinguisher
fire extinguisher: towel
iron: washing machine
key: screwdriver, hammer
lawn mower: saw, knife
paintbrush: ladder
ice rink: stadium, gym
playground: campsite
stadium: school
museum: church
boat: bicycle
pig: horse
horse: giraffe
camel: lion, snake
lion: horse, zebra, bear
bear: mouse
eggs: potatoes, tomatoes
brain: eyes
eraser: scissors
glue: needle, hammer, screwdriver
oven: toaster, kettle, bakery
sleeping bag: pillow, oven, iron
suitcase: backpack, train, airport, taxi, plane, truck, hotel, bus stop
backpack: school bus, bicycle, school, bookstore, library
scale: ruler, thermometer
ruler: pen
washing machine: laundromat, car wash, dishwasher
soap: laundromat, car wash, swimming pool
shampoo: barber shop, swimming pool
scissors: barber shop
fire extinguisher: fire truck, fire station
thermometer: hospital, pharmacy
toothbrush: dentist's office
ladder: fire truck
fishing rod: harbor, pet shop, supermarket, restaurant, beach
phone: police station
knife: restaurant
spoon: restaurant
towel: swimming pool
toaster: bakery
lawn mower: tractor, farm
umbrella: bus stop
shovel: tractor, beach
flashlight: campsite
camera: museum
sleeping bag: campsite
pillow: hotel, hospital
iron: laundromat
kettle: restaurant
oven: restaurant
broom: car wash
calculator: bank, school
pen: post office, school
ruler: school
map: airport, taxi, train, bus stop, train station
alarm clock: school
paintbrush: museum, school
mop: car wash
vacuum cleaner: car wash
suitcase: train station, laundromat
key: hotel
plane: rocket, airport, train
train: bicycle, train station, school bus, taxi, sled
bus stop: school bus, taxi
truck: fire truck, garbage truck, tractor, train, boat, police car
taxi: train, school bus, police car, ambulance, bicycle
ambulance: police car, fire truck, fire station, hospital
police car: fire truck, police station
boat: submarine, harbor
school bus: school
fire truck: fire station, police car
rocket: submarine
tractor: farm
bicycle: sled
sled: ice rink
boat: beach
gloves: scarf, slippers
scarf: apron, helmet, raincoat
pajamas: slippers
running shoes: slippers, rubber boots
rubber boots: raincoat
swimsuit: raincoat, helmet
apron: raincoat
wool: leather
wood: cocoa beans
milk: flour, eggs, cocoa beans, lemons
flour: eggs, potatoes, corn, wood, tomatoes
clay: metal
glass: metal, wax
wood: metal, clay
rubber: leather, metal
doctor: vet, dentist
judge: police officer
mechanic: electrician, plumber, firefighter
carpenter: architect
farmer: gardener, vet, cow, sheep, hen, bee, horse, butcher
baker: chef, waiter
chef: waiter, butcher, fisherman
librarian: author, teacher
lifeguard: coach, sailor, doctor, police officer
firefighter: police officer, lifeguard
fisherman: sailor, butcher, bear, cat, penguin, shark
cashier: waiter, butcher
singer: actor, clown, parrot, rooster
actor: clown, parrot
pilot: astronaut
police officer: dog, mechanic
clown: monkey, zoo
teacher: coach, lifeguard
vet: dog, cat
tailor: sheep
carpenter: beaver
architect: beaver
fisherman: octopus
doctor: dog
spider: octopus
hen: duck, rooster, turtle, parrot, penguin, owl, peacock, farm
cow: sheep, elephant, giraffe, camel, farm, horse
sheep: farm, camel
dog: cat, farm, lion
cat: mouse, lion
giraffe: camel, zebra
horse: zebra, camel, elephant, farm
pig: elephant, farm, duck
kangaroo: rabbit, frog
owl: frog, bat
turtle: snake
frog: duck
bear: bat, squirrel, frog, turtle, snake, bee
squirrel: mouse, monkey
parrot: peacock
penguin: duck
beaver: squirrel
shark: penguin
zoo: lion, elephant, giraffe, monkey
pet shop: parrot, rabbit, mouse, dog, cat
bird cage: parrot
hive: nest
stable: pigpen, doghouse
burrow: desert, jungle, pond, anthill, ocean, nest, stable, pigpen
nest: jungle, ocean, pond, desert, anthill, stable
web: jungle, stable, burrow, nest, desert, pond, doghouse
jungle: hive, ocean, pond, anthill, desert
desert: anthill
pond: ocean
eyes: nose, brain, teeth
ears: nose, neck, finger, head
nose: lungs, tongue, finger
tongue: teeth, stomach, hands
teeth: stomach, hands
hands: finger, wrist
feet: head, hands, wrist
head: neck, brain
brain: heart
neck: waist, finger, wrist
heart: lungs
finger: wrist
waist: wrist
big: long, strong, old, full
small: short, weak, young
loud: strong
white: brown, gray, black
red: orange, pink
orange: yellow
brown: black, gray, green, orange
green: yellow, orange
red: brown
blue: gray, white, black, pink
"""

CONFLICTING_KINDS = """
fruit: tree, vegetable, drink
flower: color, tree
metal: color, drink
tree: color, piece of furniture
fish: color
"""

MIXED_POOLS = (
    ("town", "animal"),
    ("town", "vehicle"),
    ("town", "tool"),
    ("job", "animal"),
    ("storage", "animal"),
)

HARD_CHOICES = (
    "fire station/police station/train station/gas station/bus stop/post office",
    "shoe store/toy store/bookstore/flower shop/pet shop/barber shop/bakery",
    "fire station/fire truck/police car/train station/train/school bus/school/police station",
    "fire extinguisher/fishing rod/flashlight/watering can/can opener/washing machine/sleeping bag",
    "washing machine/watering can/dishwasher/vacuum cleaner/toaster/oven/iron/kettle",
    "lawn mower/rake/watering can/broom/ladder/shovel",
    "ruler/thermometer/alarm clock/calendar/calculator/camera/map/scale",
    "hammer/screwdriver/saw/key/ladder/needle/paintbrush",
    "swimming pool/ice rink/stadium/gym/playground/movie theater/car wash/concert hall",
    "hospital/pharmacy/bank/post office/library/church/hotel",
    "bus driver/train driver/pilot/sailor/mail carrier/astronaut",
    "police officer/firefighter/doctor/lifeguard/judge/vet",
    "plumber/electrician/carpenter/mechanic/gardener/architect",
    "baker/butcher/waiter/chef/cashier/fisherman/farmer",
    "singer/actor/photographer/author/clown/coach",
    "cow/horse/pig/sheep/hen/dog/cat/rooster/duck",
    "lion/elephant/zebra/giraffe/camel/monkey/kangaroo",
    "owl/parrot/penguin/duck/rooster/peacock/bat",
    "bee/butterfly/spider/frog/mouse/snake",
    "fire truck/garbage truck/police car/school bus/tractor/ambulance",
    "trash can/toy box/fish tank/piggy bank/pencil case/shoe rack/spice rack",
    "bird cage/fish tank/jewelry box/medicine cabinet/laundry basket/trash can",
)
