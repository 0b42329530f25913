from django.apps import AppConfig


class PerksConfig(AppConfig):
    name = "perks"
    verbose_name = "Perks"

    def ready(self) -> None:
        from perks import consent, flags, fulfilment, lottery, news, privacy, telling, waiting

        privacy.register()
        news.register()
        consent.register()
        telling.register()
        fulfilment.register()
        flags.register()
        waiting.register()
        lottery.register()
