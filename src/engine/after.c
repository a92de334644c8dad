/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * after.c - what follows from filed messages once they are committed: delivery hears of its own,
 * the user of new ones. Nothing of it happens when the transaction is rolled back.
 */
#include "src/engine/sync_private.h"

typedef enum { STEP_SEEN, STEP_REPORT, STEP_INCOMING, STEP_EVIDENCE } StepKind;

typedef struct {
	StepKind kind;
	SnChannel channel;
	SnId row;
	char *id;
	/* REPORT */
	GPtrArray *reports; /* of SnMailReport */
	char *from;
	gboolean from_daemon, old;
} Step;

static void step_free(gpointer data)
{
	Step *step = data;

	g_free(step->id);
	g_free(step->from);
	g_clear_pointer(&step->reports, g_ptr_array_unref);
	g_free(step);
}

SnAfter *sn_after_new(SnEngine *engine)
{
	SnAfter *after = g_new0(SnAfter, 1);

	after->engine = engine;
	after->steps = g_ptr_array_new_with_free_func(step_free);
	return after;
}

void sn_after_free(SnAfter *after)
{
	if (!after)
		return;
	g_ptr_array_unref(after->steps);
	g_free(after);
}

static Step *add(SnAfter *after, StepKind kind)
{
	Step *step = g_new0(Step, 1);

	step->kind = kind;
	g_ptr_array_add(after->steps, step);
	return step;
}

void sn_after_seen(SnAfter *after, SnChannel channel, const char *id)
{
	if (!after->engine || !id)
		return;
	Step *step = add(after, STEP_SEEN);
	step->channel = channel;
	step->id = g_strdup(id);
}

void sn_after_report(SnAfter *after, const SnPrepared *prepared, SnId message, gboolean old)
{
	if (!after->engine)
		return;
	Step *step = add(after, STEP_REPORT);
	step->row = message;
	step->reports = g_ptr_array_ref(prepared->mail->reports);
	step->from = g_strdup(prepared->sender);
	step->from_daemon = prepared->mail->from_daemon;
	step->old = old;
}

void sn_after_incoming(SnAfter *after, SnId message)
{
	if (after->engine)
		add(after, STEP_INCOMING)->row = message;
}

void sn_after_evidence(SnAfter *after, SnId address)
{
	if (after->engine)
		add(after, STEP_EVIDENCE)->row = address;
}

/* The mail system is nobody to talk to: its conversation goes out of sight until it has news again.
 */
static void put_away(SnStore *store, SnId id)
{
	g_autoptr(SnConversation) conversation = sn_conversation_get(store, id);

	if (conversation && !conversation->unread && !conversation->pinned &&
	    !conversation->last_message)
		sn_conversation_set_flags(store, conversation->id, conversation->muted, FALSE, TRUE,
		                          NULL);
}

/* Its meaning is shown on the message it speaks of; nobody has to read it too. */
static void hear(SnEngine *engine, const Step *step)
{
	g_autoptr(SnMessage) report = sn_message_get(engine->store, step->row, 0);
	SnHeard heard = { step->row, step->from, step->from_daemon, step->old };
	SnId about = sn_delivery_hear(engine->delivery, step->reports, &heard);

	if (report && about)
		put_away(engine->store, report->conversation);
}

static void run(SnEngine *engine, const Step *step)
{
	switch (step->kind) {
	case STEP_SEEN: sn_delivery_seen(engine->delivery, step->channel, step->id); break;
	case STEP_REPORT: hear(engine, step); break;
	case STEP_INCOMING: sn_notifier_incoming(engine->core->notifier, step->row); break;
	case STEP_EVIDENCE:
		if (engine->core->book)
			sn_book_ask(engine->core->book, step->row);
		break;
	}
}

void sn_after_run(SnAfter *after)
{
	if (after->steps->len == 0)
		return;
	g_autoptr(GPtrArray) steps = g_steal_pointer(&after->steps);
	after->steps = g_ptr_array_new_with_free_func(step_free);
	for (guint i = 0; i < steps->len; i++)
		run(after->engine, g_ptr_array_index(steps, i));
}

void sn_after_clear(SnAfter *after)
{
	g_ptr_array_set_size(after->steps, 0);
}
