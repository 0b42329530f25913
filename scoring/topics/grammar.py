"""Small words: what hashtags, lists and skills add to their topic, and the commonest of some languages."""

from __future__ import annotations


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# What hashtags add to what they are about; "boxing day" and "world cup" are why no more of these is here.
TAILS = (
    "lovers",
    "lover",
    "addict",
    "addicts",
    "nerd",
    "nerds",
    "geek",
    "geeks",
    "community",
    "lifestyle",
    "life",
    "tips",
    "ofinstagram",
    "oftwitter",
    "ofbluesky",
    "ofmastodon",
    "oftiktok",
    "twitter",
    "stagram",
    "gram",
    "everyday",
    "daily",
    "fans",
    "love",
    "mom",
    "mum",
    "dad",
    "parent",
)
# With these they are about it where what is left is no short word: neither "teatime" nor "partytime" is about tea.
LONG = 6
TAILS_OF_LONG = (
    *("time", "news", "club", "blog", "adventures", "adventure", "awareness", "engineer", "engineers", "festival"),
    *("training", "season", "girl", "girls", "mama", "family", "inspo", "inspiration", "islife", "goals", "photos"),
    *("world", "chat", "crew", "student", "students", "teacher", "expert", "seller", "recommendations", "challenge"),
)
HEADS = ("ilove", "welove", "insta")
# What a hashtag that ends so is about, whatever else it says: #blackandwhitephotography, #urbangardening.
ENDINGS = (
    *("photography", "photographer", "fotografie", "fotografia", "gardening", "climbing", "cycling", "swimming"),
    *("books", "bees", "music", "football", "basketball", "beer", "coffee", "yoga", "running"),
    *("recipes", "rezepte", "poetry", "journalism", "marketing", "snowboarding", "sailing", "hiking", "illustration"),
)
# What lists add.
FILLERS = words(
    """the a an my our your best top great good favourite favorite cool awesome some more all of in on for from with at
    by people folks folk friends peeps tweeps tweeters accounts community communities crowd gang crew group list lists
    fans fan lovers enthusiasts nerds geeks experts expert pros professionals specialists thinkers minds voices leaders
    researchers researcher profs professors scholars students engineers academics orgs organisations organizations
    influencers stars makers news updates feed world stuff things etc related twitter bluesky mastodon women men girls
    ladies international national global local uk us usa eu and or und oder et y e"""
)
# What turns round what follows; in a sentence also behind a few of the words that stand between.
TURNED = words(
    """no not non without anti ex former stop never against isnt arent wasnt werent dont doesnt didnt cant wont hate
    hates neither nor ohne kein keine keinen nicht nie pas jamais sans nunca sin"""
)
BETWEEN = words(
    """a an the any my your of in on about at into to be am is been being interested fan much many really very care
    like love enjoy want know anymore ein eine einen der die das un une una le la les de du des el"""
)
FARTHEST = 5
# What is done with a skill, and says nothing else.
SKILL_TAILS = words("skills basics fundamentals development design training teaching language")
# Last words of skills that are wider than the skill: "Time Management".
TOO_WIDE_A_SKILL = words(
    """management design development analysis research communication communications strategy planning engineering
    science education training services service technology business policy language languages history art arts law
    systems media health security"""
)
# A name of somebody follows.
TITLES = words("mr mrs ms miss dr herr frau senor senora monsieur madame sir lady lord signor signora prof saint st")
# A text is in the language whose words of these it has most.
STOP_WORDS = {
    "en": words("the and of to is in that it for with was on are this have you my we at be not they from but"),
    "de": words("der die das und ist nicht ich wir mit auf ein eine zu den fur von im es sich auch dem heute"),
    "fr": words("le la les des et est une pour dans pas que qui sur avec nous je vous mon au du ce"),
    "es": words("el los las y es una para con que del por no mi al como mas hoy un en lo se"),
    "it": words("il gli che di e una per con non della nel sono mi al piu oggi un del la le"),
}
# These are no topic, whatever is called so.
COMMON = frozenset().union(*STOP_WORDS.values())
