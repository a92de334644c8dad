/* SPDX-License-Identifier: GPL-3.0-or-later */
/* plain.h - the line-oriented client: a prompt, a command a line, words only. */
#ifndef SN_UI_PLAIN_H
#define SN_UI_PLAIN_H

#include "ui/app.h"

/* Until "quit" or the end of input. Exit code. */
int sn_plain_run(SnApp *app);

#endif
