/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/engine/machine.h"

typedef struct {
	SnState from;
	SnDeliveryEvent event;
	SnState to;
	SnDeliveryEffect effect;
} Row;

static const Row rows[] = {
#define X(from, event, to, effect)                                                              \
	{ SN_STATE_##from, SN_DELIVERY_##event, SN_STATE_##to, SN_EFFECT_##effect },
	SN_DELIVERY_TABLE(X)
#undef X
};

SnDeliveryStep sn_machine_step(SnState state, SnDeliveryEvent event)
{
	g_assert((guint)event < SN_DELIVERY_EVENT_COUNT);
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
		if (rows[i].from == state && rows[i].event == event)
			return (SnDeliveryStep){ rows[i].to, rows[i].effect, TRUE };
	return (SnDeliveryStep){ state, SN_EFFECT_NONE, FALSE };
}

const char *sn_delivery_event_word(SnDeliveryEvent event)
{
	static const char *const words[] = {
#define X(name, word, meaning) [SN_DELIVERY_##name] = word,
		SN_DELIVERY_EVENT_TABLE(X)
#undef X
	};

	g_assert((guint)event < G_N_ELEMENTS(words));
	return words[event];
}

const char *sn_delivery_effect_word(SnDeliveryEffect effect)
{
	static const char *const words[] = {
#define X(name, word, meaning) [SN_EFFECT_##name] = word,
		SN_DELIVERY_EFFECT_TABLE(X)
#undef X
	};

	g_assert((guint)effect < G_N_ELEMENTS(words));
	return words[effect];
}

gboolean sn_machine_is_final(SnState state)
{
	switch (state) {
	case SN_STATE_QUEUED:
	case SN_STATE_SENDING:
	case SN_STATE_WAITING:
	case SN_STATE_ASKED: return FALSE;
	default: return TRUE;
	}
}
