/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * people.h - accounts' own addresses, persons, and the address map.
 *
 * A person is a set of addresses. Every address belongs to exactly one person; one is made for it
 * when it is first seen. Who is one person follows from what the user decided and from the cards of
 * the user's address books (partition.h), and is worked out anew whenever one of these changes, so
 * that taking something back restores what was before. What anybody else says moves nothing: such an
 * address is a candidate, never used to send without one explicit yes. Ids of persons stay good: that
 * of a person who was merged with another stands for the other as long as they are one.
 */
#ifndef SN_STORE_PEOPLE_H
#define SN_STORE_PEOPLE_H

#include "src/store/store.h"

/* Strongest first; the order is the rank of candidates. */
#define SN_LINK_TABLE(X)                                                                        \
	X(USER, "user", TRUE)                /* typed or confirmed by the user                */ \
	X(VCARD, "vcard", TRUE)              /* the user's own vCard files                    */ \
	X(ADDRESS_BOOK, "address-book", TRUE) /* address-book-cmd                             */ \
	X(CROSS_REPLY, "cross-reply", FALSE) /* answered over the other channel               */ \
	X(XMPP_VCARD, "xmpp-vcard", FALSE)   /* XEP-0292, XEP-0054 of a roster contact        */ \
	X(JABBER_ID, "jabber-id", FALSE)     /* Jabber-ID: header of an email, RFC 7259       */ \
	X(SIGNED_TEXT, "text", FALSE)        /* an xmpp: or mailto: URI in a message          */ \
	X(EQUAL, "equal", FALSE)             /* the same string on the other channel          */ \
	X(SEEN, "seen", FALSE)               /* no claim: the person was made for this address */

typedef enum {
#define X(name, word, trusted) SN_LINK_##name,
	SN_LINK_TABLE(X)
#undef X
} SnLinkSource;

const char *sn_link_source_word(SnLinkSource source);
gboolean sn_link_source_trusted(SnLinkSource source);

/* What to do with a message when the person is not available. */
typedef enum {
	SN_RULE_DEFAULT, /* ask the next level (account, then the prompt) */
	SN_RULE_ASK,     /* the prompt */
	SN_RULE_DEFER,
	SN_RULE_MAIL,
	SN_RULE_SEND,    /* send anyway */
	SN_RULE_ASK_THEM,
	SN_RULE_FAIL,    /* command line only */
} SnRule;
const char *sn_rule_word(SnRule rule); /* "default" "ask" "defer" "mail" "send" "ask-them" "fail" */
gboolean sn_rule_parse(const char *word, SnRule *rule);

typedef struct {
	SnId id;
	char *name;          /* best known; never NULL, at least an address */
	SnRule rule;         /* the user's rule for this person */
	SnRule wish;         /* what the contact asked for ("always email me"); DEFAULT if nothing */
	char *wish_origin;   /* how we know, with date; NULL */
	SnTime wish_time;    /* since when; 0 */
	gboolean is_self;    /* the user */
} SnPerson;
void sn_person_free(SnPerson *person);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SnPerson, sn_person_free)

typedef struct {
	SnId id;
	SnChannel channel;
	char *value;        /* normalised: lower-case domain; local part as RFC 5321/7622 allow */
	char *name;         /* display name seen with it; NULL */
	SnId person;
	SnLinkSource source; /* of its membership */
	gboolean confirmed; /* FALSE: only a candidate of the person it was asked for */
	SnTime first_seen, last_used;
	char *evidence;     /* "header of <id> of 2026-11-02", a file name ...; NULL */
	gboolean contested; /* two of the user's cards claim it for two people */
} SnAddress;
void sn_address_free(SnAddress *address);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SnAddress, sn_address_free)

/* Normalises an email address or bare JID; NULL when it is neither (no '@', control characters). */
char *sn_address_normalise(SnChannel channel, const char *value);

/* Finds or makes the address, and a person of its own for it. name: NULL keeps what is known. */
SnId sn_address_intern(SnStore *store, SnChannel channel, const char *value, const char *name,
                       GError **error);
SnAddress *sn_address_get(SnStore *store, SnId address);                              /* NULL */
SnAddress *sn_address_find(SnStore *store, SnChannel channel, const char *value);     /* NULL */
/* No more than that of them, for what is asked with every message. */
char *sn_address_value(SnStore *store, SnId address); /* NULL */
SnId sn_address_id(SnStore *store, SnChannel channel, const char *value); /* 0 */
SnPerson *sn_person_get(SnStore *store, SnId person);                                 /* NULL */

