/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "src/route/plan_private.h"

static void add(SnPlan *plan, SnRole role, const char *address, const char *name)
{
	for (guint i = 0; i < plan->recipients->len; i++)
		if (strcmp(((SnParty *)plan->recipients->pdata[i])->address, address) == 0)
			return;
	SnParty *party = g_new0(SnParty, 1);
	party->role = role;
	party->address = g_strdup(address);
	party->name = g_strdup(name);
	g_ptr_array_add(plan->recipients, party);
}

/* TRUE when the message answered came from, or went to, this address. */
static gboolean was_used(const SnMessage *answered, const SnAddress *address)
{
	if (!answered || answered->channel != address->channel)
		return FALSE;
	if (answered->direction == SN_IN)
		return answered->sender == address->id;
	for (guint i = 0; answered->parties && i < answered->parties->len; i++) {
		const SnParty *party = answered->parties->pdata[i];
		if (party->role == SN_ROLE_TO && strcmp(party->address, address->value) == 0)
			return TRUE;
	}
	return FALSE;
}

static const SnAddress *usual(const SnPlanner *self, SnChannel channel)
{
	const SnAddress *best = NULL;

	for (guint i = 0; i < self->addresses->len; i++) {
		const SnAddress *address = self->addresses->pdata[i];
		if (address->channel != channel || !address->confirmed)
			continue;
		if (was_used(self->answered, address))
			return address;
		if (!best)
			best = address;
	}
	return best;
}

const SnAddress *sn_plan_confirmed(const SnPlanner *self, SnChannel channel)
{
	return channel == SN_CHANNEL_IM ? self->im : usual(self, channel);
}

static const SnAddress *by_id(const SnPlanner *self, SnId id)
{
	for (guint i = 0; i < self->addresses->len; i++) {
		const SnAddress *address = self->addresses->pdata[i];
		if (address->id == id && address->confirmed)
			return address;
	}
	return NULL;
}

void sn_plan_choose_im(SnPlanner *self)
{
	const SnAddress *first = usual(self, SN_CHANNEL_IM);

	self->im = first;
	if (!first || !self->person)
		return;
	g_autoptr(SnWhereabouts) there =
		sn_whereabouts(self->store, self->config, self->person, first->id, self->clock);
	/* who wrote from there just now can be answered there, known or not */
	if (there->availability == SN_AVAILABLE ||
	    (there->availability == SN_AVAILABILITY_UNKNOWN && was_used(self->answered, first)))
		return;
	g_autoptr(SnWhereabouts) best =
		sn_whereabouts(self->store, self->config, self->person, 0, self->clock);
	const SnAddress *other = best->availability == SN_AVAILABLE ? by_id(self, best->address)
	                                                            : NULL;
	if (!other || other == first)
		return;
	self->im = other;
	self->instead = g_strdup_printf(", as %s is %s", first->value, there->text);
}

static SnAddress *address_copy(const SnAddress *from)
{
	SnAddress *copy = g_memdup2(from, sizeof *from);

	copy->value = g_strdup(from->value);
	copy->name = g_strdup(from->name);
	copy->evidence = g_strdup(from->evidence);
	return copy;
}

/* Where the author wants answers to all, or to the list, to go; else the list's own address. */
static gboolean add_named(const SnPlanner *self, SnPlan *plan, SnRole role)
{
	const GPtrArray *parties = self->answered->parties;
	guint before = plan->recipients->len;

	for (guint i = 0; parties && i < parties->len; i++) {
		const SnParty *party = parties->pdata[i];
		if (party->role == role &&
		    !sn_address_is_own(self->store, SN_CHANNEL_MAIL, party->address))
			add(plan, SN_ROLE_TO, party->address, party->name);
	}
	return plan->recipients->len > before;
}

/* Lists that say nothing of where to post are written to like everybody else on the email. */
static gboolean add_list(const SnPlanner *self, SnPlan *plan)
{
	const GPtrArray *parties = self->answered->parties;

	if (add_named(self, plan, SN_ROLE_FOLLOWUP) || add_named(self, plan, SN_ROLE_LIST_POST))
		return TRUE;
	for (guint i = 0; self->answered->list_id && parties && i < parties->len; i++) {
		const SnParty *party = parties->pdata[i];
		if ((party->role == SN_ROLE_TO || party->role == SN_ROLE_CC) &&
		    !sn_address_is_own(self->store, SN_CHANNEL_MAIL, party->address))
			add(plan, SN_ROLE_TO, party->address, party->name);
	}
	return plan->recipients->len > 0;
}

