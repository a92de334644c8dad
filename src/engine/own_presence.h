/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * own_presence.h - what our contacts see of us: what the user set by hand, else by the hours of the
 * configuration, else by whether somebody touches the terminal (XEP-0319).
 */
#ifndef SN_ENGINE_OWN_PRESENCE_H
#define SN_ENGINE_OWN_PRESENCE_H

#include "src/config/config.h"
#include "src/store/people.h"

/* What the clients of this profile say of their users. */
typedef struct {
	gboolean known;  /* some client has said something */
	gboolean looked; /* somebody looks at one of them now */
	SnTime idle_since; /* when one was touched last; 0: just now */
} SnActivity;

/* From the standing wishes SN_WISH_ACTIVITY. One of a client that died counts from now on. */
SnActivity sn_activity_read(SnStore *store, SnTime now);

typedef struct {
	SnPresenceShow show;
	char *status;      /* NULL */
	SnTime idle_since; /* 0: not told */
	SnTime until;      /* look again then; 0: only when something changes */
} SnOwnShow;

/* wish: the value of SN_WISH_PRESENCE, NULL or "auto": none. Caller frees status. */
SnOwnShow sn_own_show(const SnSettings *settings, const char *wish, const SnActivity *activity,
                      SnTime now);

#endif
