/* SPDX-License-Identifier: GPL-3.0-or-later */
/* confine.h - what a program that reads hostile files gives up for good. */
#ifndef SN_BACKENDS_PICTURE_CONFINE_H
#define SN_BACKENDS_PICTURE_CONFINE_H

#include <glib.h>

/*
 * From now on this process and its threads can read files and write to what is open, but not write to or
 * change any other file, connect to anything, run a program, touch another process, or type into the
 * terminal. What is refused fails with EPERM. FALSE: the kernel or the processor does not know how.
 */
gboolean sn_confine(void);

#endif
