#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# No inotify is left for the whole program; see no_inotify.py.
for program in tmux unshare; do
	command -v $program >/dev/null || { echo "1..0 # SKIP $program is not installed"; exit 0; }
done
exec timeout 300 /usr/bin/python3 "${TOP_SRCDIR:-.}/tests/faults/no_inotify.py" --builddir "${TOP_BUILDDIR:-.}"
