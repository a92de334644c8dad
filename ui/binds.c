/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/binds.h"

#include <string.h>

#include "src/base/error.h"

typedef struct {
	const char *context;  /* interned */
	GArray *keys;
	char *command;
	const char *meaning;  /* NULL: from a file */
} Bind;

struct sn_binds {
	GPtrArray *binds; /* of Bind */
};

static const char *const contexts_known[] = {
	"global", "list",    "timeline", "compose", "compose-im", "compose-mail", "view",
	"outbox", "person",  "accounts", "search",  "folders",    "log",          "help",
	"message", "history", "prompt",   "files",   "devices",    "index",        "parts",
};

static void bind_free(gpointer data)
{
	Bind *bind = data;

	g_array_unref(bind->keys);
	g_free(bind->command);
	g_free(bind);
}

static gboolean same_keys(const GArray *a, const GArray *b)
{
	return a->len == b->len && memcmp(a->data, b->data, a->len * sizeof(SnKey)) == 0;
}

/* Takes keys and command. An empty command only removes. */
static void set_bind(SnBinds *binds, const char *context, GArray *keys, char *command,
                     const char *meaning)
{
	Bind *bind;

	for (guint i = 0; i < binds->binds->len; i++) {
		bind = g_ptr_array_index(binds->binds, i);
		if (strcmp(bind->context, context) == 0 && same_keys(bind->keys, keys)) {
			g_ptr_array_remove_index(binds->binds, i);
			break;
		}
	}
	if (!*command) {
		g_array_unref(keys);
		g_free(command);
		return;
	}
	g_assert(keys->len > 0);
	bind = g_new0(Bind, 1);
	*bind = (Bind){ g_intern_string(context), keys, command, meaning };
	g_ptr_array_add(binds->binds, bind);
}

SnBinds *sn_binds_new(void)
{
	SnBinds *binds = g_new0(SnBinds, 1);

	binds->binds = g_ptr_array_new_with_free_func(bind_free);
	for (const SnDefaultBind *entry = sn_default_binds; entry->context; entry++) {
		g_autoptr(GError) error = NULL;
		GArray *keys = sn_keys_parse(entry->keys, &error);
		g_assert_no_error(error);
		set_bind(binds, entry->context, keys, g_strdup(entry->command), entry->meaning);
	}
	return binds;
}

void sn_binds_free(SnBinds *binds)
{
	if (!binds)
		return;
	g_ptr_array_unref(binds->binds);
	g_free(binds);
}

static gboolean known_context(const char *name)
{
	for (gsize i = 0; i < G_N_ELEMENTS(contexts_known); i++)
		if (strcmp(contexts_known[i], name) == 0)
			return TRUE;
	return FALSE;
}

/* ":reply all<Enter>" and "reply all" are the same. */
static char *plain_command(const char *value)
{
	char *command = g_strdup(*value == ':' ? value + 1 : value);

	if (g_str_has_suffix(command, "<Enter>"))
		command[strlen(command) - strlen("<Enter>")] = 0;
	return g_strstrip(command);
}

static gboolean parse_line(SnBinds *binds, char *line, char **context, GError **error)
{
	char *equals;
	GArray *keys;

	if (*line == '[') {
		char *close = strchr(line, ']');
		if (close)
			*close = 0;
		if (!close || !known_context(line + 1)) {
			g_autofree char *all = g_strjoinv(" ", (char **)contexts_known);
			g_set_error(error, SN_ERROR, SN_ERROR_CONFIG,
			            "There is no section [%s]. Sections: %.*s", line + 1, 200, all);
			return FALSE;
		}
		g_free(*context);
		*context = g_strdup(line + 1);
		return TRUE;
	}
	/* '=' can be bound itself, as <Equal> */
	equals = strchr(line, '=');
	if (!equals) {
		g_set_error(error, SN_ERROR, SN_ERROR_CONFIG, "This should read 'keys = :command'.");
		return FALSE;
	}
	*equals = 0;
	g_strstrip(line);
	keys = sn_keys_parse(line, error);
	if (!keys)
		return FALSE;
	set_bind(binds, *context, keys, plain_command(g_strstrip(equals + 1)), NULL);
	return TRUE;
}

static gboolean parse_into(SnBinds *binds, const char *text, const char *origin, GError **error)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	g_autofree char *context = g_strdup("global");
	int number = 0;

	for (char **line = lines; *line; line++) {
		number++;
		g_strstrip(*line);
		if (!**line || **line == '#' || **line == ';')
			continue;
		if (!parse_line(binds, *line, &context, error)) {
			g_prefix_error(error, "%s:%d: ", origin, number);
			if (error && *error)
				(*error)->code = SN_ERROR_CONFIG;
			return FALSE;
		}
	}
	return TRUE;
}

gboolean sn_binds_parse(SnBinds *binds, const char *text, const char *origin, GError **error)
{
	SnBinds trial = { g_ptr_array_new_with_free_func(bind_free) };
	GPtrArray *old;

	for (guint i = 0; i < binds->binds->len; i++) {
		Bind *bind = g_ptr_array_index(binds->binds, i);
		set_bind(&trial, bind->context, g_array_ref(bind->keys), g_strdup(bind->command),
		         bind->meaning);
	}
	if (!parse_into(&trial, text, origin, error)) {
		g_ptr_array_unref(trial.binds);
		return FALSE;
	}
	old = binds->binds;
	binds->binds = trial.binds;
	g_ptr_array_unref(old);
	return TRUE;
}

SnBindResult sn_binds_lookup(const SnBinds *binds, const char *const *contexts, const SnKey *keys,
                             gsize count, const char **command)
{
	g_assert(count > 0);
	for (; *contexts; contexts++) {
		gboolean prefix = FALSE;
		for (guint i = 0; i < binds->binds->len; i++) {
			const Bind *bind = g_ptr_array_index(binds->binds, i);
			if (bind->keys->len < count || strcmp(bind->context, *contexts) != 0 ||
			    memcmp(bind->keys->data, keys, count * sizeof(SnKey)) != 0)
				continue;
			if (bind->keys->len == count) {
				*command = bind->command;
				return SN_BIND_FOUND;
			}
			prefix = TRUE;
		}
		if (prefix)
			return SN_BIND_PREFIX;
	}
	return SN_BIND_NONE;
}

char *sn_binds_keys_of(const SnBinds *binds, const char *const *contexts, const char *command)
{
	for (; *contexts; contexts++) {
		const Bind *best = NULL;
		for (guint i = 0; i < binds->binds->len; i++) {
			const Bind *bind = g_ptr_array_index(binds->binds, i);
			if (strcmp(bind->context, *contexts) == 0 && strcmp(bind->command, command) == 0 &&
			    (!best || bind->keys->len < best->keys->len))
				best = bind;
		}
		if (best)
			return sn_keys_label((const SnKey *)best->keys->data, best->keys->len);
	}
	return NULL;
}

void sn_binds_each(const SnBinds *binds, SnBindVisit visit, gpointer data)
{
	for (gsize c = 0; c < G_N_ELEMENTS(contexts_known); c++)
		for (guint i = 0; i < binds->binds->len; i++) {
			const Bind *bind = g_ptr_array_index(binds->binds, i);
			g_autofree char *keys = NULL;
			if (strcmp(bind->context, contexts_known[c]) != 0)
				continue;
			keys = sn_keys_format((const SnKey *)bind->keys->data, bind->keys->len);
			visit(bind->context, keys, bind->command, bind->meaning, data);
		}
}
