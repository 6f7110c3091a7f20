"""What the choices task knows about places: where things are kept, where one goes, where animals live.

The format of the tables is described in `choices_facts.py`.
"""

from __future__ import annotations

KEPT = """
a refrigerator|fridge: milk / fresh milk / a carton of milk; butter / a stick of butter
a freezer: ice cream / a tub of ice cream / ~some ice cream; ice cubes / some ice cubes
a bookshelf: a novel / novels; storybooks / a storybook
a closet|wardrobe: a winter coat / coats / ~a coat; clean shirts / a clean shirt
a toolbox: a hammer / hammers; screws and nails / some nails and screws
a wallet: a credit card / credit cards / ~some credit cards; paper money / a ten dollar bill
a garage: a car / cars / the family car
a trash can|trash bin: a banana peel / an old banana peel; garbage / some garbage
a mailbox: letters / a letter / ~some letters; a postcard / postcards
a pencil case: pens / a pen; crayons / some crayons
a vase: roses / a bunch of roses; tulips / some tulips
a jewelry box: earrings / a pair of earrings; a necklace / necklaces
a toy box: a doll / dolls; a teddy bear / teddy bears
a shoe rack: boots / a pair of boots; sneakers / a pair of sneakers / ~some sneakers
a laundry basket: dirty clothes / some dirty clothes; dirty socks / a pair of dirty socks
a fish tank: a goldfish / a pet goldfish
a bird cage: a parrot / a pet parrot; a canary / a pet canary
a piggy bank: coins / some small coins / ~small coins
a medicine cabinet: pills / a box of pills; bandages / a box of bandages
a spice rack: pepper / ground pepper; cinnamon / some cinnamon
"""

TOWN = """
a library: borrow a book / borrow books / ~borrow some books
a hospital: have an operation / get an operation; have a broken leg treated / get help with a broken leg
a bakery: buy fresh bread / buy a loaf of bread / ~get some fresh bread; order a birthday cake /
    pick up a birthday cake
a bank: open a savings account / open an account; borrow money / get a loan
a post office: mail a package / send a package / ~mail some packages; buy stamps / buy some stamps
an airport: catch a plane / get on a plane / board a plane
a train station: catch a train / get on a train / ~board a train
a bus stop: wait for the bus / catch the bus / get on a bus
a gas station: fill up the car with gas / buy gas for the car / ~get gas for the car
a fire station: see the fire trucks / look at the fire trucks
a police station: report a theft / report a stolen bike / ~report a stolen car
a school: learn to read and write / learn reading and writing; take a math class / go to a math class
a museum: look at old paintings / see famous paintings; see dinosaur bones / look at dinosaur bones
a zoo: see lions and elephants / look at the lions / ~look at elephants
a movie theater|cinema: watch a new movie / see a new movie / ~see a movie
a restaurant: order dinner from a waiter / have dinner served by a waiter; order food from a menu /
    choose dinner from a menu
a pharmacy: buy medicine / buy some medicine / ~get medicine
a supermarket: do the weekly grocery shopping / do the grocery shopping; buy groceries /
    buy all {their} groceries
a barber shop: get a haircut / have a haircut / have {their} hair cut
a gym: lift weights / lift heavy weights / ~lift some weights
a swimming pool: take a swimming lesson / have swimming lessons
a beach: build a sandcastle / build sandcastles; collect seashells / look for seashells
a farm: see cows being milked / watch the cows being milked
a bookstore: buy a new novel / buy a novel / ~buy some novels
a pet shop: buy a hamster / buy a pet hamster; buy a puppy / get a puppy
a shoe store: try on new shoes / buy new shoes / ~buy some shoes
a toy store: buy a doll / buy toys / ~buy some toys
a flower shop: buy a bunch of roses / buy roses / ~buy some roses
a hotel: rent a room for the night / rent a room / ~get a room for the night
a church: pray on Sunday / say a prayer
a stadium: watch a big soccer match / watch a soccer match
a laundromat: wash clothes in a coin machine / put coins in a machine and ^wash clothes
a dentist's office: have a bad tooth fixed / get a tooth fixed / ~have a tooth fixed
a playground: play on the swings / play on swings and slides; go down a slide / go down the slide
a campsite: put up a tent / sleep in a tent / ~put up some tents
a harbor: see big ships come in / watch the ships come in / ~see the ships
an ice rink: go ice skating / skate on ice / ~go skating on the ice
a concert hall: listen to an orchestra / hear an orchestra play / ~hear an orchestra
a car wash: get a dirty car cleaned / have {their} car cleaned / ~have a dirty car cleaned
"""

HOMES = """
a nest: a young bird / young birds; a robin and its eggs / robins with eggs
a hive: a honeybee / honeybees / ~a swarm of honeybees
a stable: a horse / horses / ~some horses
a doghouse: a pet dog / a dog in the yard
a web: a spider / spiders / ~some spiders
a burrow: a wild rabbit / wild rabbits / ~some wild rabbits
a desert: a camel / camels / ~some camels
an ocean: a whale / whales; a shark / sharks
a jungle: a wild monkey / wild monkeys / ~some monkeys
a pond: a frog / frogs / ~some frogs; a tadpole / tadpoles
a pigpen: a pig / pigs / ~some pigs
an anthill: an ant / ants / ~some ants
"""
