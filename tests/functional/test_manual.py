# SPDX-License-Identifier: GPL-2.0-or-later
"""The manual pages: they can be shown, and say all that the README says. What the README has to say, test_readme.py knows."""

import os
import re
import subprocess
import xml.etree.ElementTree as ElementTree
from functools import lru_cache
from pathlib import Path

import pytest
from daemon import BUILD_DIR

TOP = Path(__file__).parents[2]
README = (TOP / "README.md").read_text()
SOURCES = sorted(path.stem for path in (TOP / "doc").glob("*.[57].md"))
INCLUDED = re.compile(r'^::: \{readme="(.*)"\}$', re.M)
CODE = re.compile(r"`([^`]+)`")
TABLE_BELOW_HEADING = re.compile(r"^##+ ([^\n]*)\n(?:(?!^##).)*?^\|---", re.M | re.S)


def page(name):
    """A page is where it was built, or where the release has it."""
    built = BUILD_DIR / "doc" / name
    return built if built.exists() else TOP / "doc" / name


# a terminal as most are, and lines that are long enough not to be broken
WIDTHS = [80, 2000]


@lru_cache
def shown(name, width=2000):
    """What man shows of the page, without a warning."""
    result = subprocess.run(["man", "--warnings", "--local-file", page(name)], capture_output=True, text=True,
                            env={**os.environ, "MANWIDTH": str(width), "LC_ALL": "C.UTF-8"})
    assert (result.returncode, result.stderr) == (0, "")
    return re.sub(r"\s+", " ", result.stdout)


def section(title):
    """The README's text below a heading, as far as the next one."""
    return re.search(rf"^##+ {re.escape(title)}\n(.*?)(?=^##|\Z)", README, re.M | re.S)[1]


def included(name):
    return INCLUDED.findall((TOP / f"doc/{name}.md").read_text())


def words_of_code(text):
    for word in CODE.findall(re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)):
        yield re.sub(r"\s+", " ", word.replace("\\|", "|"))


def test_the_pages():
    assert SOURCES == ["haproxy-parser.5", "proxy-protocol.5", "syslog-ng-haproxy.7"]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", SOURCES)
def test_a_page_is_shown_without_a_warning(name, width):
    text = shown(name, width)
    assert text.startswith(f"{name[:-2]}({name[-1]})")
    assert f" NAME {name[:-2]} - " in text
    assert " SEE ALSO " in text


@pytest.mark.parametrize("name", SOURCES)
def test_a_page_can_be_found(name, tmp_path):
    section_directory = tmp_path / f"man{name[-1]}"
    section_directory.mkdir()
    (section_directory / name).write_text(page(name).read_text())
    subprocess.run(["mandb", "--quiet", "--user-db", tmp_path], check=True)
    found = subprocess.run(["man", "--manpath", tmp_path, "--where", name[-1], name[:-2]], capture_output=True, text=True)
    assert found.stdout.strip() == str(section_directory / name)
    described = subprocess.run(["whatis", "--manpath", tmp_path, name[:-2]], capture_output=True, text=True)
    assert described.stdout.startswith(f"{name[:-2]} ({name[-1]})")


@pytest.mark.parametrize("name, title", [(name, title) for name in SOURCES for title in included(name)])
def test_a_page_says_what_the_readme_says(name, title):
    text = shown(name)
    assert [word for word in words_of_code(section(title)) if word not in text] == []


def test_every_table_is_in_a_page():
    titles = [title for name in SOURCES for title in included(name)]
    assert [title for title in TABLE_BELOW_HEADING.findall(README) if title not in titles] == []


@pytest.mark.parametrize("name", ["haproxy-parser.5", "proxy-protocol.5"])
def test_the_readme_points_to_the_page(name):
    assert f"{name[:-2]}({name[-1]})" in README


def test_contributing_names_what_is_there():
    text = (TOP / "CONTRIBUTING.md").read_text()
    paths = re.findall(r"\b(?:doc|modules|packaging|tests|tools)/[\w./-]*", text)
    assert len(paths) > 12
    assert [path for path in paths if not (TOP / path.rstrip(".")).exists()] == []
    for target in re.findall(r"make -C build ((?:[\w-]+ )*?[\w-]+)(?=  |`| [A-Z]|$)", text):
        subprocess.run(["make", "-n", "-C", BUILD_DIR, *target.split()], check=True, capture_output=True)


def drawn(svg):
    """All that is written in a picture."""
    return sorted(text for element in ElementTree.fromstring(svg).iter() for text in [element.text] if text and text.strip())


def test_the_picture_is_that_of_its_source():
    svg = subprocess.run(["dot", "-Tsvg", TOP / "doc/ways.dot"], check=True, capture_output=True, text=True).stdout
    assert drawn(svg) == drawn((TOP / "doc/ways.svg").read_text())
