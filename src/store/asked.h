/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * asked.h - availability questions that were put to contacts: which, when, and what came back. A row
 * is written when the contact's server has the question. Engine thread.
 */
#ifndef SN_STORE_ASKED_H
#define SN_STORE_ASKED_H

#include "src/store/outbox.h"

typedef struct {
	char *question;  /* origin-id of the message that asked; outbox.quick_question */
	SnId account, address;
	SnTime time;
	int answer;      /* the engine's SnAnswer; 0 none */
	SnTime answered; /* 0 not yet */
	gboolean told;   /* the contact was told that it is too late */
} SnAsked;
void sn_asked_free(SnAsked *asked);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SnAsked, sn_asked_free)

SnAsked *sn_asked_get(SnStore *store, const char *question);              /* NULL */
SnAsked *sn_asked_newest(SnStore *store, SnId account, SnId address);     /* NULL */
SnAsked *sn_asked_person(SnStore *store, SnId person);                    /* NULL */
/* The question has gone. One that is known stays as it is. */
gboolean sn_asked_add(SnStore *store, const char *question, SnId account, SnId address,
                      SnTime time, GError **error);
gboolean sn_asked_answered(SnStore *store, const char *question, int answer, SnTime time,
                           GError **error);
gboolean sn_asked_told(SnStore *store, const char *question, GError **error);
/* Entries that the question is about, oldest first; of SnId. */
GArray *sn_asked_entries(SnStore *store, const char *question);
/* TRUE when no IM went to the contact after the question. */
gboolean sn_asked_is_last(SnStore *store, const SnAsked *asked);

#endif
