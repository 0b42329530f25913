from django.apps import AppConfig


class PerksConfig(AppConfig):
    name = "perks"
    verbose_name = "Perks"

    def ready(self) -> None:
        from perks import news, privacy

        privacy.register()
        news.register()
