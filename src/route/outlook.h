/* SPDX-License-Identifier: GPL-3.0-or-later */
/* outlook.h - what would happen to an email if it were sent now: signed, encrypted, with whose keys.
 * Made by the engine, off the screen's thread; shown where the email is written. */
#ifndef SN_ROUTE_OUTLOOK_H
#define SN_ROUTE_OUTLOOK_H

#include "src/store/outbox.h"

typedef struct {
	const char *account; /* its name */
	const char *from;
	const GPtrArray *recipients; /* of SnParty */
	SnEncrypt encrypt;   /* as the plan says */
	SnSign sign;
} SnOutlookAsk;

typedef struct {
	gboolean encrypted, is_signed; /* it would be */
	gboolean waits;      /* it is to be, cannot, and would stay here */
	gboolean possible;   /* there are keys for everybody, whatever it is to be */
	char *words;         /* one line for people; NULL: nothing to say */
} SnOutlook;
void sn_outlook_free(SnOutlook *outlook);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SnOutlook, sn_outlook_free)

/* The key that goes along with email from an own address (Autocrypt): which one it is to be. */
typedef struct {
	const char *address; /* own */
	const char *key;     /* fingerprint or address of one of the user's; NULL: the best there is */
	gboolean make;       /* a new one, whatever there is */
} SnKeyAsk;
typedef struct {
	char *fingerprint;
	gboolean made;
} SnKeyChosen;
void sn_key_chosen_clear(SnKeyChosen *chosen);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SnKeyChosen, sn_key_chosen_clear)

#endif
