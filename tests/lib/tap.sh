#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs a cmocka program. cmocka calls a skipped test "not ok # SKIP", which the harness counts as failed.
exec 4>&1
status=$({ { "$@" 3>&- 4>&-; echo $? >&3; } | sed -u 's/^not ok \([0-9]* # SKIP\)/ok \1/' >&4; } 3>&1)
exit "$status"
