/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wish.c - wishes are settings with a prefix: few, small, and in the same durable place. */
#include "src/store/wish.h"

#include <string.h>

#include "src/store/statement.h"

static const char *const words[] = {
#define X(name, word) word,
	SN_WISH_TABLE(X)
#undef X
};

void sn_wish_free(SnWish *wish)
{
	if (!wish)
		return;
	g_free(wish->key);
	g_free(wish->value);
	g_free(wish);
}

static char *setting_of(SnWishKind kind, const char *key)
{
	g_assert(kind < G_N_ELEMENTS(words));
	return g_strdup_printf("wish:%s:%s", words[kind], key);
}

gboolean sn_wish_set(SnStore *store, SnWishKind kind, const char *key, const char *value,
                     GError **error)
{
	g_autofree char *setting = setting_of(kind, key);

	return sn_store_set(store, setting, value, error);
}

gboolean sn_wish_file(SnStore *store, SnId message, int position, GError **error)
{
	g_autoptr(SnMessage) of = sn_message_get(store, message, 0);
	gboolean alone = of && of->channel == SN_CHANNEL_MAIL && of->size > SN_WISH_WHOLE_MAX &&
	                 position > 0;
	g_autofree char *key =
		alone ? g_strdup_printf("%" G_GINT64_FORMAT "-%d", message, position)
		      : g_strdup_printf("%" G_GINT64_FORMAT, message);

	return sn_wish_set(store, SN_WISH_FETCH, key, "", error);
}

char *sn_wish_get(SnStore *store, SnWishKind kind, const char *key)
{
	g_autofree char *setting = setting_of(kind, key);

	return sn_store_get(store, setting);
}

gboolean sn_wish_presence(SnStore *store, const char *account, SnPresenceShow *show, char **text)
{
	g_autofree char *own = sn_wish_get(store, SN_WISH_PRESENCE, account);
	g_autofree char *wish = own ? g_steal_pointer(&own) : sn_wish_get(store, SN_WISH_PRESENCE, "");
	g_auto(GStrv) parts = g_strsplit(wish ? wish : "auto", "\t", 2);

	if (text)
		*text = parts[0] && parts[1] && *parts[1] ? g_strdup(parts[1]) : NULL;
	return parts[0] && sn_presence_parse(parts[0], show) && *show != SN_PRESENCE_UNKNOWN;
}

GPtrArray *sn_wish_list(SnStore *store, SnWishKind kind)
{
	GPtrArray *wishes = g_ptr_array_new_with_free_func((GDestroyNotify)sn_wish_free);
	g_autofree char *prefix = setting_of(kind, "");
	/* ';' is the byte after ':': all keys that begin with the prefix, by the primary key */
	g_autofree char *end = g_strdup(prefix);

	end[strlen(end) - 1] = ';';
	SnSql *query = sn_sql(store, "SELECT key, value FROM setting WHERE key >= ?1 AND key < ?2",
	                      V(prefix), V(end));
	while (sn_sql_row(query)) {
		SnWish *wish = g_new0(SnWish, 1);
		wish->key = g_strdup(sn_sql_peek(query, 0) + strlen(prefix));
		wish->value = sn_sql_text(query, 1);
		g_ptr_array_add(wishes, wish);
	}
	sn_sql_drop(query);
	return wishes;
}

char *sn_wish_as_answer(SnWishKind kind, const char *key, const char *value)
{
	g_autofree char *setting = setting_of(kind, key);

	return g_strdup_printf("%s=%s", setting, value);
}

char *sn_wish_answer_key(SnWishKind kind, const char *answer, const char *value)
{
	g_autofree char *prefix = setting_of(kind, ""), *suffix = g_strconcat("=", value, NULL);
	gsize around = strlen(prefix) + strlen(suffix), length = strlen(answer);

	return length > around && g_str_has_prefix(answer, prefix) && g_str_has_suffix(answer, suffix)
	               ? g_strndup(answer + strlen(prefix), length - around)
	               : NULL;
}

/*
 * Only a question of our own may carry a wish: its message has the origin-id "wish". A contact who
 * offers such a value gets it back as text, like any other.
 */
static gboolean is_own_question(SnStore *store, const SnQuestion *question)
{
	g_autoptr(SnMessage) message = sn_message_get(store, question->message, 0);

	/* Emails cannot ask such questions: what stands on one is ours. */
	return message && (message->channel == SN_CHANNEL_MAIL ||
	                   (message->origin_id && g_str_has_prefix(message->origin_id, "wish:")));
}

gboolean sn_question_answer(SnStore *store, const SnQuestion *question, const char *value,
                            GError **error)
{
	gboolean own = is_own_question(store, question) && g_str_has_prefix(value, "wish:");
	const char *equals = own ? strrchr(value, '=') : NULL;
	g_autofree char *setting = equals ? g_strndup(value, (gsize)(equals - value)) : NULL;

	if (!sn_store_begin(store, error))
		return FALSE;
	if ((setting && !sn_store_set(store, setting, equals + 1, error)) ||
	    !sn_question_close(store, question->id, error)) {
		sn_store_rollback(store);
		return FALSE;
	}
	return sn_store_commit(store, error) && setting;
}
