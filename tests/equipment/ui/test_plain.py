"""Text from elsewhere is shown as it is, and goes through one door."""

from __future__ import annotations

from pathlib import Path

import pytest

import equipment.ui
from equipment.ui.plain import LONGEST, plain
from tests.equipment.ui.markdown_calls import open_places

SCREENS = Path(equipment.ui.__file__).parent
OUR_OWN = frozenset({
    "deeds/opened.py: table: {column: [row[column] for row in rows] for column in rows[0]}",
    "account.py: menu_button: label",
    "account.py: menu_button: lambda option: f'{ICONS[option]} {option}'",
    "asking.py: button: do",
    "asking.py: button: label",
    "asking.py: markdown: words",
    "asking.py: popover: label",
    "asking.py: popover: help",
    "backup/auto/checks.py: metric: when",
    "backup/auto/continuous.py: caption: WHAT + (f' Set by {state.given}.' if state.given else '')",
    "backup/auto/continuous.py: metric: 'Unknown' if loss is None else words.at_risk(loss)",
    'backup/auto/schedule.py: caption: f":material/settings: Given by {\', \'.join((f\'`{name}`\' for name in stan'
    'ds.given.values()))} of this installation, and not changed here."',
    "backup/auto/schedule.py: text_input: label",
    "backup/background.py: button: again",
    "backup/remotes.py: badge: label",
    "backup/restore/choose.py: selectbox: _about_days(backups, empty)",
    "header.py: button: f':orange-badge[:material/person_add: {count} waiting]'",
    "header.py: button: f'{who} for an account. Open User Management.'",
    "backup/restore/confirm.py: checkbox: f'{what} the backup of {words.moment(backup.started)}{plain(from_wor"
    "ds(remote))}'",
    "backup/restore/difference.py: caption: f'{total:,} records · page {page} of {pages}'",
    'backup/restore/preview.py: caption: f"{words.count(total, \'record\')} · page {page} of {pages}{_unchecked('
    'place, backup)}"',
    "backup/restore/screen.py: radio: list(offered)",
    'backup/retention.py: caption: f":material/settings: Given by {\', \'.join((f\'`{name}`\' for name in rules.gi'
    'ven.values()))} of this installation, and not changed here."',
    "backup/retention.py: number_input: f'Given by {rules.given[tier.name]}' if tier.name in rules.given else "
    "f'0 to {tier.most:,}'",
    "backup/retention.py: number_input: f'{tier.unit.capitalize()}s'",
    "backup/standing_by.py: caption: name",
    "backup/storing.py: caption: f':material/settings: {part.capitalize()}: given by `{option}` of this instal"
    "lation, and not changed here.'",
    "backup/storing.py: selectbox: _given(stored, 'compression')",
    "backup/storing.py: text_area: _given(stored, 'recipients')",
    "boundary.py: error: _in_words('This page', number)",
    "boundary.py: error: _in_words(screen, _logged(screen))",
    "choose_database.py: markdown: f'**{title}**'",
    "choose_database.py: markdown: text",
    "database_down.py: markdown: '\\n'.join((f'{number}. {check}' for number, check in enumerate(checks, 1)))",
    "entrance/password.py: text_input: label",
    "entrance/code_place.py: write: f'{before} a set-up code that the server has written {plain(where)}.'",
    "help/documents.py: markdown: readable(found[title].read_text('utf-8').partition('\\n')[2])",
    "help/menu.py: menu_button: lambda option: f'{ICONS[option]} {option}'",
    "help/shortcuts.py: markdown: '\\n'.join(('| Key | What it does |', '|---|---|', *(f'| **{key}** | {words} "
    "|' for key, words in KEYS.items())))",
    "header.py: button: '  \\n'.join((*map(plain, state.more), 'Open Backup & Restore.'))",
    "ordered_table.py: NumberColumn: f'Type the place where the {what} shall stand'",
    "header.py: tabs: screens",
    "people/tokens.py: caption: f'With a token a program does what you may do, under your name. [What there is]({_docs"
    "()})'",
    "record/backup_history.py: caption: f':material/warning: Backup {backup.label} could not be read: {plain(p"
    "roblem)}'",
    "record/detail.py: markdown: shown",
    "record/detail.py: badge: f'Calibration: {due_state}'",
    "record/detail.py: table: shown",
    "records/list/actions.py: button: action.label",
    "records/calibration.py: markdown: '  \\n'.join(map(_link, due[SHOWN_PER_DAY:]))",
    "records/calibration.py: markdown: '  \\n'.join(map(_link, due))",
    "records/calibration.py: markdown: f'**{DAYS[day.weekday()]} {day.day}**'",
    "records/calibration.py: markdown: _link(item)",
    "records/calibration.py: markdown: number if inside or day == today else f':gray[{day.day}]'",
    "records/calibration.py: segmented_control: lambda value: f'{value} days'",
    "records/calibration.py: success: f'Nothing is due within {days} days.'",
    'records/calibration.py: tabs: [\'Reminders\', \'Calendar\', f"Fix-up list ({counts[\'cannot read\']})", '
    '\'Plans\', \'Due work\']',
    "records/columns.py: expander: f'{field_label(column.name)}: {values}, {said}'",
    "records/date_columns.py: segmented_control: lambda order: order or UNDECIDED",
    "records/date_columns.py: toast: f'{field_label(column.name)}: {order or UNDECIDED}'",
    "records/changing/edit.py: markdown: f':orange-badge[:material/edit: {state.unsaved(now)}]'",
    "records/empty.py: button: label",
    "records/empty.py: toast: f'{count} records loaded'",
    "records/events/due_part.py: segmented_control: lambda value: f'{value} days'",
    "records/events/due_part.py: success: f'Nothing is due within {days} days.'",
    "records/loans/outcome.py: button: label",
    "records/loans/screen.py: segmented_control: lambda name: f'{name} ({counts[name]:,})' if name in counts else name",
    "records/list/actions.py: menu_button: lambda label: f':material/{folded[label].icon}: {label}'",
    "records/list/exports.py: radio: lambda which: f'{which.capitalize()} ({count[which]:,})'",
    "records/list/exports.py: radio: str.upper",
    "records/list/filters.py: caption: f':red[Not a {column.kind.label.lower()}]'",
    "records/imports/dates.py: radio: [keep, rewrite]",
    "records/imports/dates.py: segmented_control: lambda order: order or UNDECIDED",
    "records/imports/plan.py: metric: label",
    "records/imports/reading.py: selectbox: label",
    "records/imports/result.py: download_button: label",
    "records/changing/pending.py: button: f':orange-badge[:material/edit: {state.unsaved(now)} not saved yet]'",
    "records/changing/review.py: markdown: f':gray[{word}]' if gray else word",
    "records/screen.py: segmented_control: lambda name: f':material/{offered[name].icon}: {name}'",
    "records/list/toolbar.py: pills: lambda only: _metric_label(only, counts)",
})
"""Texts that were looked at: words and counts of ours, names of options, and choices that are constant. What follows a
variable further than the source of one file tells stands here, and nothing that holds a name or a value."""


