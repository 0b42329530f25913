"""Days and times in German, with the zone where there is a time; numbers are Django's."""

DATE_FORMAT = "j. F Y"
DATETIME_FORMAT = "j. F Y, H:i T"
MONTH_DAY_FORMAT = "j. F"
SHORT_DATE_FORMAT = "j. M Y"
SHORT_DATETIME_FORMAT = "j. M Y, H:i"
