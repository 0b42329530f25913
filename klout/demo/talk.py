"""What the people of Larkhaven say to each other: +K, questions and answers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Gift:
    """`giver` gave +K to each of `receivers` (handle/topic), so many days before the town was filled."""

    giver: str
    receivers: str
    days: int


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, so many hours after the question, and who gave +K for it."""

    by: str
    text: str
    hours: int
    plus_k: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question in a topic, so many days before the town was filled."""

    by: str
    topic: str
    title: str
    text: str
    days: int
    replies: tuple[Reply, ...] = ()


GIFTS: tuple[Gift, ...] = (
    Gift("wren", "ignace/food juniper/bees odalys/climate tamsin/music", 26),
    Gift("wren", "bastian/journalism marisol/swimming leocadia/radio", 19),
    Gift("wren", "ignace/cooking juniper/bees odalys/cities hamish/gardening", 12),
    Gift("wren", "harbour-radio/weather tamsin/music solvei/photography", 5),
    Gift("wren", "odalys/climate paloma/drawing", 1),
    Gift("odalys", "wren/baking yusra/transport fergal/birds bastian/law", 24),
    Gift("odalys", "fergal/climate yusra/architecture marisol/sea", 15),
    Gift("odalys", "wren/writing juniper/nature larkhaven-ferry/transport", 6),
    Gift("bastian", "odalys/data wren/writing matteo/writing", 22),
    Gift("bastian", "odalys/history harbour-radio/radio", 9),
    Gift("marisol", "larkhaven-ferry/sea aurelio/sailing linnea/running odalys/sea", 21),
    Gift("marisol", "wren/baking perpetua/sea", 8),
    Gift("tamsin", "harbour-radio/music sunniva/music leocadia/radio wren/baking", 20),
    Gift("tamsin", "thandeka/music eluned/crafts", 7),
    Gift("ignace", "wren/baking bram/cooking kestutis/food hamish/food", 23),
    Gift("ignace", "wren/food anselm/baking", 10),
    Gift("juniper", "rosalind/forests fergal/nature hamish/gardening", 18),
    Gift("juniper", "kestutis/forests odalys/climate wren/baking", 4),
    Gift("leocadia", "harbour-radio/radio zenobia/physics orsolya/diy brigid/diy", 17),
    Gift("fergal", "juniper/bees odalys/climate rosalind/climate", 16),
    Gift("yusra", "odalys/cities caspian/transport larkhaven-ferry/transport edmund/trains", 14),
    Gift("dov", "wren/small-business zenobia/education", 13),
    Gift("perpetua", "eluned/crafts orsolya/crafts paloma/drawing", 11),
    Gift("hamish", "juniper/gardening wren/baking rosalind/gardening", 9),
    Gift("solvei", "gullery/photography paloma/drawing yusra/photography", 12),
    Gift("bram", "wren/baking ignace/cooking anselm/baking", 6),
    Gift("linnea", "marisol/swimming anselm/cycling", 8),
    Gift("brigid", "aurelio/diy orsolya/diy leocadia/electronics", 5),
    Gift("kestutis", "rosalind/forests juniper/bees", 3),
    Gift("harbour-radio", "tamsin/music leocadia/radio sunniva/music", 10),
    Gift("larkhaven-ferry", "harbour-radio/weather odalys/sea", 7),
    Gift("anselm", "wren/baking ignace/food", 2),
    Gift("eluned", "perpetua/crafts hamish/gardening", 2),
    # Just now: these can still be taken back.
    Gift("rosalind", "wren/baking", 0),
)

QUESTIONS: tuple[Asked, ...] = (
    Asked(
        "hamish",
        "baking",
        "How do you keep a starter alive in a cold kitchen?",
        "Mine sleeps from November to March, whatever I feed it. The kitchen is at 14 degrees when I get up.",
        20,
        (
            Reply(
                "wren",
                "Do not fight the cold: slow down with it. Feed it every other day, with water at 35 degrees, and keep"
                " it on top of the fridge, where the air is warmer.\n\nTwo days before you bake, move it next to"
                " something warm and feed it twice a day. If it doubles in six hours, it is awake.",
                3,
                "hamish ignace bram anselm juniper",
            ),
            Reply(
                "bram",
                "I keep a small jar in a bigger one with warm water, changed in the morning and at night. It looks"
                " silly and it works.",
                9,
                "hamish",
            ),
            Reply("ignace", "A spoon of rye in each feeding. Rye wakes everything.", 30, "wren bram"),
        ),
    ),
    Asked(
        "solvei",
        "bees",
        "Is it true that bees on a roof need more water than bees in a garden?",
        "Our block wants two hives above the fifth floor. Who has tried, and what did you learn too late?",
        11,
        (
            Reply(
                "juniper",
                "Yes: a roof is hot and windy, and they fly further for water. Give them a tray with pebbles in the"
                " shade, and never let it dry up, or they will find the neighbours' paddling pool.\n\nToo late I"
                " learned to tie the lids down. A storm took one across the square.",
                5,
                "solvei fergal wren kestutis rosalind",
            ),
            Reply(
                "fergal",
                "And leave a dead branch next to the tray: birds come to drink there too, and they share better when"
                " there is a place to sit.",
                26,
                "juniper",
            ),
        ),
    ),
    Asked(
        "edmund",
        "transport",
        "Why does the first ferry leave before the first train comes in?",
        "",
        8,
        (
            Reply(
                "larkhaven-ferry",
                "Because of the tide: at the quay we have two hours of deep water in the morning, and they move by"
                " 50 minutes each day. From April the boats have less draught, and the 6:40 will wait for the train.",
                4,
                "edmund caspian yusra odalys",
            ),
        ),
    ),
    Asked(
        "zenobia",
        "radio",
        "Which old radio is good for a first repair with a class of twelve-year-olds?",
        "It should not be able to hurt anybody, and something should come out of it in the end.",
        5,
        (
            Reply(
                "leocadia",
                "A crystal set: no mains, no battery, nothing that can hurt anybody, and the first voice in the"
                " earphone is a moment they keep. Wind the coil on a jar, 80 turns, and use a long wire out of the"
                " window.",
                2,
                "zenobia harbour-radio brigid",
            ),
        ),
    ),
    Asked(
        "paloma",
        "drawing",
        "How do you draw people who move all the time?",
        "On the ferry nobody sits still for longer than a minute.",
        1,
    ),
)
