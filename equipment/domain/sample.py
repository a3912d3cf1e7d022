"""A made-up laboratory: a list of equipment with the shape, and the mess, of one that people have typed for years."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

RECORDS = 430
OPTION_ROWS = 40

Record = dict[str, Any]

CATALOGUE: dict[str, tuple[str, tuple[str, ...], tuple[int, int]]] = {
    "Oscilloscope": ("Keysight|Tektronix|Rohde & Schwarz|LeCroy", ("DSOX3024T", "MSO54", "RTO2044"), (3000, 42000)),
    "Spectrum Analyzer": ("Agilent|Rohde & Schwarz|Anritsu", ("E4440A", "FSV30", "MS2830A", "N9020A"), (9000, 68000)),
    "Network Analyzer": ("Keysight|Rohde & Schwarz", ("E5071C", "ZNB20", "N5222B"), (21000, 95000)),
    "Signal Generator": ("Rohde & Schwarz|Agilent|Anritsu", ("SMW200A", "E4438C", "MG3710A"), (4000, 72000)),
    "Power Supply": ("TDK-Lambda|Hameg|EA Elektro-Automatik", ("GEN60-12.5", "E36312A", "HMP4040"), (300, 6500)),
    "Multimeter": ("Fluke|Keithley|Keysight", ("87V", "2000", "34461A", "DMM6500"), (180, 2400)),
    "Power Meter": ("Rohde & Schwarz|Agilent", ("NRP2", "N1914A"), (1800, 9000)),
    "Climate Chamber": ("Vötsch|Weiss|Binder", ("VT 4002", "WK3-180", "MK 56"), (7000, 46000)),
    "Soldering Station": ("Weller|JBC|Ersa", ("WX2", "CD-2BE", "i-CON 2"), (250, 1900)),
    "Microscope": ("Leica|Zeiss|Olympus", ("S9i", "Stemi 508", "SZX7"), (1500, 18000)),
    "Temperature Logger": ("Testo|Fluke|Omega", ("176 T4", "1586A", "OM-DAQPRO"), (220, 3100)),
    "Torque Screwdriver": ("Wiha|Stahlwille|Gedore", ("TorqueVario-S", "760", "TSN"), (90, 420)),
    "Balance": ("Mettler Toledo|Sartorius", ("XPR205", "Quintix 224"), (1200, 9800)),
    "LCR Meter": ("Keysight|Hameg", ("E4980A", "HM8118"), (1400, 14500)),
    "Function Generator": ("Tektronix|Siglent|Keysight", ("AFG31000", "SDG2042X", "33622A"), (350, 7200)),
    "Attenuator": ("Mini-Circuits|Weinschel|Huber+Suhner", ("BW-S20W2+", "49-30-33", "6810.17"), (40, 900)),
    "PC": ("Dell|HP|Lenovo", ("Precision 3660", "Z2 G9", "ThinkStation P3"), (800, 3400)),
    "Switch": ("Cisco|Netgear|HP", ("SG350-28", "GS724T", "2530-24G"), (150, 1600)),
    "Torque Wrench": ("Stahlwille|Gedore", ("730N", "DREMOMETER"), (140, 700)),
    "Gas Detector": ("Dräger|Honeywell", ("X-am 2500", "BW Icon"), (260, 1300)),
    "Force Gauge": ("Sauter|Mecmesin", ("FH 500", "AFG 1000N"), (380, 1700)),
    "Vacuum Pump": ("Edwards|Pfeiffer", ("nXDS10i", "HiCube 80"), (2100, 9900)),
}
"""Category → vendors, models, and the range of prices."""

LOCATIONS = ("Lab 1", "Lab 2", "Lab 3", "RF Lab", "Calibration Room", "Climate Room", "Workshop", "Storage A",
             "Storage B", "Clean Room", "Office 2.14", "Building 7 / EMC", "On loan", "External calibration")
ADAPTERS = ("", "", "", "", "4 channels", "Option B25", "GPIB + LAN", "2 probes N2843A", "Battery, case", "EX1, AP2")
COMMENTS = ("", "", "", "", "", "", "Display has a dead row", "borrowed by M. Weber until further notice",
            "Fan noisy; still ok", "cable missing", "use only with 50 Ω load!", "=SEE NEXT LINE", "replaced PSU 2019",
            "Probe set in drawer 4", "kalibriert bei Testo, Zertifikat im Ordner", "do not move", "Firmware 4.20",
            "two keys,\nboth in the office")
MORE_VENDORS = ("Advantest", "Yokogawa", "Chroma", "GW Instek", "National Instruments", "Gossen Metrawatt", "Narda")
MISSPELT = {"Keysight": ("keysight", "Keysight ", "Keysight Technologies"), "Rohde & Schwarz": ("R&S", "Rohde&Schwarz"),
            "Agilent": ("AGILENT", "Agilent / HP"), "Fluke": ("fluke",), "Tektronix": ("Tektronics",)}
NEVER_CALIBRATED = {"Soldering Station", "PC", "Switch", "Microscope", "Vacuum Pump", "Attenuator"}


def records(today: date, *, seed: int = 7, count: int = RECORDS) -> list[Record]:
    """Make the equipment list of a laboratory as it stands on ``today``; the same seed gives the same list."""
    chance = random.Random(seed)
    made = [_record(chance, number, today) for number in _numbers(chance, count)]
    _repeat_serials(chance, made)
    return made


def options() -> list[Record]:
    """Make the rows of choices: parallel lists, the shorter ones padded with empty text."""
    vendors = sorted({vendor for names, _, _ in CATALOGUE.values() for vendor in names.split("|")} | set(MORE_VENDORS))
    lists = {"Category": sorted(CATALOGUE), "Vendor": vendors[:OPTION_ROWS], "Location": list(LOCATIONS)}
    return [
        {name: values[row] if row < len(values) else "" for name, values in lists.items()} for row in range(OPTION_ROWS)
    ]


def _numbers(chance: random.Random, count: int) -> Iterator[int]:
    """IDs with the gaps that thrown-away equipment leaves."""
    number = 0
    for _ in range(count):
        number += 1 if chance.random() < 0.96 else chance.randint(2, 5)
        yield number


def _record(chance: random.Random, number: int, today: date) -> Record:
    category = chance.choice(list(CATALOGUE))
    vendors, models, prices = CATALOGUE[category]
    vendor = chance.choice(vendors.split("|"))
    model = chance.choice(models)
    bought = chance.randint(2004, today.year)
    last, due = _calibration(chance, category, today)
    record: Record = {
        "ID": number, "Category": category, "Vendor": _typed(chance, vendor), "Model": model,
        "Serial": _serial(chance), "Description": f"{category} {model}" if chance.random() < 0.8 else "",
        "Modules": chance.choice(ADAPTERS),
        "ETAG": f"E-{chance.randint(10000, 99999)}" if chance.random() < 0.7 else "",
        "Last Cal Date": last, "Next Cal Date": due, "IP Address": _address(chance, category),
        "Purchase Value": _price(chance, prices), "Year of Purchase": _year(chance, bought),
        "check": chance.choice(("", "", "x", "x", "OK", "ok", "?")), "Location": chance.choice(LOCATIONS),
        "Comments": chance.choice(COMMENTS), "uuid": str(uuid.UUID(int=chance.getrandbits(128), version=4)),
    }
    if chance.random() < 0.05:
        del record[chance.choice(("Modules", "ETAG", "IP Address", "check"))]
    return record


def _typed(chance: random.Random, vendor: str) -> str:
    return chance.choice(MISSPELT[vendor]) if vendor in MISSPELT and chance.random() < 0.06 else vendor


def _serial(chance: random.Random) -> str:
    shape = chance.random()
    if shape < 0.08:
        return ""
    if shape < 0.2:
        return f"{chance.randint(0, 99999):06d}"
    letters = "".join(chance.choices("ABCDEFGHKLMNPRSTUWXY", k=2))
    return f"{letters}{chance.randint(10_000_000, 99_999_999)}"


def _repeat_serials(chance: random.Random, made: list[Record]) -> None:
    """A few serials typed twice, as happens when a line is copied."""
    for _ in range(min(4, len(made) // 10)):
        first, second = chance.sample(made, 2)
        first["Serial"] = first["Serial"] or "MY50210042"
        second["Serial"] = first["Serial"]


def _calibration(chance: random.Random, category: str, today: date) -> tuple[Any, Any]:
    """Last and next calibration, in the many ways people write dates."""
    if category in NEVER_CALIBRATED:
        return chance.choice((("", "NO CAL NEEDED"), ("NO CAL NEEDED",) * 2, ("", ""), ("", "no cal needed")))
    if chance.random() < 0.05:
        return chance.choice((("?", "ask Weber"), ("", "tbd"), (None, None), ("31.2.2021", "31.2.2023")))
    due = today + timedelta(days=round(chance.triangular(-420, 700, 150)))
    last = due - timedelta(days=chance.choice((365, 365, 730)))
    return _day(chance, last), _day(chance, due)


def _day(chance: random.Random, day: date) -> str:
    style = chance.random()
    if style < 0.62:
        return f"{day.day}.{day.month}.{day.year}"
    if style < 0.77:
        return f"{day:%d.%m.%Y}"
    if style < 0.87:
        return day.isoformat()
    return f"{day:%d.%m.%y}" if style < 0.95 else f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
           "December")


def _price(chance: random.Random, prices: tuple[int, int]) -> Any:
    price = round(chance.uniform(*prices), -1)
    style = chance.random()
    if style < 0.55:
        return f"{price:,.0f}"
    if style < 0.75:
        return int(price)
    return chance.choice(("", "", f"~{price:.0f}", f"{price:,.2f} EUR", "leased", float("nan")))


def _year(chance: random.Random, year: int) -> Any:
    return chance.choice((year, year, year, str(year), f"<{year}", "", f"ca. {year}"))


def _address(chance: random.Random, category: str) -> str:
    if category in {"PC", "Switch"} or chance.random() < 0.15:
        return f"192.168.{chance.randint(1, 20)}.{chance.randint(2, 254)}"
    return chance.choice(("", "", "", "DHCP", "n/a"))