/* Everybody on the email answered: its author (or Reply-To) and To as To, Cc as Cc, not the user. */
static void add_everybody(const SnPlanner *self, SnPlan *plan, gboolean all)
{
	const SnMessage *answered = self->answered;
	const GPtrArray *parties = answered->parties;
	gboolean redirected = FALSE;

	for (guint i = 0; parties && answered->direction == SN_IN && i < parties->len; i++) {
		const SnParty *party = parties->pdata[i];
		if (party->role != SN_ROLE_REPLY_TO)
			continue;
		add(plan, SN_ROLE_TO, party->address, party->name);
		redirected = TRUE;
	}
	if (!redirected && answered->direction == SN_IN && answered->sender_value)
		add(plan, SN_ROLE_TO, answered->sender_value, answered->sender_name);
	for (guint i = 0; parties && i < parties->len; i++) {
		const SnParty *party = parties->pdata[i];
		gboolean wanted = party->role == SN_ROLE_TO || party->role == SN_ROLE_CC;
		if (wanted && (all || answered->direction == SN_OUT) &&
		    !sn_address_is_own(self->store, SN_CHANNEL_MAIL, party->address))
			add(plan, party->role, party->address, party->name);
	}
}

/* Members of a group that has no message to answer. */
static void add_members(const SnPlanner *self, SnPlan *plan)
{
	g_autoptr(GPtrArray) members =
		sn_conversation_members(self->store, self->conversation->id);

	for (guint i = 0; members && i < members->len; i++) {
		const SnAddress *member = members->pdata[i];
		if (member->channel == SN_CHANNEL_MAIL)
			add(plan, SN_ROLE_TO, member->value, member->name);
	}
}

/* The user named an address: taken as it is, unless it is a claim that nobody confirmed yet. */
static SnId use_named(const SnPlanner *self, SnPlan *plan)
{
	g_autofree char *value = sn_address_normalise(plan->channel, self->request->address);

	if (!value) {
		plan->status = SN_PLAN_NEED_ADDRESS;
		return 0;
	}
	for (guint i = 0; i < self->addresses->len; i++) {
		const SnAddress *address = self->addresses->pdata[i];
		if (address->channel != plan->channel || strcmp(address->value, value) != 0)
			continue;
		if (!address->confirmed) {
			g_ptr_array_add(plan->candidates, address_copy(address));
			plan->status = SN_PLAN_NEED_CONFIRM;
			return 0;
		}
		add(plan, SN_ROLE_TO, address->value, address->name);
		return address->id;
	}
	g_autoptr(SnAddress) known = sn_address_find(self->store, plan->channel, value);
	add(plan, SN_ROLE_TO, value, known ? known->name : NULL);
	return known ? known->id : 0;
}

static SnId use_person(const SnPlanner *self, SnPlan *plan)
{
	const SnAddress *best = sn_plan_confirmed(self, plan->channel);

	if (best) {
		add(plan, SN_ROLE_TO, best->value, best->name);
		return best->id;
	}
	for (guint i = 0; i < self->addresses->len; i++) {
		const SnAddress *address = self->addresses->pdata[i];
		if (address->channel == plan->channel)
			g_ptr_array_add(plan->candidates, address_copy(address));
	}
	plan->status = plan->candidates->len ? SN_PLAN_NEED_CONFIRM : SN_PLAN_NEED_ADDRESS;
	return 0;
}

/* What answers no message in particular is for all whose conversation it is. */
static SnWhom whom_of(const SnPlanner *self)
{
	if (self->request->whom != SN_WHOM_SENDER || self->request->reply_to)
		return self->request->whom;
	return self->conversation->kind == SN_CONV_GROUP  ? SN_WHOM_ALL
	       : self->conversation->kind == SN_CONV_LIST ? SN_WHOM_LIST
	                                                  : SN_WHOM_SENDER;
}

SnId sn_plan_recipients(const SnPlanner *self, SnPlan *plan)
{
	const SnConversation *conversation = self->conversation;
	SnWhom whom = whom_of(self);
	gboolean several = conversation->kind == SN_CONV_GROUP ||
	                   conversation->kind == SN_CONV_LIST || whom != SN_WHOM_SENDER;

	if (self->request->address)
		return use_named(self, plan);
	if (conversation->kind == SN_CONV_ROOM) {
		g_autoptr(SnAddress) room =
			sn_address_find(self->store, SN_CHANNEL_IM, conversation->key);
		add(plan, SN_ROLE_TO, conversation->key, conversation->title);
		return room ? room->id : 0;
	}
	if (plan->channel == SN_CHANNEL_MAIL && self->answered &&
	    self->answered->channel == SN_CHANNEL_MAIL) {
		if (whom == SN_WHOM_LIST && add_list(self, plan))
			return 0;
		if (whom == SN_WHOM_ALL && self->answered->direction == SN_IN &&
		    add_named(self, plan, SN_ROLE_FOLLOWUP))
			return 0;
		gboolean redirected = FALSE;
		const GPtrArray *parties = self->answered->parties;
		for (guint i = 0; parties && i < parties->len; i++)
			redirected |= ((SnParty *)parties->pdata[i])->role == SN_ROLE_REPLY_TO;
		if (several || (redirected && self->answered->direction == SN_IN))
			add_everybody(self, plan, whom != SN_WHOM_SENDER);
	} else if (plan->channel == SN_CHANNEL_MAIL && several && !self->answered) {
		add_members(self, plan);
	}
	return plan->recipients->len ? 0 : use_person(self, plan);
}
