/* SPDX-License-Identifier: GPL-3.0-or-later */
/* oauth_tell.h - shows a person where to log in, and with which code. An SnOauth2Tell. */
#ifndef SN_CLI_OAUTH_TELL_H
#define SN_CLI_OAUTH_TELL_H

#include "src/config/oauth2.h"

void sn_oauth_tell(const SnOauth2Prompt *prompt, gpointer data);

#endif
