#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A disk that is full, and has room again, under the whole program; see full_disk.py.
for program in tmux unshare; do
	command -v $program >/dev/null || { echo "1..0 # SKIP $program is not installed"; exit 0; }
done
exec timeout 300 /usr/bin/python3 "${TOP_SRCDIR:-.}/tests/faults/full_disk.py" --builddir "${TOP_BUILDDIR:-.}"
