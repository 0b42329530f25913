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
)
HEADS = ("ilove", "welove")
# What lists add.
FILLERS = words(
    """the a an my our your best top great good favourite favorite cool awesome some more all of in on for from with at
    by people folks folk friends peeps tweeps tweeters accounts community communities crowd gang crew group list lists
    fans fan lovers enthusiasts nerds geeks experts expert pros professionals specialists thinkers minds voices leaders
    influencers stars makers news updates feed world stuff things etc related twitter bluesky mastodon women men girls
    ladies international national global local uk us usa eu and or und oder et y e"""
)
# What turns round what follows.
TURNED = words("no not non without anti ex former stop never against ohne kein keine")
# What is done with a skill, and says nothing else.
SKILL_TAILS = words("skills basics fundamentals development design training teaching language")
# A text is in the language whose words of these it has most.
STOP_WORDS = {
    "en": words("the and of to is in that it for with was on are this have you my we at be not they from but"),
    "de": words("der die das und ist nicht ich wir mit auf ein eine zu den fur von im es sich auch dem heute"),
    "fr": words("le la les des et est une pour dans pas que qui sur avec nous je vous mon au du ce"),
    "es": words("el los las y es una para con que del por no mi al como mas hoy un en lo se"),
    "it": words("il gli che di e una per con non della nel sono mi al piu oggi un del la le"),
}
