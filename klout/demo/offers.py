"""What the brands of Larkhaven offer, none of which exists: brands, campaigns, and what their pictures show."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Offer:
    """A campaign: `days` from now to its window's begin and end, `stock` by variant, `claimed` variants by handle (of a
    lottery: who takes part), `reviews` as stars and words."""

    brand: str
    title: str
    headline: str
    text: str
    kind: str
    value: str
    days: tuple[float, float]
    stock: dict[str, int]
    picture: tuple[str, str, str]
    fields: dict[str, Any] = field(default_factory=dict)
    tiers: tuple[tuple[float, str, str], ...] = ()
    topics: tuple[str, ...] = ()
    claimed: dict[str, str] = field(default_factory=dict)
    lottery: bool = False
    stages: tuple[tuple[float, int], ...] = ()
    state: str = "live"
    reviews: dict[str, tuple[int, str]] = field(default_factory=dict)


BRANDS: dict[str, tuple[str, str]] = {
    "tidewater-coffee": ("Tidewater Coffee", "Roasts on the quay, closes when the beans are sold."),
    "north-pier-books": ("North Pier Books", "New books, old books, one cat."),
    "kite-and-compass": ("Kite & Compass", "Small aircraft, short routes, long views."),
}
TERMS = (
    "One for each person who is named by the score above. Nobody has to post anything about it, and what anybody says "
    "need not be kind. What is sent is sent to one address. It cannot be sold on or changed into money."
)
OFFERS: tuple[Offer, ...] = (
    Offer(
        "tidewater-coffee",
        "A pound of harbour roast",
        "Dark, slow, from the first boat of the week.",
        "We roast it on Monday, you have it by Thursday.\n\nTell us how you like it ground.",
        "shipped",
        "18.00",
        (-2, 9),
        {"Whole beans": 12, "For filter": 8, "For espresso": 1},
        ("cup", "#7a4a2b", "A tall cup of coffee in front of a round sun"),
        {"minimum_score": 40.0, "hashtag": "harbourroast", "cost_each": "6.50", "asks_for": ["email"], "hold_out": 10},
        claimed={"fergal": "Whole beans", "leocadia": "For espresso", "odalys": "Whole beans"},
    ),
    Offer(
        "tidewater-coffee",
        "Coffee for who posts about bread",
        "A voucher for two cups and two rolls.",
        "Bring a friend. Show the pass at the counter.",
        "voucher",
        "14.00",
        (-1, 20),
        {"": 40},
        ("loaf", "#b4770f", "A loaf of bread cut into slices"),
        {"minimum_score": 20.0, "place": "Tidewater Coffee, Quay 3, Larkhaven"},
        topics=("baking", "food", "coffee"),
        claimed={"ignace": "", "bram": ""},
    ),
    Offer(
        "north-pier-books",
        "An early copy of “The Drowned Atlas”",
        "Read it three weeks before everybody else.",
        "Odalys Fenwick's maps of places that flooded, with nine new ones.\n\n"
        "Say what you think of it, or say nothing.",
        "code",
        "32.00",
        (-20, -4),
        {"": 9},
        ("book", "#1d6e8c", "An open book whose pages are waves"),
        {"minimum_score": 30.0, "hashtag": "drownedatlas", "cost_each": "4.00"},
        claimed=dict.fromkeys(("dov", "solvei", "perpetua", "hamish", "caspian", "juniper"), ""),
        state="ended",
        reviews={
            "dov": (4, "Read it in two evenings. The maps are better on paper."),
            "hamish": (2, "Too many maps, too few vegetables. The chapter on allotments is wrong."),
            "solvei": (5, "The doors on page 112 are mine."),
        },
    ),
    Offer(
        "north-pier-books",
        "Books for less, by score",
        "A tenth off for everybody, more for who carries books further.",
        "Good for one order, for as many books as you can carry.",
        "discount",
        "25.00",
        (-3, 30),
        {"": 100},
        ("shelf", "#8b4d7e", "A shelf of books of different heights"),
        {"use_until": 60},
        tiers=((1, "Reader", "10% off"), (40, "Regular", "20% off"), (55, "Friend of the house", "30% off")),
        claimed={"wren": "", "bastian": ""},
    ),
    Offer(
        "kite-and-compass",
        "A lounge with a view of the runway",
        "Soup, quiet, and a window, on any day you fly.",
        "Show the pass at the door. Bring a guest if your tier says so.",
        "lounge",
        "45.00",
        (1.2, 15),
        {"": 30},
        ("kite", "#0b5a5e", "A kite above a runway"),
        {"place": "Larkhaven Airfield, first floor", "minimum_score": 40.0},
        tiers=((40, "Window", "Entry for one"), (55, "Window for two", "Entry with a guest")),
        stages=((55, 0), (40, 24 * 60)),
    ),
    Offer(
        "kite-and-compass",
        "A seat on the first flight of spring",
        "Forty minutes over the islands. Twelve seats, drawn by lot.",
        "Enter once. The draw is open to be checked by anybody.",
        "event",
        "120.00",
        (-1, 6),
        {"": 12},
        ("plane", "#99302c", "A small aircraft over three islands"),
        {"place": "Larkhaven Airfield", "minimum_score": 10.0, "takes_place_at": 40},
        lottery=True,
        claimed=dict.fromkeys(("tamsin", "yusra", "marisol", "brigid", "matteo"), ""),
    ),
    Offer(
        "tidewater-coffee",
        "A morning at the roaster",
        "For people who are new to us.",
        "Two hours, six sacks, one very loud machine.",
        "event",
        "60.00",
        (5, 12),
        {"": 8},
        ("drum", "#4b5764", "A roasting drum with a small door"),
        {"minimum_percentile": 90.0, "new_to_brand": True, "takes_place_at": 20, "place": "Quay 3, Larkhaven"},
        state="draft",
    ),
)
