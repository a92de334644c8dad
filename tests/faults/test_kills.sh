#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# kill -9 at every step of delivery, with real servers; see kills.py. `make kill-table` does more of
# it and writes docs/delivery-kills.txt.
script=kills.py
. "${TOP_SRCDIR:-.}/tests/faults/faults.sh"