@pytest.mark.parametrize(("text", "written"), [
    ("Ada", "Ada"), ("**x**", r"\*\*x\*\*"), ("<b>", r"\<b\>"), ("[a](b)", r"\[a\](b)"), (":red[x]", r"\:red\[x\]"),
    ("a\nb\t c", "a b c"), ("https://x.org", "\u2060https\\://x.org"), ("a@b.c", "a\u2060@b.c"), ("&lt;", r"\&lt;"),
    ("$x$", r"\$x\$"), ("a\\b", r"a\\b"), ("`x`", r"\`x\`"), ("{x}", r"\{x\}"), ("a|b", r"a\|b"),
    ("~~a~~", r"\~\~a\~\~"),
    ("Serial: 7", "Serial: 7"), ("a :smile: b", r"a \:smile\: b"), ("x:", r"x\:"), (": x", r"\: x"),
    (":material/home:", "\\:\u2060material/home\\:"), (":material_home:", "\\:\u2060material\\_home\\:"),
    (":streamlit:", "\\:\u2060streamlit\\:"), ("www.x.org", "\u2060www.x.org"),
    ("a -> b", "a -\u2060\\> b"), ("a -- b", "a -\u2060- b"), ("<= 5", "\\<\u2060= 5"),
    ("- x", r"\- x"), ("+ x", r"\+ x"), ("# x", r"\# x"), ("===", r"\==="), ("1. x", r"1\. x"), ("12) x", r"12\) x"),
    ("1.5 V", "1.5 V"), ("2026-11-27", "2026-11-27"), ("3.", r"3\."), ("", ""),
])
def test_nothing_in_it_is_markdown(text: str, written: str) -> None:
    assert plain(text) == written


@pytest.mark.parametrize(("text", "written"), [
    ("a\0b", r"a\\x00b"), ("a\x1bb", r"a\\x1bb"), ("gpj.\u202eexe", r"gpj.\\u202eexe"), ("a\u2066b", r"a\\u2066b"),
    ("a\u2028b", "a b"), ("a\r\nb", "a b"), ("\ud800", r"\\ud800"), ("\ufeffx", r"\\ufeffx"), ("مقياس", "مقياس"),
])
def test_what_hides_or_turns_text_is_seen(text: str, written: str) -> None:
    assert plain(text) == written


def test_a_name_of_millions_of_characters_is_a_label_all_the_same() -> None:
    assert plain("x" * 10**7) == "x" * (LONGEST - 1) + "…"
    assert plain("abcdef", 4) == "abc…" and plain("abcd", 4) == "abcd"
    assert plain(" " * 10**6 + "x", 4) == "…"


def test_every_text_of_the_screens_goes_through_the_door() -> None:
    found = set(open_places(SCREENS))

    assert found - OUR_OWN == set(), "write plain(…) around what comes from elsewhere"
    assert OUR_OWN - found == set(), "these are gone: take them off the list"


@pytest.mark.parametrize(("source", "is_open"), [
    ("st.error(str(error))", True), ("st.error(plain(str(error)))", False), ("st.caption(f'{name}: {len(x)}')", True),
    ("st.caption(f'{len(x):,} records')", False), ("a.button('x', help=f'of {name}')", True),
    ("st.tabs(['a', name])", True), ("st.radio('a', names)", True), ("st.radio('a', names, format_func=plain)", False),
    ("st.column_config.TextColumn(help=name)", True), ("st.metric('a', name)", True), ("st.toast(name)", True),
    ("name = plain(record.name)\n    st.caption(name)", False), ("name = record.name\n    st.caption(name)", True),
    ("st.selectbox('a', names)", False), ("@st.dialog(name)\n    def f(): ...", True), ("words.title(name)", False),
])
def test_the_look_at_the_source_finds_what_is_open(tmp_path: Path, source: str, is_open: bool) -> None:
    code = f"from x import words\ndef show(name, names, x, record, error):\n    {source}\n"
    (tmp_path / "screen.py").write_text(code)

    assert bool(list(open_places(tmp_path))) is is_open
