"""How the lines of the activity log read."""

from __future__ import annotations

from collections.abc import Mapping

from django import template
from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from accounts.networks import NETWORKS
from scoring.views.activity_lines import Line, counted_words

register = template.Library()


@register.filter
def counted(line: Line) -> str:
    """What happened, in words: 12 likes."""
    return counted_words(line.verb_name, line.reactions, str(intcomma(line.reactions)))


@register.filter
def network_label(line: Line) -> str:
    return NETWORKS[line.network].spec.label if line.network in NETWORKS else line.network


@register.filter
def account_of(names: Mapping[int, str], account: int) -> str:
    """What the account is called; "" for one that is not linked any more."""
    return names.get(account, "")


@register.filter
def of_a_fresh_one(value: float) -> str:
    """A weight as a share of one fresh reaction by an average account: 35%."""
    percent = round(100 * value)
    if percent == 0 and value > 0:
        return _("less than 1%")
    return _("%(number)s%%") % {"number": number_format(percent, force_grouping=True)}
