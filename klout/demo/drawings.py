"""Pictures of what is offered, drawn of a few shapes."""

from __future__ import annotations

import resvg_py

SHAPES: dict[str, str] = {
    "cup": '<circle cx="560" cy="150" r="90" fill="{light}"/><path d="M250 130h210l-22 220a20 20 0 0 1-20 18H292'
    'a20 20 0 0 1-20-18z" fill="{pale}"/><path d="M268 180h174l-7 70H275z" fill="{deep}"/>',
    "loaf": '<path d="M150 320v-90a90 90 0 0 1 90-90h320a90 90 0 0 1 90 90v90z" fill="{pale}"/>'
    '<path d="M270 140v180M390 140v180M510 140v180" stroke="{deep}" stroke-width="14"/>',
    "book": '<path d="M400 130v240q-110-60-240 0V130q130-60 240 0z" fill="{pale}"/>'
    '<path d="M400 130v240q110-60 240 0V130q-130-60-240 0z" fill="{light}"/>'
    '<path d="M190 220q40-30 80 0t80 0M190 280q40-30 80 0t80 0M440 220q40-30 80 0t80 0M440 280q40-30 80 0t80 0" '
    'fill="none" stroke="{deep}" stroke-width="12"/>',
    "shelf": '<path d="M160 360V180h60v180zM232 360V140h44v220zM288 360V210h70v150zM370 360V120h52v240zM434 360V190h64'
    'v170zM510 360V160h40v200z" fill="{pale}"/><path d="M562 360l60-190 50 16-56 174z" fill="{light}"/>'
    '<path d="M120 360h560v18H120z" fill="{deep}"/>',
    "kite": '<path d="M430 70l110 120-110 150-90-150z" fill="{pale}"/><path d="M430 70v270M340 190h200" '
    'stroke="{deep}" stroke-width="10"/><path d="M430 340q-60 40-140 40" fill="none" stroke="{light}" '
    'stroke-width="8"/><path d="M60 410h680" stroke="{light}" stroke-width="10" stroke-dasharray="60 30"/>',
    "plane": '<path d="M180 230l330-40q90-8 120 26-20 34-110 34l-340 10z" fill="{pale}"/>'
    '<path d="M380 210l-70-130h60l130 120zM200 226l-50-80h44l60 74z" fill="{light}"/>'
    '<path d="M120 380q60-50 130 0zM330 390q80-60 170 0zM570 380q50-40 110 0z" fill="{deep}"/>',
    "drum": '<circle cx="400" cy="230" r="140" fill="{pale}"/><circle cx="400" cy="230" r="88" fill="{light}"/>'
    '<rect x="362" y="192" width="76" height="76" rx="10" fill="{deep}"/>'
    '<path d="M540 160h90v200h-60" fill="none" stroke="{pale}" stroke-width="20"/>',
}


def mixed(colour: str, other: str, share: float) -> str:
    """`colour` with so much of `other`, both as #rrggbb."""
    parts = [(int(colour[i : i + 2], 16), int(other[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(one + (two - one) * share):02x}" for one, two in parts)


def drawn(shape: str, colour: str) -> bytes:
    """A PNG of 800 by 450."""
    tones = {"pale": mixed(colour, "#fffdf9", 0.86), "light": mixed(colour, "#fffdf9", 0.55)}
    tones["deep"] = mixed(colour, "#11181c", 0.45)
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="800" height="450"><rect width="800" height="450" '
        f'fill="{colour}"/><circle cx="120" cy="70" r="240" fill="{mixed(colour, "#fffdf9", 0.12)}"/>'
        f"{SHAPES[shape].format(**tones)}</svg>"
    )
    return bytes(resvg_py.svg_to_bytes(svg_string=svg))
