"""What the choices task knows about things: tools, vehicles, clothing, kinds, what things are made of.

The format of the tables is described in `choices_facts.py`.
"""

from __future__ import annotations

TOOLS = """
scissors: cut a sheet of paper / cut paper / ~cut some paper
a knife: slice bread / cut a slice of bread / ~slice some bread
a hammer: drive a nail into the wall / hit a nail / ~drive nails into the wall
a screwdriver: turn a screw / tighten a loose screw / ~tighten a screw
a saw: cut a wooden board / cut wood / ~cut some wood
a broom: sweep the floor / sweep the dusty floor / ~sweep a dusty floor
a vacuum cleaner: clean the carpet / clean a dusty carpet / ~clean a carpet
a mop: wash the kitchen floor / wash a wet and dirty floor
a spoon: eat soup / eat a bowl of soup / ~eat some soup
a toothbrush: clean {their} teeth / brush {their} teeth
a towel: dry {their} hands / dry {their} wet hands; dry off after a bath / get dry after a shower
an umbrella: stay dry in the rain / keep dry in the rain / ~keep dry when it rains
a comb: tidy {their} hair / make {their} hair tidy
a key: unlock the front door / unlock a door / ~unlock the door
a ladder: climb onto the roof / reach the roof / ~get onto the roof
a shovel: dig a hole / dig a deep hole / ~dig holes
a rake: gather fallen leaves / gather the leaves on the lawn / ~gather leaves
a flashlight: see in the dark / find the way in the dark / ~see something in the dark
a thermometer: measure the temperature / check the temperature; check for a fever / find out about a fever
a ruler: draw a straight line / measure the length of a line / ~draw straight lines
a scale: weigh a bag of apples / weigh some fruit; find out how heavy a box is / see how heavy a box is
an alarm clock: wake up at six / wake up on time / ~wake up at seven
a calendar: find out the date / check the date / ~look up the date
a map: find the way to a new town / find the way in a strange town / ~find the way in a new town
a telescope: look at the stars / look at the moon / ~look at the stars and the moon
a microscope: look at germs / see tiny germs / ~look at tiny germs
a camera: take a photo / take photos / ~take some photos
a phone: call a friend / make a call to a friend / ~call {their} friends
a pen: write a letter / sign a letter / ~write letters
an eraser: rub out a pencil mark / remove pencil marks / ~remove a pencil mark
glue: stick two pieces of paper together / stick paper together
a needle: sew on a button / sew up a torn shirt / ~sew a button on a shirt
an iron: get the wrinkles out of a shirt / remove wrinkles from a shirt / ~remove the wrinkles from a dress
a washing machine: wash dirty clothes / wash a pile of clothes / ~wash some dirty clothes
a dishwasher: wash dirty dishes / wash a pile of plates and cups / ~wash a pile of dishes
an oven: bake a cake / bake cookies / ~bake some cookies
a kettle: boil water for tea / boil water / ~boil some water
a toaster: make toast / toast a slice of bread / ~make some toast
a lawn mower: cut the grass / cut the long grass / ~cut the grass on the lawn
a watering can: water the plants / water the flowers / ~water some plants
a fishing rod: catch a fish / catch fish in the river / ~catch some fish
a sleeping bag: stay warm at night in a tent / keep warm in a tent / ~stay warm in a tent
a pillow: rest {their} head in bed / rest {their} head at night
a calculator: add up big numbers / multiply big numbers / ~add some big numbers
a can opener: open a can of beans / open a can of soup / ~open cans of beans
a paintbrush: paint a picture / paint the wall / ~paint pictures
soap: wash {their} hands / wash {their} dirty hands
shampoo: wash {their} hair / get {their} hair clean
a suitcase: pack clothes for a trip / carry clothes on a trip
a backpack: carry books to school / carry {their} school books
a fire extinguisher: put out a small fire / put out a kitchen fire / ~put out a fire
a mirror: look at {their} own face / see {their} own face
"""

