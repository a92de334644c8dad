/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plan.h - what will happen when a reply is sent now: channel, addresses, availability, and what
 * has to be asked first. Pure policy over the store's rows and the configuration; the composer's
 * mode line, the prompt, `sennit send` and the engine's decision all come from here.
 */
#ifndef SN_ROUTE_PLAN_H
#define SN_ROUTE_PLAN_H

#include "src/config/config.h"
#include "src/route/history.h"
#include "src/store/conversation.h"
#include "src/store/outbox.h"

typedef enum { SN_AVAILABLE, SN_NOT_AVAILABLE, SN_AVAILABILITY_UNKNOWN } SnAvailability;

typedef enum {
	SN_PLAN_READY,        /* can be sent as planned */
	SN_PLAN_NEED_ADDRESS, /* no address known on that channel: let the user type one */
	SN_PLAN_NEED_CONFIRM, /* the best address is unconfirmed: one explicit yes first */
	SN_PLAN_NEED_CHOICE,  /* not available, and the rules say ask: the prompt */
	SN_PLAN_IMPOSSIBLE,   /* no account can do that; `text` says why and what to do */
} SnPlanStatus;

typedef struct {
	SnPlanStatus status;
	SnChannel channel;
	gboolean switched;       /* another channel than the message answered */
	SnId account;            /* that sends; 0 when IMPOSSIBLE */
	char *account_name;
	char *from;              /* own address */
	const SnIdentity *identity; /* whose address that is, of the configuration; NULL for IM */
	GPtrArray *recipients;   /* of SnParty; empty when NEED_ADDRESS */
	GPtrArray *candidates;   /* of SnAddress, best first: for NEED_ADDRESS and NEED_CONFIRM */
	SnAvailability availability;
	SnPresenceShow show;     /* IM only */
	SnEncrypt encrypt;       /* as wanted */
	gboolean encrypted;      /* it would go encrypted */
	guint left_out;          /* ... but not for so many of the contact's devices; IM only */
	gboolean recommended;    /* ... because the keys of all recommend it (recommend.h) */
	gboolean sign;           /* it is to be signed */
	SnRule action;           /* when not available: what the wish, rule or account says, or ASK */
	char *action_origin;     /* "bob asked for it", "your rule for bob", ...; NULL */
	char *text;              /* mode line: "IM to bob@example.org, online 5 min" */
} SnPlan;
void sn_plan_free(SnPlan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SnPlan, sn_plan_free)

typedef struct {
	SnId conversation;    /* required */
	SnId reply_to;        /* 0: the newest message from the other side decides */
	SnReplyMode mode;     /* AUTO: the conversation's own; then IM while an IM of ours still waits,
	                       * else the channel answered if deliverable */
	const char *address;  /* the user named this address; NULL */
	SnWhom whom;          /* mail: whom of those on the message; where none is answered in particular,
	                         SN_WHOM_SENDER is everybody in a group, and a list in its conversation */
	const char *sender;   /* own address to write from; NULL: the one that was written to */
	SnEncrypt encrypt;    /* REQUIRED without a way to encrypt: it waits, and the text says so */
	SnSign sign;
	const GPtrArray *also; /* of SnParty: who gets it besides, as typed into Cc and Bcc; NULL */
} SnPlanRequest;

/* Never NULL. Reads a few rows; fit for the UI thread. */
SnPlan *sn_plan_reply(SnStore *store, const SnConfig *config, const SnPlanRequest *request,
                      const SnClock *clock);

/*
 * Where a person can be reached by IM now, and why: the best of all confirmed addresses, own
 * accounts and clients under the policy. The plan, the engine and the person's view all ask here;
 * the list shows the same presence (sn_person_presence()).
 */
typedef struct {
	SnAvailability availability;
	SnId address;       /* to use; 0: the person has no confirmed IM address */
	char *value;        /* its JID; NULL */
	SnId account;       /* own account that knows; 0 */
	SnPresenceShow show;
	SnPresenceWhy why;  /* when UNKNOWN */
	char *resource;     /* the client that decides; "" none */
	char *status;       /* NULL */
	int priority;
	SnTime since, seen; /* 0 not known */
	gboolean quiet;     /* within quiet hours */
	SnTime until;       /* their end; 0: never, or not quiet */
	char *origin;       /* whose policy made it not available; NULL: that of the settings */
	char *text;         /* "online for 5 min, quiet hours until 07:00 (your rule for Bob)" */
} SnWhereabouts;
void sn_whereabouts_free(SnWhereabouts *whereabouts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SnWhereabouts, sn_whereabouts_free)
/* address: only this one; 0: all of the person. Never NULL. */
SnWhereabouts *sn_whereabouts(SnStore *store, const SnConfig *config, SnId person, SnId address,
                              const SnClock *clock);

/* The same for one IM address, with words ("away for 2 h"); show, text may be NULL. */
SnAvailability sn_plan_availability(SnStore *store, const SnConfig *config, SnId address,
                                    const SnClock *clock, SnPresenceShow *show, char **text);
/* What to do for this person when not available: wish, person's rule, account, setting. */
SnRule sn_plan_rule(SnStore *store, const SnConfig *config, SnId person, SnId account,
                    char **origin);

/* The subject for an email in this conversation ("Re: ..." of the thread, or the first line). */
char *sn_plan_subject(SnStore *store, SnId conversation, SnId reply_to, const char *body);

#endif
