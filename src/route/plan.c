/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A reply is planned in steps: what it answers, on which channel, to which address, by which
 * account, and what the presence of the recipient makes of it.
 *
 * Unknown presence (no subscription) is not "not available": the contact's server keeps an IM for
 * later (XEP-0160), while waiting for a presence that is never told would keep it for ever. So such
 * an IM is sent, and the text says that the presence is unknown.
 */
#include "src/route/plan.h"

#include <string.h>

#include "src/route/plan_private.h"
#include "src/route/thread.h"
#include "src/store/omemo.h"

void sn_plan_free(SnPlan *plan)
{
	if (!plan)
		return;
	g_free(plan->account_name);
	g_free(plan->from);
	g_ptr_array_unref(plan->recipients);
	g_ptr_array_unref(plan->candidates);
	g_free(plan->action_origin);
	g_free(plan->text);
	g_free(plan);
}

static void party_free(gpointer data)
{
	SnParty *party = data;

	g_free(party->address);
	g_free(party->name);
	g_free(party);
}

static SnPlan *plan_new(void)
{
	SnPlan *plan = g_new0(SnPlan, 1);

	plan->recipients = g_ptr_array_new_with_free_func(party_free);
	plan->candidates = g_ptr_array_new_with_free_func((GDestroyNotify)sn_address_free);
	plan->availability = SN_AVAILABILITY_UNKNOWN;
	plan->action = SN_RULE_SEND;
	return plan;
}

/* ---- what is answered, and who that is ---- */

static gboolean planner_init(SnPlanner *self)
{
	SnId id = self->request->conversation;

	self->conversation = sn_conversation_get(self->store, id);
	self->answered = self->request->reply_to
		? sn_message_get(self->store, self->request->reply_to, SN_MESSAGE_FULL)
		: sn_thread_newest(self->store, id);
	if (!self->conversation)
		return FALSE;
	self->person = self->conversation->person;
	if (!self->person && self->answered && self->answered->direction == SN_IN) {
		g_autoptr(SnAddress) sender = sn_address_get(self->store, self->answered->sender);
		self->person = sender ? sender->person : 0;
	}
	self->addresses = self->person ? sn_person_addresses(self->store, self->person) : NULL;
	if (!self->addresses)
		self->addresses = g_ptr_array_new();
	sn_plan_choose_im(self);
	return TRUE;
}

static void planner_clear(SnPlanner *self)
{
	sn_conversation_free(self->conversation);
	sn_message_free(self->answered);
	if (self->addresses)
		g_ptr_array_unref(self->addresses);
	g_free(self->instead);
}

/* ---- the channel ---- */

static gboolean can_send(const SnPlanner *self, SnChannel channel)
{
	const SnAddress *address = sn_plan_confirmed(self, channel);

	return address && sn_plan_account(self, channel, address->id);
}

static SnAvailability availability(const SnPlanner *self, SnChannel channel)
{
	const SnAddress *address = sn_plan_confirmed(self, channel);

	if (channel == SN_CHANNEL_MAIL)
		return SN_AVAILABLE;
	return address ? sn_plan_availability(self->store, self->config, address->id, self->clock,
	                                      NULL, NULL)
	               : SN_AVAILABILITY_UNKNOWN;
}

/* A rule that says more than "ask" has settled what happens with an IM that cannot arrive now. */
static gboolean is_settled(const SnPlanner *self)
{
	const SnAddress *address = sn_plan_confirmed(self, SN_CHANNEL_IM);
	const SnAccount *account = sn_plan_account(self, SN_CHANNEL_IM, address->id);
	SnId id = sn_account_find(self->store, account->name);

	return sn_plan_rule(self->store, self->config, self->person, id, NULL) != SN_RULE_ASK;
}

static SnChannel first_contact(const SnPlanner *self)
{
	if (can_send(self, SN_CHANNEL_IM) && availability(self, SN_CHANNEL_IM) == SN_AVAILABLE)
		return SN_CHANNEL_IM;
	for (guint i = 0; i < self->addresses->len; i++)
		if (((SnAddress *)self->addresses->pdata[i])->channel == SN_CHANNEL_MAIL)
			return SN_CHANNEL_MAIL;
	return self->addresses->len ? SN_CHANNEL_IM : SN_CHANNEL_MAIL;
}

/* What was written last is an IM of ours that has not gone yet: what is written now follows it. */
static gboolean goes_on_by_im(const SnPlanner *self)
{
	SnTime since = self->request->reply_to
		? 0
		: sn_outbox_open_since(self->store, self->conversation->id, SN_CHANNEL_IM);

	return since && can_send(self, SN_CHANNEL_IM) &&
	       (!self->answered || self->answered->time <= since);
}