VEHICLES = """
a plane|airplane: fly to another country / fly over the ocean / ~fly to a country over the ocean
a fire truck: bring firefighters to a fire / take firefighters to a burning house /
    ~take firefighters to a fire
an ambulance: take a hurt person to the hospital / rush a sick person to the hospital /
    ~take a sick person to the hospital
a train: travel on rails / ride along the railroad tracks / ~travel along the railroad tracks
a bicycle|bike: ride with pedals / turn the pedals and ^ride on two wheels
a boat: cross the lake / row across a lake / ~cross a lake
a truck: move heavy furniture / carry heavy loads / ~move heavy loads
a taxi: pay a driver for a ride / pay a driver for a short ride
a tractor: pull a plow / pull a plow across a field / ~pull a plow over the field
a garbage truck: collect garbage from the street / pick up the garbage in town / ~collect the garbage in town
a submarine: travel deep under the sea / dive deep under the sea / ~travel under the sea
a rocket: fly to the moon / travel to the moon; fly into space / travel into space
a school bus: take children to school / bring many children to school / ~take many children to school
a police car: chase a bank robber / chase a thief / ~chase robbers
a sled: slide down a snowy hill / go down a snowy hill / ~slide down a hill in the snow
"""

CLOTHES = """
gloves: keep {their} hands warm / keep {their} fingers warm
sunglasses: protect {their} eyes from the sun / keep the sun out of {their} eyes
a scarf: keep {their} neck warm / wrap up {their} neck in the cold
a swimsuit: go swimming / swim in the pool / ~go swimming in the pool
a helmet: protect {their} head on a bike / keep {their} head safe on a bike
pajamas: sleep in bed / go to bed / ~go to sleep in bed
a belt: hold up {their} pants / keep {their} pants from falling down
an apron: keep {their} shirt clean in the kitchen / keep {their} clothes clean while cooking
a raincoat: keep dry on a rainy day / stay dry on a rainy day / ~stay dry on rainy days
running shoes: run a race / go running / ~run in a race
slippers: keep {their} feet warm in the house / have warm feet in the house
rubber boots: walk through deep puddles / jump in the puddles / ~walk through puddles
"""

MADE_OF = """
milk: cheese / a piece of cheese; butter / a stick of butter
flour: bread / a loaf of bread
glass: a window / windows; a light bulb / light bulbs
rubber: a car tire / car tires / ~some car tires
wool: a warm sweater / warm sweaters / ~some warm sweaters
wood: paper / a sheet of paper; a log cabin / log cabins
grapes: wine / a bottle of wine
potatoes: french fries / a plate of french fries / ~some french fries
tomatoes: ketchup / a bottle of ketchup / ~some ketchup
eggs: an omelet / omelets / ~a big omelet
wax: a candle / candles / ~some candles
leather: a saddle / saddles; cowboy boots / a pair of cowboy boots
clay: bricks / a brick / ~some bricks
snow: a snowman / snowmen / ~a big snowman
corn: popcorn / a bag of popcorn / ~some popcorn
cocoa beans: chocolate / a bar of chocolate / ~some chocolate
metal: coins / a coin; a nail / nails
lemons: lemonade / a glass of lemonade / ~some lemonade
cucumbers: pickles / a jar of pickles / ~some pickles
"""

KINDS = """
a fish: a salmon; a tuna; a trout
a bird: an eagle; a sparrow; a pigeon
an insect: a beetle; a mosquito; an ant
a flower: a rose; a tulip; a daisy
a tree: an oak; a pine; a maple
a fruit: an apple; a banana; a pear
a vegetable: a carrot; an onion; a cabbage
a musical instrument: a piano; a violin; a drum
a piece of furniture: a chair; a sofa; a desk
a piece of clothing: a shirt; a skirt; a jacket
a sport: tennis; basketball; hockey
a color: red; blue; green
a day of the week: Monday; Friday; Sunday
a month: January; June; October
a vehicle: a car; a truck; a bus
a drink: tea; coffee; lemonade
a metal: iron; copper; steel
a shape: a triangle; a square; a circle
"""
