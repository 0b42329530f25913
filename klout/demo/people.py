"""The people of Larkhaven, a town that does not exist: who they are, where they are, and how much they move others."""

from __future__ import annotations

from dataclasses import dataclass

HOST = "larkhaven.example"


@dataclass(frozen=True, slots=True)
class Inhabitant:
    """`fame`: reactions on a usual day. `networks`: their first letters (happenings.NETWORK). `course`: how
    the four months went (happenings.COURSES)."""

    handle: str
    name: str
    bio: str
    fame: float
    networks: str
    course: str = "steady"
    country: str = ""
    organisation: bool = False

    @property
    def email(self) -> str:
        return f"{self.handle}@{HOST}"


# The demo's log-in speaks for the first of them.
INHABITANTS = (
    Inhabitant("wren", "Wren Tolliver", "Bakes before dawn, writes after dusk.", 3.4, "tfmli", "rising", "IE"),
    Inhabitant(
        "larkhaven-ferry", "Larkhaven Ferry", "Two boats, eleven crossings a day.", 120.0, "tfmi", "steady", "", True
    ),
    Inhabitant("harbour-radio", "Harbour Radio", "Weather, tides and slow songs.", 34.0, "tf", "storm", "", True),
    Inhabitant("gullery", "The Gullery", "A gallery in the old net loft.", 4.5, "fm", "steady", "", True),
    Inhabitant("odalys", "Odalys Fenwick", "Maps of places that flooded.", 190.0, "tfmlig", "steady", "PT"),
    Inhabitant("bastian", "Bastian Quill", "Reads court files so that you need not.", 75.0, "tml", "storm", "DE"),
    Inhabitant("marisol", "Marisol Grebe", "Sea swimming, all year.", 48.0, "tfi", "rising", "ES"),
    Inhabitant("tamsin", "Tamsin Oakapple", "Folk songs with the verses nobody sings.", 24.0, "tfm", "steady", "GB"),
    Inhabitant("ignace", "Ignace Perrault-Moss", "Cheese, mostly.", 17.0, "tf", "falling", "FR"),
    Inhabitant("juniper", "Juniper Hask", "Keeps bees on the town hall.", 12.0, "m", "storm", "CA"),
    Inhabitant("leocadia", "Leocadia Brandt", "Puts old radios back on the air.", 9.0, "tmg", "steady", "AT"),
    Inhabitant("fergal", "Fergal Sandpiper", "Counts birds for a living.", 7.0, "tm", "rising", "IE"),
    Inhabitant("yusra", "Yusra Calloway", "Bridges, cranes and other large things.", 5.5, "tflg", "steady", "NO"),
    Inhabitant("dov", "Dov Ellery", "Chess in the park, rain or shine.", 3.6, "t", "steady", "IL"),
    Inhabitant("perpetua", "Perpetua Lindqvist", "Knits the tide tables.", 3.0, "fm", "rising", "SE"),
    Inhabitant("hamish", "Hamish Underhill", "Rescues allotment vegetables.", 2.5, "tf", "falling", "GB"),
    Inhabitant("solvei", "Solvei Marr", "Photographs of doors.", 2.1, "tfmi", "steady", "DK"),
    Inhabitant("caspian", "Caspian Wold", "Night bus, window seat.", 1.8, "t", "steady", "NL"),
    Inhabitant("zenobia", "Zenobia Thackeray-Finch", "Teaches physics with string.", 1.5, "tm", "storm", "IN"),
    Inhabitant("orsolya", "Orsolya Pike", "Repairs clocks and sleeps badly.", 1.3, "f", "steady", "HU"),
    Inhabitant("bram", "Bram Nettleford", "One recipe a week.", 1.1, "tf", "new", "BE"),
    Inhabitant("linnea", "Linnea Castellan", "Runs slowly and far.", 0.95, "m", "steady", "FI"),
    Inhabitant("matteo", "Matteo Rushmere", "Second-hand typewriters.", 0.8, "t", "falling", "IT"),
    Inhabitant("sunniva", "Sunniva Dale", "Choir on Tuesdays.", 0.68, "f", "steady", "NO"),
    Inhabitant("aurelio", "Aurelio Stint", "Restores a wooden boat, year six.", 0.56, "tm", "rising", "AR"),
    Inhabitant("brigid", "Brigid Hollander", "Keeper of the lending library of tools.", 0.48, "tf", "steady", "IE"),
    Inhabitant("kestutis", "Kestutis Amberley", "Mushrooms, with care.", 0.4, "t", "steady", "LT"),
    Inhabitant("paloma", "Paloma Winterbourne", "Draws the people on the ferry.", 0.34, "fm", "new", "MX"),
    Inhabitant("thandeka", "Thandeka Rook", "Tunes pianos in three counties.", 0.28, "t", "steady", "ZA"),
    Inhabitant("edmund", "Edmund Swale", "Walks the old railway.", 0.24, "f", "falling", "GB"),
    Inhabitant("ilse", "Ilse Kornblum", "Dictionaries of dead languages.", 0.2, "m", "steady", "DE"),
    Inhabitant("jerzy", "Jerzy Halloway", "Lighthouse postcards.", 0.16, "t", "steady", "PL"),
    Inhabitant("rosalind", "Rosalind Teasel", "Plants trees at night.", 0.13, "tf", "rising", "GB"),
    Inhabitant("anselm", "Anselm Dray", "Bread rolls and bicycles.", 0.11, "f", "steady", "CH"),
    Inhabitant("nerys", "Nerys Pellow", "Sets the crossword of the harbour paper.", 0.09, "t", "steady", "GB"),
    Inhabitant("tobiah", "Tobiah Crake", "Learns the accordion.", 0.07, "m", "new", "US"),
    Inhabitant("eluned", "Eluned Barrow", "Stone walls, dry.", 0.06, "f", "steady", "GB"),
    Inhabitant("viktor", "Viktor Sallow", "Minutes of every meeting.", 0.045, "t", "falling", "CZ"),
    Inhabitant("maude", "Maude Thistlewood", "Retired. Very busy.", 0.035, "f", "steady", "GB"),
    Inhabitant("ptolemy", "Ptolemy Reed", "Model volcanoes.", 0.025, "t", "steady", "GR"),
    Inhabitant("hyacinth", "Hyacinth Moor", "Moved here last month.", 0.02, "m", "new", "JM"),
    Inhabitant("gwendal", "Gwendal Ash", "Listens more than he talks.", 0.012, "t", "steady", "FR"),
    Inhabitant("isolde", "Isolde Penhallow", "No photographs, please.", 0.006, "f", "steady", "GB"),
)

