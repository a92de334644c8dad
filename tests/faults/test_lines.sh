#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Bad lines between the engine and real servers; see lines.py.
script=lines.py
. "${TOP_SRCDIR:-.}/tests/faults/faults.sh"