static SnChannel auto_channel(const SnPlanner *self)
{
	SnChannel first = self->answered ? self->answered->channel : first_contact(self);
	SnChannel other = first == SN_CHANNEL_IM ? SN_CHANNEL_MAIL : SN_CHANNEL_IM;

	if (self->conversation->kind == SN_CONV_ROOM)
		return SN_CHANNEL_IM;
	if (self->conversation->kind != SN_CONV_PERSON)
		return first;
	if (goes_on_by_im(self))
		return SN_CHANNEL_IM;
	if (can_send(self, first)) {
		if (availability(self, first) != SN_NOT_AVAILABLE || is_settled(self))
			return first;
	}
	return can_send(self, other) ? other : first;
}

/* A named address that is known on one channel only says which one. */
static gboolean channel_of_named(const SnPlanner *self, SnChannel *channel)
{
	g_autofree char *mail = sn_address_normalise(SN_CHANNEL_MAIL, self->request->address);
	g_autofree char *im = sn_address_normalise(SN_CHANNEL_IM, self->request->address);
	g_autoptr(SnAddress) as_mail =
		mail ? sn_address_find(self->store, SN_CHANNEL_MAIL, mail) : NULL;
	g_autoptr(SnAddress) as_im = im ? sn_address_find(self->store, SN_CHANNEL_IM, im) : NULL;

	if (!as_mail == !as_im)
		return FALSE;
	*channel = as_im ? SN_CHANNEL_IM : SN_CHANNEL_MAIL;
	return TRUE;
}

static SnChannel choose_channel(const SnPlanner *self)
{
	SnReplyMode mode = self->request->mode;
	SnChannel channel;

	if (mode == SN_MODE_AUTO && self->request->address && channel_of_named(self, &channel))
		return channel;
	if (mode == SN_MODE_AUTO)
		mode = self->conversation->reply_mode;
	if (mode == SN_MODE_AUTO)
		return auto_channel(self);
	return mode == SN_MODE_IM ? SN_CHANNEL_IM : SN_CHANNEL_MAIL;
}

/* ---- what happens ---- */

static void set_account(const SnPlanner *self, SnPlan *plan, SnId address)
{
	const SnAccount *account = sn_plan_account(self, plan->channel, address);
	gboolean im = plan->channel == SN_CHANNEL_IM;

	if (!account) {
		plan->status = SN_PLAN_IMPOSSIBLE;
		plan->text = g_strdup_printf("No account can send %s: add \"%s = ...\" to an "
		                             "account in accounts.conf",
		                             im ? "IMs" : "email", im ? "im" : "outgoing");
		return;
	}
	plan->account = sn_account_find(self->store, account->name);
	plan->account_name = g_strdup(account->name);
	plan->identity = im ? NULL : sn_plan_identity(self, account);
	plan->from = g_strdup(im ? account->im.user : plan->identity->address);
}

/* What the rules make of a contact who is not available. */
static void set_action(const SnPlanner *self, SnPlan *plan)
{
	plan->action = sn_plan_rule(self->store, self->config, self->person, plan->account,
	                            &plan->action_origin);
	if (plan->action == SN_RULE_ASK_THEM && plan->show == SN_PRESENCE_OFFLINE)
		plan->action = SN_RULE_DEFER; /* nobody there to ask */
	if (plan->action == SN_RULE_MAIL && !can_send(self, SN_CHANNEL_MAIL)) {
		plan->action = SN_RULE_ASK;
		g_clear_pointer(&plan->action_origin, g_free);
	}
	if (plan->action == SN_RULE_ASK || plan->action == SN_RULE_DEFAULT) {
		plan->action = SN_RULE_ASK;
		plan->status = SN_PLAN_NEED_CHOICE;
	}
}

static void set_availability(const SnPlanner *self, SnPlan *plan, SnId address)
{
	g_autofree char *presence = NULL;
	const SnAddress *mail = sn_plan_confirmed(self, SN_CHANNEL_MAIL);

	if (!sn_plan_connected(self, plan->account_name))
		presence = g_strdup("not connected: goes when the connection is back");
	else if (self->conversation->kind != SN_CONV_ROOM && address)
		plan->availability = sn_plan_availability(self->store, self->config, address,
		                                          self->clock, &plan->show, &presence);
	else if (self->conversation->kind != SN_CONV_ROOM)
		presence = g_strdup("presence unknown");
	if (plan->availability == SN_NOT_AVAILABLE)
		set_action(self, plan);
	sn_plan_describe(self, plan, presence, mail ? mail->value : NULL);
}

static void make_plan(const SnPlanner *self, SnPlan *plan)
{
	plan->channel = choose_channel(self);
	plan->switched = self->answered && self->answered->channel != plan->channel;
	if (self->conversation->kind == SN_CONV_ROOM && plan->channel == SN_CHANNEL_MAIL) {
		plan->status = SN_PLAN_IMPOSSIBLE;
		plan->text = g_strdup("A room takes no email: reply by IM");
		return;
	}
	SnId address = sn_plan_recipients(self, plan);
	set_account(self, plan, address);
	if (plan->status == SN_PLAN_IMPOSSIBLE)
		return;
	if (plan->status == SN_PLAN_READY && plan->channel == SN_CHANNEL_IM) {
		set_availability(self, plan, address);
		return;
	}
	if (plan->status == SN_PLAN_READY)
		plan->availability = SN_AVAILABLE;
	sn_plan_describe(self, plan, NULL, NULL);
}