/* Addresses of the person: confirmed ones first by last use, then candidates by source rank. */
GPtrArray *sn_person_addresses(SnStore *store, SnId person); /* of SnAddress */

/* All persons with more than themselves to say (not self), by name; of SnPerson. */
GPtrArray *sn_person_list(SnStore *store);
/* By "id:N", exact address, exact name, then unique part of a name or address; of SnPerson. */
GPtrArray *sn_person_find(SnStore *store, const char *who);
/* As many as limit who have it as a part of their name or of an address; of SnPerson. */
GPtrArray *sn_person_named(SnStore *store, const char *part, int limit);

/*
 * Somebody else says that the two addresses may be one person (a source that is not trusted). Known
 * claims and more than a hundred about one address are passed over.
 */
gboolean sn_claim_add(SnStore *store, SnId one, SnId other, SnLinkSource source,
                      const char *evidence, GError **error);
/* All that this source says about the address, now, and with this evidence: `others` (of SnId). What
 * it said before with the same evidence, and does not say now, is forgotten. */
gboolean sn_claims_replace(SnStore *store, SnId address, SnLinkSource source, const char *evidence,
                           const GArray *others, GError **error);

/*
 * `address` belongs to `person`, says `source`. The user, or whoever has the user's word (confirmed),
 * moves it there: alone, but with all of its person when that is named after it. A trusted source
 * adds it to a card of this person; SN_ERROR_EXISTS when another card of that kind contradicts (both
 * stay, the address belongs to neither). Others make a claim.
 */
gboolean sn_link_add(SnStore *store, SnId address, SnId person, SnLinkSource source,
                     gboolean confirmed, const char *evidence, GError **error);
/* The user's yes. */
gboolean sn_link_confirm(SnStore *store, SnId address, SnId person, GError **error);
/* The user's no: takes the address out of the person (into one of its own) and remembers that. */
gboolean sn_link_remove(SnStore *store, SnId address, SnId person, GError **error);

/* The user says that both are one: messages, drafts, outbox and rules come together. */
gboolean sn_people_merge(SnStore *store, SnId person, SnId with, GError **error);
/* Some addresses of the person are somebody else. out: who; may be NULL. */
gboolean sn_people_split(SnStore *store, SnId person, const SnId *addresses, gsize count, SnId *out,
                         GError **error);
/*
 * Takes back the last of the user's changes (links, merges, splits, names, rules) that stands; again
 * for the one before. what: "Merged Bob with Robert"; caller frees. SN_ERROR_NOT_FOUND: there is none;
 * SN_ERROR_EXISTS: all of it was decided otherwise since (it counts as undone).
 */
gboolean sn_map_undo(SnStore *store, char **what, GError **error);
char *sn_map_undo_next(SnStore *store); /* what it would be; NULL; caller frees */

/* Something that is not followed since something else speaks against it. */
typedef struct {
	SnId id;             /* the address */
	char *address;       /* "bob@example.test", "xmpp:bob@example.test" */
	SnId holder;         /* the person it belongs to now */
	char *belongs;       /* whose name is this */
	SnId claimant;       /* the person it would belong to; 0: known by name only */
	char *claimed;       /* whose name is this; NULL */
	SnLinkSource source; /* of the claim; USER: decided on two devices at the same time */
	char *evidence;      /* which card; NULL */
	gboolean overruled;  /* by the user or a stronger source; FALSE: waits for the user's word */
} SnConflict;
void sn_conflict_free(SnConflict *conflict);
/* Of SnConflict, open ones first. person: only those it has to do with; 0: all. */
GPtrArray *sn_map_conflicts(SnStore *store, SnId person);

gboolean sn_person_set_name(SnStore *store, SnId person, const char *name, GError **error);
gboolean sn_person_set_rule(SnStore *store, SnId person, SnRule rule, GError **error);
/* A wish that the user notes for the person; policy.h has those that contacts told. */
gboolean sn_person_set_wish(SnStore *store, SnId person, SnRule wish, const char *origin,
                            GError **error);

/* ---- the user's own side ---- */

/*
 * Declares the accounts of the configuration, so that rows can name them and the store knows which
 * addresses are the user's. Called by whoever opened the profile; accounts not named stay known.
 */
typedef struct {
	const char *name;
	const char *const *mail_addresses; /* NULL-terminated: from and aliases; NULL */
	const char *im_address;            /* NULL */
} SnOwnAccount;
gboolean sn_own_accounts_set(SnStore *store, const SnOwnAccount *accounts, gsize count,
                             GError **error);
