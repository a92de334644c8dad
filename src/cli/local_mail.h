/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * local_mail.h - the email that is on this machine already: Maildirs that mbsync, notmuch or another
 * program keeps, and a program that sends.
 */
#ifndef SN_CLI_LOCAL_MAIL_H
#define SN_CLI_LOCAL_MAIL_H

#include <glib.h>

/*
 * Directories that are a Maildir or hold some, of char *: what mbsync and notmuch are configured
 * with, then $MAILDIR and the usual places below home. Where a directory holds one tree for each
 * account, these; the ones named like the address come first. None lies within another. Reads
 * directories two levels deep at most. Caller frees with g_ptr_array_unref().
 */
GPtrArray *sn_local_maildirs(const char *home, const char *address);

/* The command line of a configured msmtp that is installed; NULL. Caller frees. */
char *sn_local_sender(const char *home);

#endif
