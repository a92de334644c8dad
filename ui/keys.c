/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/keys.h"

#include <string.h>

#include "src/base/error.h"

static const struct {
	SnKey key;
	const char *text;
} names[] = {
#define X(name, offset, text) { SN_KEY_##name, text },
	SN_KEY_TABLE(X)
#undef X
	/* other spellings, and characters that cannot stand alone in a binds file */
	{ SN_KEY_ENTER, "Return" },
	{ SN_KEY_ENTER, "CR" },
	{ SN_KEY_ESC, "Escape" },
	{ SN_KEY_BACKSPACE, "BS" },
	{ SN_KEY_DELETE, "Del" },
	{ SN_KEY_PGUP, "PageUp" },
	{ SN_KEY_PGDN, "PageDown" },
	{ ' ', "Space" },
	{ '<', "lt" },
	{ '=', "Equal" },
	{ '#', "Hash" },
	{ ';', "Semicolon" },
	{ SN_KEY_SHIFT | SN_KEY_TAB, "Backtab" },
};

gboolean sn_key_is_text(SnKey key)
{
	return key >= ' ' && key < 0x01000000 && key != 0x7f;
}

static gboolean named(const char *text, SnKey *key)
{
	for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
		if (g_ascii_strcasecmp(names[i].text, text) == 0) {
			*key = names[i].key;
			return TRUE;
		}
	if (*text && *(g_utf8_next_char(text)) == 0) {
		*key = g_utf8_get_char(text);
		return TRUE;
	}
	return FALSE;
}

/* The inside of <...>. */
static gboolean parse_bracket(const char *inside, SnKey *key)
{
	SnKey modifiers = 0;

	while (inside[0] && inside[1] == '-' && inside[2]) {
		switch (inside[0]) {
		case 'C':
		case 'c': modifiers |= SN_KEY_CTRL; break;
		case 'A':
		case 'a':
		case 'M':
		case 'm': modifiers |= SN_KEY_ALT; break;
		case 'S':
		case 's': modifiers |= SN_KEY_SHIFT; break;
		default: return FALSE;
		}
		inside += 2;
	}
	if (!named(inside, key))
		return FALSE;
	if (modifiers & SN_KEY_CTRL && *key < 128)
		*key = (SnKey)g_ascii_tolower((char)*key);
	*key |= modifiers;
	return TRUE;
}

GArray *sn_keys_parse(const char *text, GError **error)
{
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(SnKey));

	if (!g_utf8_validate(text, -1, NULL) || !*text) {
		g_set_error(error, SN_ERROR, SN_ERROR_INVALID, "A key is missing before the '='.");
		return NULL;
	}
	while (*text) {
		const char *close = *text == '<' ? strchr(text + 1, '>') : NULL;
		SnKey key = g_utf8_get_char(text);

		if (close) {
			g_autofree char *inside = g_strndup(text + 1, (gsize)(close - text - 1));
			if (!parse_bracket(inside, &key)) {
				g_set_error(error, SN_ERROR, SN_ERROR_INVALID,
				            "There is no key <%s>. Write <C-x>, <A-1>, <Tab>, <Enter>, "
				            "<Esc>, <Space>, <PgUp> or <F5>.",
				            inside);
				return NULL;
			}
			text = close + 1;
		} else {
			text = g_utf8_next_char(text);
		}
		g_array_append_val(keys, key);
	}
	return g_steal_pointer(&keys);
}

void sn_key_format(SnKey key, GString *out)
{
	SnKey code = SN_KEY_CODE(key), modifiers = key & ~0x0fffffffu;
	const char *name = NULL;

	g_assert(code);

	for (gsize i = 0; i < G_N_ELEMENTS(names) && !name; i++)
		if (names[i].key == code)
			name = names[i].text;
	if (!name && !modifiers) {
		g_string_append_unichar(out, code);
		return;
	}
	g_string_append_c(out, '<');
	if (modifiers & SN_KEY_CTRL)
		g_string_append(out, "C-");
	if (modifiers & SN_KEY_ALT)
		g_string_append(out, "A-");
	if (modifiers & SN_KEY_SHIFT)
		g_string_append(out, "S-");
	if (name)
		g_string_append(out, name);
	else
		g_string_append_unichar(out, code);
	g_string_append_c(out, '>');
}

char *sn_keys_format(const SnKey *keys, gsize count)
{
	GString *out = g_string_new(NULL);

	for (gsize i = 0; i < count; i++)
		sn_key_format(keys[i], out);
	return g_string_free(out, FALSE);
}

char *sn_keys_label(const SnKey *keys, gsize count)
{
	GString *out = g_string_new(NULL);

	for (gsize i = 0; i < count; i++) {
		g_autoptr(GString) one = g_string_new(NULL);
		sn_key_format(keys[i], one);
		if (one->len > 2 && one->str[0] == '<') {
			g_string_truncate(one, one->len - 1);
			g_string_erase(one, 0, 1);
		}
		if (g_str_has_prefix(one->str, "A-") && one->str[2])
			g_string_append_printf(out, "Alt-%s", one->str + 2);
		else
			g_string_append(out, one->str);
	}
	return g_string_free(out, FALSE);
}
