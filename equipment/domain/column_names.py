"""What a column may be called, and what people call the usual ones elsewhere."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Final

from equipment.domain.record import ID, LAST_CALIBRATION, NEXT_CALIBRATION, SERIAL

__all__ = ["LONGEST_NAME", "permitted", "suggest", "trouble"]

LONGEST_NAME: Final = 100
_KEPT = "_id"
"""MongoDB's own field in every record."""

_ELSEWHERE: Final[Mapping[str, str]] = {
    ID: "nr|no|number|item no|item number|equipment id",
    SERIAL: "s/n|serial no|serial nr|serial number|ser no|seriennummer|serien nr|numero de serie|no de serie|"
            "n de serie|num serie",
    "Vendor": "manufacturer|maker|make|brand|mfr|mfg|hersteller|marke|fabricant|marque|fabricante|marca",
    "Model": "model no|model number|model name|modell|typ|type designation|modele|modelo",
    "Description": "beschreibung|bezeichnung|designation|descripcion|denominacion",
    "Category": "kategorie|gerateart|categorie|categoria|device type|equipment type",
    "ETAG": "asset tag|inventory no|inventory number|inventory nr|inventarnummer|inventarnr|inventar nr|"
            "numero d inventaire|no d inventaire|numero de inventario",
    "Location": "room|place|site|standort|raum|ort|lieu|emplacement|salle|ubicacion|lugar|sala",
    LAST_CALIBRATION: "last cal|last calibration|last calibration date|last calibrated|calibrated on|"
                      "letzte kalibrierung|dernier etalonnage|derniere calibration|ultima calibracion",
    NEXT_CALIBRATION: "next cal|next calibration|next calibration date|cal due|cal due date|calibration due|"
                      "calibration due date|nachste kalibrierung|kalibrierung fallig|prochain etalonnage|"
                      "prochaine calibration|proxima calibracion",
    "IP Address": "ip|ip adresse|adresse ip|direccion ip",
    "Purchase Value": "price|purchase price|cost|value|preis|kaufpreis|anschaffungswert|prix|prix d achat|precio|valor",
    "Year of Purchase": "purchase year|year purchased|kaufjahr|anschaffungsjahr|annee d achat|ano de compra",
    "Comments": "comment|notes|note|remarks|remark|bemerkung|bemerkungen|kommentar|kommentare|anmerkung|commentaire|"
                "commentaires|remarques|comentario|comentarios|notas|observaciones",
}
"""In English, German, French and Spanish, without accents; between the names a bar."""


def trouble(name: str) -> str:
    """Say why a column cannot be called so; empty when it can."""
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        return f"A column needs a name of 1 to {LONGEST_NAME} characters on one line."
    if name == _KEPT or name.startswith("$") or "." in name:
        return (f"A column cannot be called {name}: MongoDB keeps _id, names with $ in front and names with a dot for "
                "itself.")
    return ""


def permitted(name: str, position: int) -> str:
    """Give the nearest name that a column may have: ``Serial No.`` is ``Serial No``, ``HB.name`` is ``HB name``.

    Where nothing is left it is called by its ``position``, from 1.
    """
    words = "".join(character if character.isprintable() and character != "." else " " for character in name).split()
    tidy = " ".join(words).lstrip("$ ")[:LONGEST_NAME].rstrip()
    return tidy if tidy and not trouble(tidy) else f"Column {position}"


def suggest(headers: Sequence[str], columns: Sequence[str]) -> dict[str, str]:
    """Map each header to the column it most likely is, each column once; else to a new one of a permitted name.

    ``columns`` are those of the list. The very name comes first, then the same letters and digits, then the usual
    other names of a column. MongoDB's ``_id`` in an export is left out (empty): it is no ID of a piece of equipment;
    so is a column of the list that no import may write, such as ``a.b``.
    """
    by_letters = {_plain(column): column for column in reversed(columns)
                  if _plain(column) and not trouble(column)}
    elsewhere = {_plain(name): column for column, names in _ELSEWHERE.items() for name in names.split("|")}
    meant: dict[str, str] = {header: "" for header in headers if header.strip() == _KEPT}
    meant |= {header: "" for header in headers if not header or (header in columns and trouble(header))}
    taken: set[str] = set()
    for known, key in (({column: column for column in columns}, str), (by_letters, _plain), (elsewhere, _plain)):
        for header in headers:
            column = known.get(key(header), "")
            if header not in meant and column and column not in taken:
                meant[header] = column
                taken.add(column)
    for position, header in enumerate(headers, 1):
        if header not in meant:
            meant[header] = _free(permitted(header, position), taken)
            taken.add(meant[header])
    return {header: meant[header] for header in headers}


def _free(name: str, taken: set[str]) -> str:
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name[:LONGEST_NAME - 6]} ({number})"
    return free


def _plain(name: str) -> str:
    """Letters and digits alone, small and without accents: ``N° de série`` is ``ndeserie``."""
    apart = unicodedata.normalize("NFKD", name.replace("°", " ").replace("º", " ")).casefold()
    return "".join(character for character in apart if character.isalnum())
