from django.apps import AppConfig


class PerksConfig(AppConfig):
    name = "perks"
    verbose_name = "Perks"

    def ready(self) -> None:
        from perks import flags, fulfilment, lottery, news, privacy, waiting

        privacy.register()
        news.register()
        fulfilment.register()
        flags.register()
        waiting.register()
        lottery.register()
