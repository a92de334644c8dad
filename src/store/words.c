/* SPDX-License-Identifier: GPL-3.0-or-later */
/* words.c - the words of every enumeration, as users, JSON and tests see them. */
#include "src/store/outbox.h"
#include "src/store/sync.h"

static const char *word_at(const char *const *words, gsize count, int value)
{
	g_assert(value >= 0 && (gsize)value < count);
	return words[value];
}

static gboolean parse_word(const char *const *words, gsize count, const char *word, int *value)
{
	for (gsize i = 0; i < count; i++) {
		if (g_strcmp0(words[i], word) != 0)
			continue;
		*value = (int)i;
		return TRUE;
	}
	return FALSE;
}

#define WORDS(name, ...) static const char *const name[] = { __VA_ARGS__ }
#define TO_WORD(function, Type, words)                                                         \
	const char *function(Type value)                                                       \
	{                                                                                      \
		return word_at(words, G_N_ELEMENTS(words), (int)value);                        \
	}
#define FROM_WORD(function, Type, words)                                                       \
	gboolean function(const char *word, Type *value)                                       \
	{                                                                                      \
		int found = 0;                                                                 \
		if (!parse_word(words, G_N_ELEMENTS(words), word, &found))                     \
			return FALSE;                                                          \
		*value = (Type)found;                                                          \
		return TRUE;                                                                   \
	}

WORDS(channels, "mail", "im");
TO_WORD(sn_channel_word, SnChannel, channels)
FROM_WORD(sn_channel_parse, SnChannel, channels)

WORDS(directions, "in", "out");
TO_WORD(sn_direction_word, SnDirection, directions)

static const char *const states[] = {
#define X(name, word) word,
	SN_STATE_TABLE(X)
#undef X
};
TO_WORD(sn_state_word, SnState, states)

static const char *const sources[] = {
#define X(name, word, trusted) word,
	SN_LINK_TABLE(X)
#undef X
};
TO_WORD(sn_link_source_word, SnLinkSource, sources)

static const gboolean trusted_sources[] = {
#define X(name, word, trusted) trusted,
	SN_LINK_TABLE(X)
#undef X
};

gboolean sn_link_source_trusted(SnLinkSource source)
{
	g_assert((gsize)source < G_N_ELEMENTS(trusted_sources));
	return trusted_sources[source];
}

WORDS(rules, "default", "ask", "defer", "mail", "send", "ask-them", "fail");
TO_WORD(sn_rule_word, SnRule, rules)
FROM_WORD(sn_rule_parse, SnRule, rules)

WORDS(presences, "unknown", "offline", "xa", "dnd", "away", "online", "chat");
TO_WORD(sn_presence_word, SnPresenceShow, presences)
FROM_WORD(sn_presence_parse, SnPresenceShow, presences)

WORDS(kinds, "person", "group", "list", "room");
TO_WORD(sn_conversation_kind_word, SnConversationKind, kinds)

WORDS(modes, "auto", "im", "mail");
TO_WORD(sn_reply_mode_word, SnReplyMode, modes)
FROM_WORD(sn_reply_mode_parse, SnReplyMode, modes)

WORDS(requests, "none", "send", "cancel", "convert", "defer", "ask-them", "retry",
      "check", "arrived");
TO_WORD(sn_outbox_request_word, SnOutboxRequest, requests)

WORDS(statuses, "off", "connecting", "online", "syncing", "retrying", "error");
TO_WORD(sn_status_word, SnStatusKind, statuses)