# What they say they are about (slugs of scoring's tree of topics); those who are not here have not chosen any.
TOPICS: dict[str, str] = {
    "wren": "baking food writing books coffee small-business",
    "larkhaven-ferry": "sea transport travel weather",
    "harbour-radio": "radio weather music sea",
    "gullery": "arts museums photography drawing",
    "odalys": "climate data cities sea history",
    "bastian": "law journalism society politics",
    "marisol": "swimming sea health outdoors",
    "tamsin": "music history poetry musical-instruments",
    "ignace": "food cooking farming wine",
    "juniper": "bees nature gardening cities",
    "leocadia": "radio electronics history diy",
    "fergal": "birds nature climate science",
    "yusra": "architecture transport cities photography",
    "dov": "games board-games outdoors",
    "perpetua": "sewing crafts sea",
    "hamish": "gardening food charity vegan-food",
    "solvei": "photography architecture",
    "caspian": "transport cities writing",
    "zenobia": "physics education science",
    "orsolya": "diy crafts",
    "bram": "cooking food baking",
    "linnea": "running fitness",
    "matteo": "writing retail history",
    "sunniva": "music",
    "aurelio": "sailing diy sea",
    "brigid": "diy charity society",
    "kestutis": "forests nature food",
    "paloma": "drawing arts travel",
    "thandeka": "musical-instruments music",
    "edmund": "trains hiking history",
    "ilse": "languages books history",
    "rosalind": "forests gardening climate",
    "anselm": "baking cycling",
    "eluned": "crafts farming",
}
