/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/corpus/reading.h"

void reading_replies(void)
{
}
