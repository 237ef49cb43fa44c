# SPDX-License-Identifier: GPL-2.0-or-later
"""The configuration library of this checkout, for configurations of the tests."""

from pathlib import Path

SCL = Path(__file__).parents[2] / "scl"
# what a configuration of a user gets by its @include "scl.conf"
INCLUDE = f'@define scl-root "{SCL}"\n@include "{SCL}/haproxy/*.conf"\n'
# what is there for users
BLOCKS = ["haproxy", "haproxy-ecs", "sekoia-intake"]


def replaced(text, *replacements):
    """The text with other addresses, ports and files, each of which has to be in it."""
    for old, new in replacements:
        assert old in text, old
        text = text.replace(old, new)
    return text