/* "encrypted IM to bob, away for 2 h: will wait": first, because a narrow screen cuts off the end. */
static void say_encryption(SnPlan *plan, const char *word, const char *besides)
{
	g_autofree char *text = g_steal_pointer(&plan->text);

	plan->text = besides ? g_strdup_printf("%s (%s) %s", word, besides, text)
	                     : g_strdup_printf("%s %s", word, text);
}

static void say_devices(SnPlan *plan, const SnOmemoOutlook *outlook)
{
	g_autofree char *left_out = g_strdup_printf("%u device%s left out", outlook->left_out,
	                                            outlook->left_out == 1 ? "" : "s");

	plan->encrypted = TRUE;
	plan->left_out = outlook->left_out;
	say_encryption(plan, "encrypted",
	               outlook->left_out                         ? left_out
	               : outlook->verified == outlook->devices ? "verified"
	                                                       : NULL);
}

/* Also a word in private to somebody there. */
static gboolean is_in_room(SnStore *store, const SnPlanRequest *request)
{
	g_autoptr(SnConversation) conversation = sn_conversation_get(store, request->conversation);

	return conversation && conversation->kind == SN_CONV_ROOM;
}

/* Devices are looked at once more when it goes; here is what is known of them. FALSE: it cannot go
 * encrypted now, and may not go otherwise. */
static gboolean set_im_encryption(SnStore *store, const SnPlanRequest *request, SnPlan *plan)
{
	const SnParty *to = plan->recipients->len == 1 ? plan->recipients->pdata[0] : NULL;

	if (!to)
		return request->encrypt != SN_ENCRYPT_REQUIRED;
	SnOmemoOutlook outlook = sn_omemo_outlook(store, plan->account, to->address);
	if (outlook.mode == SN_OMEMO_ALWAYS && plan->encrypt != SN_ENCRYPT_CLEAR)
		plan->encrypt = SN_ENCRYPT_REQUIRED;
	gboolean must = plan->encrypt == SN_ENCRYPT_REQUIRED;
	if (!must && !outlook.own)
		return TRUE; /* nothing is known of encryption here */
	if (!must && (outlook.mode == SN_OMEMO_OFF || plan->encrypt == SN_ENCRYPT_CLEAR))
		say_encryption(plan, "unencrypted", "you set it");
	else if (outlook.devices && outlook.own)
		say_devices(plan, &outlook);
	else if (must || outlook.used)
		return FALSE;
	else if (outlook.known)
		say_encryption(plan, "unencrypted", NULL);
	else
		say_encryption(plan, "encrypted", "if possible");
	return TRUE;
}

/* Whether there are keys for an email shows when it goes: until then it waits. An IM that cannot be
 * encrypted and has to be waits, whoever is available. */
static void set_encryption(SnStore *store, const SnConfig *config, const SnPlanRequest *request,
                           SnPlan *plan)
{
	gboolean ready = plan->status == SN_PLAN_READY || plan->status == SN_PLAN_NEED_CHOICE;

	plan->encrypt = request->encrypt;
	if (plan->channel == SN_CHANNEL_MAIL && ready) {
		sn_plan_mail_encryption(store, config, request, plan);
		return;
	}
	if (!ready || plan->channel != SN_CHANNEL_IM)
		return;
	gboolean room = is_in_room(store, request);
	if (sn_config_settings(config)->im_omemo && !room
	            ? set_im_encryption(store, request, plan)
	            : request->encrypt != SN_ENCRYPT_REQUIRED) {
		if (room)
			say_encryption(plan, "unencrypted", NULL);
		return;
	}
	g_autofree char *text = g_steal_pointer(&plan->text);
	char *colon = strstr(text, ": ");
	if (colon)
		*colon = '\0';
	plan->text = g_strdup_printf("%s: no encryption %s yet, will wait", text,
	                             room ? "in rooms" : "for this contact");
	plan->status = SN_PLAN_READY;
	plan->action = SN_RULE_DEFER;
}

SnPlan *sn_plan_reply(SnStore *store, const SnConfig *config, const SnPlanRequest *request,
                      const SnClock *clock)
{
	SnPlan *plan = plan_new();
	SnPlanner self = {
		.store = store, .config = config, .request = request, .clock = clock
	};

	g_assert(request->conversation);
	if (planner_init(&self)) {
		make_plan(&self, plan);
	} else {
		plan->status = SN_PLAN_IMPOSSIBLE;
		plan->text = g_strdup("This conversation is gone");
	}
	planner_clear(&self);
	set_encryption(store, config, request, plan);
	g_assert(plan->text);
	return plan;
}
