/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * policy.h - what the user decided for one person beyond the rule, and what contacts asked for.
 *
 * A wish is what a contact asked to be done while not available. Each is kept with where it comes
 * from and when, so that taking back the one leaves the other. The one that counts is, in this
 * order: what the user noted (sn_person_set_wish()), else the newest that the user has not refused.
 */
#ifndef SN_STORE_POLICY_H
#define SN_STORE_POLICY_H

#include "src/store/people.h"

/* How availability questions of others are answered. */
#define SN_QUESTION_RULE_TABLE(X)                                                               \
	X(DEFAULT, "default", "as the settings say")                                            \
	X(ASK, "ask", "ask me")                                                                 \
	X(NOW, "now", "now")                                                                    \
	X(LATER, "later", "later")                                                              \
	X(MAIL, "mail", "email")                                                                \
	X(LATER_WHEN_AWAY, "later-when-away", "later, when I am away; else ask me")             \
	X(MAIL_WHEN_AWAY, "mail-when-away", "email, when I am away; else ask me")                \
	X(IGNORE, "ignore", "not at all")

typedef enum {
#define X(name, word, meaning) SN_QUESTION_##name,
	SN_QUESTION_RULE_TABLE(X)
#undef X
	SN_QUESTION_RULE_COUNT
} SnQuestionRule;
const char *sn_question_rule_word(SnQuestionRule rule);
const char *sn_question_rule_meaning(SnQuestionRule rule);
gboolean sn_question_rule_parse(const char *word, SnQuestionRule *rule);

typedef struct {
	gboolean has_not_available;
	guint not_available;      /* 1 << SnPresenceShow */
	char *quiet_hours;        /* as sn_hours_parse() takes it; NULL: not set */
	char *time_zone;          /* NULL: not set */
	SnQuestionRule questions; /* DEFAULT: not set */
} SnPersonPolicy;
void sn_person_policy_free(SnPersonPolicy *policy);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SnPersonPolicy, sn_person_policy_free)
/* Never NULL; nothing set for a person that is not there. */
SnPersonPolicy *sn_person_policy(SnStore *store, SnId person);
gboolean sn_person_set_policy(SnStore *store, SnId person, const SnPersonPolicy *policy,
                              GError **error);

/* ---- wishes ---- */

typedef enum {
	SN_WISHED_NOTED,     /* the user typed it in; belongs to the person */
	SN_WISHED_ANSWER,    /* "always ..." as the answer to a question */
	SN_WISHED_PUBLISHED, /* XEP-0152 */
} SnWishSource;
const char *sn_wish_source_text(SnWishSource source); /* "noted by you", "answered", "published" */

typedef struct {
	SnId address;        /* 0: noted by the user */
	char *value;         /* the address; NULL */
	SnWishSource source;
	SnRule rule;         /* DEFAULT: only tells other addresses */
	char *detail;        /* PUBLISHED: URIs in the contact's order, blanks between; NULL */
	SnTime time;
	gboolean refused, counts;
} SnContactWish;
void sn_contact_wish_free(SnContactWish *wish);
/* All of the person, the one that counts first; of SnContactWish. */
GPtrArray *sn_contact_wishes(SnStore *store, SnId person);
/*
 * What the contact said. The same again changes nothing, also not that the user has refused it;
 * something else replaces it. rule DEFAULT without detail takes it back.
 */
gboolean sn_contact_wish_set(SnStore *store, SnId address, SnWishSource source, SnRule rule,
                             const char *detail, GError **error);
/* The user's no to every wish of the person, noted and told; can be undone (sn_map_undo()). Fails with
 * SN_ERROR_NOT_FOUND when there is none. */
gboolean sn_contact_wishes_refuse(SnStore *store, SnId person, GError **error);
/* Addresses of `account`'s roster with a published wish: to look whether it still stands. SnId. */
GArray *sn_contact_wishes_published(SnStore *store, SnId account);

#endif
