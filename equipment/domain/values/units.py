"""What stands beside a number: a currency, which is a sign or a code of ISO 4217, or a unit of measure. Other letters
are part of a name: ``CAL-10``."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["is_currency", "is_unit"]

_CODES = """
AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY
COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR
IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR
MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD
SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD
XOF XPF YER ZAR ZMW ZWG
ATS BEF DEM ESP FIM FRF GRD HRK IEP ITL LTL LUF LVL NLG PTE SIT SKK EEK
"""
CODES = frozenset(_CODES.split())
"""Those in use, and in the last line those that the euro took the place of: lists keep old prices."""
_PREFIXES = ("", *"PTGMkKdcmμunpf")
_PREFIXED = """
m g s A K V W Hz Ω Ohm ohm Ohms F H S J N Pa T Wb C lm lx Bq Gy Sv mol cd l L eV t bar VA var Wh Ah cal Vpp Vp Vrms Veff
VDC VAC ADC AAC Sa sps SPS cps bps Bd px pixel Bit bit b B Byte byte
"""
_ALONE = """
% ‰ ° ' " in inch inches Zoll ft yd mi lb lbs oz psi hPa °C °F dB dBm dBV dBu dBμV dBi dBc dBA dBFS rpm ppm ppb AC DC pp
rms min h hr hrs Std d KiB MiB GiB TiB AWG HE RU pc pcs piece pieces ea Stk Stück pièces unit units
second seconds sec minute minutes hour hours day days week weeks month months yr yrs year years
Tag Tage Woche Wochen Monat Monate Jahr Jahre Stunde Stunden jour jours semaine semaines mois an ans heure heures
día días semana semanas mes meses año años hora horas
"""
_EXACT = frozenset(prefix + unit for unit in _PREFIXED.split() for prefix in _PREFIXES) | set(_ALONE.split())
_LOOSE = frozenset(unit.casefold() for unit in _EXACT if len(unit) > 1)
"""People write khz and MHZ; of one letter the case tells units apart."""
MOST_PARTS = 4
LONGEST_UNIT = 24
_APART = re.compile(r"[\s/·*⋅]+")


def is_currency(text: str) -> bool:
    """Tell whether a text names a currency: a sign, with letters in front (``US$``) or not, or a code in any case."""
    letters, sign = text[:-1], text[-1:]
    return text.upper() in CODES or (unicodedata.category(sign or "x") == "Sc" and len(letters) <= 2
                                     and (not letters or letters.isalpha()))


def is_unit(text: str) -> bool:
    """Tell whether a text is a unit of measure, or several of them: ``kHz``, ``V/μs``, ``m²``, ``€/h``.

    It is to be in Unicode's NFKC, but for digits on high.
    """
    parts = _APART.split(text) if len(text) <= LONGEST_UNIT else []
    return 0 < len(parts) <= MOST_PARTS and all(map(_is_one, parts))


def _is_one(part: str) -> bool:
    unit = part[:-1].removesuffix("^") if part[-1:] in tuple("23²³") else part
    return unit in _EXACT or unit.casefold() in _LOOSE or is_currency(unit)