SnId sn_account_find(SnStore *store, const char *name); /* 0 when unknown */
char *sn_account_name(SnStore *store, SnId account);    /* NULL; caller frees */
gboolean sn_address_is_own(SnStore *store, SnChannel channel, const char *value);

/* ---- presence and roster (written by the engine) ---- */

/* XMPP's presence (RFC 6121 section 4.7.2.1), worst to best reachable; UNKNOWN = not subscribed. */
typedef enum {
	SN_PRESENCE_UNKNOWN,
	SN_PRESENCE_OFFLINE,
	SN_PRESENCE_XA,
	SN_PRESENCE_DND,
	SN_PRESENCE_AWAY,
	SN_PRESENCE_ONLINE,
	SN_PRESENCE_CHAT,
} SnPresenceShow;
const char *sn_presence_word(SnPresenceShow show); /* "unknown" "offline" "xa" ... */
gboolean sn_presence_parse(const char *word, SnPresenceShow *show);

typedef struct {
	SnId address;
	char *resource;     /* "" for the bare JID */
	SnPresenceShow show;
	char *status;       /* free text; NULL */
	int priority;
	SnTime since;
	SnTime idle;        /* nobody was there since then (XEP-0319); 0 not told */
	char *caps;         /* fingerprint of the client (contacts.h); NULL */
} SnPresence;
void sn_presence_free(SnPresence *presence);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SnPresence, sn_presence_free)

/* One resource's presence; OFFLINE removes the resource and remembers when. */
gboolean sn_presence_set(SnStore *store, SnId account, const SnPresence *presence, GError **error);
/* The account went off line: all it knew becomes unknown. */
gboolean sn_presence_forget(SnStore *store, SnId account, GError **error);
/* The engine starts (what an earlier run left is not known any more), or stops (until_now: it was
 * known to the end). */
gboolean sn_presence_forget_all(SnStore *store, gboolean until_now, GError **error);
/*
 * The best resource of the address: one that takes messages (priority not negative, RFC 6121
 * section 4.7.2.3), then priority, then show; UNKNOWN without subscription. Never NULL.
 */
SnPresence *sn_presence_best(SnStore *store, SnId address);
/* The best over all confirmed IM addresses of the person. Never NULL. */
SnPresence *sn_person_presence(SnStore *store, SnId person);

/* Why a presence is not known. */
typedef enum {
	SN_PRESENCE_TOLD,           /* it is known */
	SN_PRESENCE_NOT_SUBSCRIBED, /* the contact has not let us see it */
	SN_PRESENCE_REQUESTED,      /* asked for, and not answered yet */
	SN_PRESENCE_NO_LINE,        /* our own account is not connected; `since` says since when */
} SnPresenceWhy;

/* What one own account knows of one client of an address; or that it knows nothing. */
typedef struct {
	SnId address;
	char *value;        /* the JID */
	SnId account;       /* 0: in the roster of none */
	char *account_name; /* NULL */
	SnPresenceShow show;
	SnPresenceWhy why;
	char *resource;     /* "": the address as a whole */
	char *status;       /* NULL */
	int priority;
	SnTime since;       /* 0 not known */
	SnTime idle;        /* nobody was there since then; 0 not told */
	char *caps;         /* fingerprint of the client; NULL */
	SnTime seen;        /* the address was last seen on line; 0 never */
} SnPresenceRow;
void sn_presence_row_free(SnPresenceRow *row);
/* TRUE when `one` is the better to send to; FALSE when they are equal. */
gboolean sn_presence_row_better(const SnPresenceRow *one, const SnPresenceRow *other);
/* TRUE when a message to the bare JID reaches a client. */
gboolean sn_presence_row_reaches(const SnPresenceRow *row);
/* Every confirmed IM address of the person (or only `address`, when not 0), best rows first within
 * each; at least one row for each address. Of SnPresenceRow. */
GPtrArray *sn_presence_rows(SnStore *store, SnId person, SnId address);

typedef enum { SN_SUB_NONE, SN_SUB_TO, SN_SUB_FROM, SN_SUB_BOTH } SnSubscription; /* RFC 6121 2.1.2.5 */
gboolean sn_roster_set(SnStore *store, SnId account, const char *jid, const char *name,
                       SnSubscription subscription, gboolean ask, GError **error);
gboolean sn_roster_remove(SnStore *store, SnId account, const char *jid, GError **error);
/* FALSE when the address is in no roster. account, subscription, ask: NULL when not wanted. */
gboolean sn_roster_get(SnStore *store, SnId address, SnId *account, SnSubscription *subscription,
                       gboolean *ask);

#endif
