"""The calibration mail, to the letter."""

from __future__ import annotations

from datetime import date

from equipment.domain.life.due import Due
from equipment.domain.values.fields import DATES
from equipment.index.sheet import Sheet
from equipment.messages.due_mail import MOST_RECORDS, due_mail
from equipment.messages.wording import Sender

TODAY = date(2026, 11, 23)
SENDER = Sender("Equipment_DB on lab1", "https://example.org/lab")
END = ["", "Open the app: https://example.org/lab", "Sent by the equipment list Equipment_DB on lab1. What is sent to "
       "whom: Backup & Restore, Auto Backup, Messages."]


def sheet(*rows: tuple[str, str, str]) -> Sheet:
    """Rows of ID, location and next calibration."""
    ids, places, due = ([row[column] for row in rows] for column in range(3))
    secret = ["SECRET"] * len(rows)
    return Sheet.of([([f"k{number}/&" for number in range(len(rows))],
                      {"ID": ids, "Location": places, "Next Cal Date": due, "Vendor": secret, "Model": secret,
                       "Serial Number": secret, "Last Cal Date": [""] * len(rows)})])


def test_it_names_id_day_and_group_and_nothing_else() -> None:
    found = sheet(("12", "Lab 2", "2026-12-01"), ("7", "lab 1", "2026-11-20"), ("9", "Lab 2", "2026-11-23"),
                  ("5", "", "2026-12-23"), ("6", "Lab 2", "2026-12-24"), ("3", "Lab 2", "nonsense"))
    mail = due_mail(found, {}, TODAY, 30, "Location", SENDER)
    assert mail.subject == "[Equipment_DB on lab1] Calibration: 1 overdue, 3 due within 30 days"
    assert mail.text.splitlines() == [
        "4 records are overdue or due within 30 days, 1 of them overdue. By Location:", "",
        "lab 1: 1 overdue, 0 due",
        "  2026-11-20  overdue  ID 7  https://example.org/lab/?id=k1%2F%26", "",
        "Lab 2: 0 overdue, 2 due",
        "  2026-11-23  due      ID 9  https://example.org/lab/?id=k2%2F%26",
        "  2026-12-01  due      ID 12  https://example.org/lab/?id=k0%2F%26", "",
        "Without Location: 0 overdue, 1 due",
        "  2026-12-23  due      ID 5  https://example.org/lab/?id=k3%2F%26", *END]
    assert "SECRET" not in mail.text


def test_links_come_from_the_public_address_only() -> None:
    mail = due_mail(sheet(("7", "Lab", "2026-11-20")), {}, TODAY, 30, "Location", Sender("L"))
    assert "http" not in mail.text
    assert "  2026-11-20  overdue  ID 7\n" in mail.text


def test_nothing_due() -> None:
    mail = due_mail(sheet(("7", "Lab", "2027-11-20")), {}, TODAY, 14, "Location", SENDER)
    assert mail.subject == "[Equipment_DB on lab1] Calibration: nothing falls due"
    assert mail.text.splitlines() == ["No record is overdue or falls due within 14 days.", *END]


def test_planned_work_is_counted_and_not_named() -> None:
    def planned(day: date) -> Due:
        return Due("k", "7", "SECRET", "SECRET", "maintenance", "SECRET", day)

    words = ("Planned work: 2 things overdue or due within 14 days, 1 of them overdue. Calibration, Due work has the "
             "list.")
    for found in (sheet(("7", "Lab", "2027-11-20")), sheet(("7", "Lab", "2026-11-20"))):
        mail = due_mail(found, {}, TODAY, 14, "Location", SENDER, [planned(date(2026, 11, 22)), planned(TODAY)])
        assert mail.text.splitlines()[-len(END) - 2:] == ["", words, *END] and "SECRET" not in mail.text


def test_groups_and_ids_end_no_line() -> None:
    evil = "x\r\n\r\nBcc: eve@example.org"
    for column in ("Location", evil):
        lines = due_mail(sheet((evil, evil, "2026-11-20")), {}, TODAY, 30, column, SENDER).text.splitlines()
        assert [line for line in lines if line.startswith("Bcc")] == []


def test_of_a_long_list_the_rest_is_counted() -> None:
    many = [(str(number), "A" if number < 300 else "B", "2026-11-20") for number in range(MOST_RECORDS + 100)]
    lines = due_mail(sheet(*many), {}, TODAY, 30, "Location", SENDER).text.splitlines()
    assert sum("  ID " in line for line in lines) == MOST_RECORDS
    assert "B: 300 overdue, 0 due" in lines
    assert "  and 100 more" in lines


def test_a_column_that_is_gone_makes_one_group() -> None:
    assert "Without Person: 1 overdue, 0 due" in due_mail(
        sheet(("7", "Lab", "2026-11-20")), {}, TODAY, 30, "Person", SENDER).text


def test_dates_are_read_in_the_order_of_their_column() -> None:
    found = sheet(("7", "Lab", "04/12/2026"), ("8", "Lab", "12/04/2026"))

    def told(order: str) -> list[str]:
        lines = due_mail(found, {"Next Cal Date": DATES[order]}, TODAY, 30, "Location", SENDER).text.splitlines()
        return [line.split("http")[0].strip() for line in lines if " ID " in line]

    assert told("day/month") == ["2026-04-12  overdue  ID 8", "2026-12-04  due      ID 7"]
    assert told("month/day") == ["2026-04-12  overdue  ID 7", "2026-12-04  due      ID 8"]
    assert told("") == []
