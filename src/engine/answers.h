/* SPDX-License-Identifier: GPL-3.0-or-later */
/* answers.h - the words of answers to availability questions. Pure; any thread. */
#ifndef SN_ENGINE_ANSWERS_H
#define SN_ENGINE_ANSWERS_H

#include <glib.h>

typedef enum {
	SN_ANSWER_NONE,
	SN_ANSWER_NOW,
	SN_ANSWER_LATER,
	SN_ANSWER_MAIL,
	SN_ANSWER_ALWAYS_MAIL,
	SN_ANSWER_ALWAYS_LATER,
	SN_ANSWER_ALWAYS_NOW,
} SnAnswer;

/* What a reply to the question means; NONE for anything that is not clearly an answer. */
SnAnswer sn_answer_parse(const char *text);
/* The same; weak (may be NULL): it is an answer only right after the question. */
SnAnswer sn_answer_read(const char *text, gboolean *weak);
/* NOW, LATER or MAIL of an ALWAYS_... */
SnAnswer sn_answer_plain(SnAnswer answer);

/* The offered value (XEP-0439) that means this; NULL. values: NULL-terminated; NULL. */
const char *sn_answer_among(char *const *values, SnAnswer answer);
/* TRUE when now, later and email are offered: somebody asks for our time. */
gboolean sn_answer_is_question(char *const *values);

#endif
