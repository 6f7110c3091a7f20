"""How the choices task asks what people and animals do, with what, and where they go for it.

The slots are described in `choices_wording.py`.
"""

from __future__ import annotations

from training.data.demo.choices_wording import NO_SCENES, WISHES, Wording, wording

DOING: dict[str, Wording] = {
    "town": wording(
        "town",
        """
Where do people go to {vp}?
Where can {S} {vp}?
Where should {S} go to {vp}?
Which of these is the best place to {vp}?
Where is the best place to {vp}?
Where would you go to {vp}?
In which place can you {vp}?
If you want to {vp}, where do you go?
To {vp}, where should {S} go?
Where can you {vp}?
People go to this place to {vp}. What is it?
Which place is right for {ving}?
Where would {S} go if {she} wanted to {vp}?
Which place in {town} should {S} visit to {vp}?
What is the right place to {vp}?
""",
        WISHES,
        """
Where should {she} go?
Which place should {she} visit?
What is the best place for this?
Which of these places is right for {her}?
Where can {she} do that?
Where will {she} go?
What is the right place to go?
""",
        """
People go to {answer} to {vp}.
{answer} is the place to {vp}.
You can {vp} at {answer}.
""",
        "places",
    ),
    "tool": wording(
        "tool",
        """
What do people use to {vp}?
What would {S} use to {vp}?
What does {S3} need to {vp}?
Which of these do you need to {vp}?
What is the best thing for {ving}?
Which of these is used for {ving}?
What would you use to {vp}?
If you want to {vp}, what do you need?
Which thing should {S} use to {vp}?
To {vp}, what should {S} use?
What helps you to {vp}?
Which of these helps people to {vp}?
What is the right thing to use for {ving}?
People use this to {vp}. What is it?
""",
        WISHES,
        """
What {does} {she} need?
What should {she} use?
Which of these will help {her}?
Which thing is best for this?
What should {she} use for this?
Which of these things should {she} take?
What is the right thing to use?
""",
        """
People use {answer} to {vp}.
You need {answer} to {vp}.
The right thing for {ving} is {answer}.
""",
        "things",
    ),
    "vehicle": wording(
        "vehicle",
        """
Which of these is used to {vp}?
What do people use to {vp}?
What would you use to {vp}?
Which vehicle do you need to {vp}?
Which vehicle is used for {ving}?
If you want to {vp}, which vehicle do you need?
What is the right vehicle for {ving}?
What does {S3} need to {vp}?
Which of these would {S} use to {vp}?
What is the best vehicle to {vp}?
""",
        WISHES,
        """
Which vehicle {does} {she} need?
What should {she} use?
Which of these should {she} use?
What is the right vehicle for this?
Which vehicle is best for this?
What {does} {she} need?
""",
        """
People use {answer} to {vp}.
The right vehicle for {ving} is {answer}.
You need {answer} to {vp}.
""",
        "vehicles",
    ),
    "clothes": wording(
        "clothes",
        """
What do people wear to {vp}?
What should {S} wear to {vp}?
Which of these do you wear to {vp}?
What would {S} put on to {vp}?
If you want to {vp}, what should you wear?
What is the best thing to wear to {vp}?
What does {S3} need to wear to {vp}?
Which of these would you put on to {vp}?
What helps you to {vp}?
""",
        WISHES,
        """
What should {she} wear?
What should {she} put on?
Which of these should {she} wear?
What is the best thing to wear?
What {does} {she} need?
""",
        """
People wear {answer} to {vp}.
You put on {answer} to {vp}.
To {vp}, people need {answer}.
""",
        "things",
    ),
    "job": wording(
        "job",
        """
Who {vps}?
Whose job is it to {vp}?
Who is paid to {vp}?
Which of these people {vps}?
Whose work is it to {vp}?
What do you call somebody who {vps} for a living?
Which person {vps} for a living?
Who earns money by {ving}?
{S} {wants} to {vp} for a living. What should {she} become?
{name} {vps} every day at work. What is the job of {name}?
{S} would like to {vp} one day. Which job should {she} choose?
{t}, {S} met somebody who {vps} in {town}. Who was it?
Which job is about {ving}?
In {town}, somebody {vps} for a living. Who is it?
{name} likes {ving} and does it for a living. What is {name}?
Who can {vp}?
""",
        NO_SCENES,
        "",
        """
{answer} {vps}.
It is the job of {answer} to {vp}.
The person who {vps} is {answer}.
""",
        "people",
    ),
    "helper": wording(
        "helper",
        """
{S3} {phrase}. Who can help?
{S3} {phrase}. Who can help {her}?
{S3} {phrase}. Who should {she} call?
{t}, {S3} {phrase}. Who can help?
{t}, {S3} {phrase}. Who is the right person to ask for help?
{S3} {phrase}. Who should {she} ask for help?
{S3} {phrase}. Which of these people can help {her}?
{S3} in {town} {phrase}. Who can help {her}?
Who can help if {S3} {phrase}?
Who should help when {S3} {phrase}?
{S3} {phrase}. Who does {she} need?
If {S3} {phrase}, who should {she} call?
""",
        NO_SCENES,
        "",
        """
Somebody who {phrase} needs {answer}.
{answer} can help somebody who {phrase}.
The right person for somebody who {phrase} is {answer}.
""",
        "people",
    ),
    "animal": wording(
        "animal",
        """
Which animal {vps}?
Which of these animals {vps}?
What animal {vps}?
This animal {vps}. What is it?
{S} {is} reading about an animal that {vps}. Which animal is it?
Which animal is known for {ving}?
{S} {sees} an animal that {vps}. What is it?
{S} {has} a book about an animal that {vps}. Which animal is it?
{name} asks which animal {vps}. What is the answer?
Which of these {vps}?
{t}, {S} {learns} about an animal that {vps}. Which animal is it?
At school, {S} {learns} which animal {vps}. Which one is it?
{name} draws an animal that {vps}. Which animal is it?
What do you call an animal that {vps}?
{S} {is} thinking of an animal that {vps}. What is it?
What is the animal that {vps}?
""",
        NO_SCENES,
        "",
        """
{answer} is an animal that {vps}.
The animal that {vps} is {answer}.
Of these animals, {answer} {vps}.
""",
        "animals",
    ),
    "sense": wording(
        "sense",
        """
Which part of the body do you use to {vp}?
What do people use to {vp}?
Which part of the body helps you to {vp}?
What part of the body is used for {ving}?
{S} {is} learning how people {vp}. Which part of the body do they use?
To {vp}, which part of the body do you need?
Which of these do you need to {vp}?
{t}, {S} {learns} how people {vp}. Which part of the body do they need?
What do you use to {vp}?
Which body part is for {ving}?
What body part does {S3} use to {vp}?
""",
        NO_SCENES,
        "",
        """
People use their {bare_answer} to {vp}.
You need your {bare_answer} to {vp}.
For {ving}, people need their {bare_answer}.
""",
        "parts",
    ),
}
