/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every message of every folder against what Python's email package reads in it. */
#include "tests/corpus/reading.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "src/text/text.h"

static char *without_blanks(const char *text)
{
	GString *out = g_string_new(NULL);

	for (const char *at = text ? text : ""; *at; at = g_utf8_next_char(at))
		if (!g_unichar_isspace(g_utf8_get_char(at)))
			g_string_append_len(out, at, g_utf8_next_char(at) - at);
	return g_string_free(out, FALSE);
}

static void compare_string(const char *folder, const char *figure, const char *file, json_t *facts,
                           const char *field, const char *ours)
{
	const char *theirs = json_string_value(json_object_get(facts, field));

	if (!theirs)
		return;
	/* Control characters never leave the parser here. */
	g_autofree char *clean = sn_text_clean_line(theirs, -1);
	g_autofree char *one = without_blanks(ours), *two = without_blanks(clean);
	reading_compare(folder, figure, file, strcmp(one, two) == 0, ours, theirs);
}

static char *joined(json_t *list)
{
	GString *out = g_string_new(NULL);

	for (gsize i = 0; i < json_array_size(list); i++) {
		const char *value = json_string_value(json_array_get(list, i));
		g_string_append_printf(out, "%s ", value ? value : "-");
	}
	return g_string_free(out, FALSE);
}

static void compare_list(const char *folder, const char *figure, const char *file, json_t *facts,
                         const char *field, GString *ours)
{
	json_t *list = json_object_get(facts, field);
	g_autofree char *theirs = joined(list);

	if (json_is_array(list))
		reading_compare(folder, figure, file, strcmp(ours->str, theirs) == 0, ours->str, theirs);
}

static void compare_addresses(const char *folder, const char *file, json_t *facts, const SnMail *mail)
{
	static const struct {
		SnMailRole role;
		const char *field;
	} roles[] = { { SN_MAIL_FROM, "from" }, { SN_MAIL_TO, "to" }, { SN_MAIL_CC, "cc" } };

	for (gsize r = 0; r < G_N_ELEMENTS(roles); r++) {
		g_autoptr(GString) list = g_string_new(NULL);
		for (guint i = 0; i < mail->addresses->len; i++) {
			const SnMailAddress *address = mail->addresses->pdata[i];
			if (address->role == roles[r].role)
				g_string_append_printf(list, "%s ", address->address);
		}
		compare_list(folder, "addresses", file, facts, roles[r].field, list);
	}
}

static void compare_parts(const char *folder, const char *file, json_t *facts, const SnMail *mail)
{
	g_autoptr(GString) types = g_string_new(NULL), names = g_string_new(NULL);

	for (guint i = 0; i < mail->parts->len; i++) {
		const SnMailPart *part = mail->parts->pdata[i];
		if (part->position >= SN_MAIL_INSIDE)
			continue; /* a file within a part: Python does not look there */
		g_string_append_printf(types, "%s ", part->type);
		/* A message that is attached gets a name here. */
		g_string_append_printf(names, "%s ",
		                       part->name && !g_str_has_prefix(part->type, "message/")
		                               ? part->name
		                               : "-");
	}
	compare_list(folder, "parts", file, facts, "parts", types);
	compare_list(folder, "file names", file, facts, "names", names);
}

static void compare_text(const char *folder, const char *file, json_t *facts, const SnMail *mail)
{
	const char *theirs = json_string_value(json_object_get(facts, "text"));
	int common, total;

	if (!theirs || mail->text_from_html)
		return;
	int share = reading_words(theirs, mail->text, &common, &total);
	g_autofree char *ours = g_strndup(mail->text, 200);
	reading_compare(folder, "text", file, share >= 99, ours, theirs);
}

static void compare_message(const char *folder, json_t *facts)
{
	const char *file = json_string_value(json_object_get(facts, "file"));
	g_autoptr(SnMail) mail = file ? reading_mail(folder, file) : NULL;
	json_t *date = json_object_get(facts, "date");

	if (!mail)
		return;
	compare_string(folder, "subject", file, facts, "subject", mail->subject);
	compare_string(folder, "message id", file, facts, "message_id", mail->message_id);
	if (json_is_integer(date) && json_integer_value(date) > 0) {
		g_autofree char *ours = g_strdup_printf("%" G_GINT64_FORMAT, mail->date);
		g_autofree char *theirs =
			g_strdup_printf("%" G_GINT64_FORMAT, (gint64)json_integer_value(date));
		reading_compare(folder, "date", file, strcmp(ours, theirs) == 0, ours, theirs);
	}
	compare_addresses(folder, file, facts, mail);
	compare_parts(folder, file, facts, mail);
	compare_text(folder, file, facts, mail);
}

static void compare_folder(const char *folder)
{
	g_autofree char *path = reading_path(folder, NULL);
	const char *top = g_getenv("TOP_SRCDIR");
	g_autofree char *script = g_build_filename(top ? top : ".", "tests/corpus/peer.py", NULL);
	g_autofree char *out = NULL;
	char *argv[] = { (char *)"python3", script, path, NULL };
	int status = 0;

	if (!g_spawn_sync(NULL, argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL,
	                  &out, NULL, &status, NULL) || status != 0) {
		print_message("# no Python to compare with: %s\n", folder);
		return;
	}
	g_auto(GStrv) lines = g_strsplit(out, "\n", -1);
	for (char **line = lines; *line && **line; line++) {
		json_t *facts = json_loads(*line, JSON_ALLOW_NUL, NULL);
		if (facts)
			compare_message(folder, facts);
		json_decref(facts);
	}
}

void reading_with_peer(void)
{
	static const char *const folders[] = { "aerc",     "cpython",    "crisp", "enmime",
		                               "html-templates", "mailcore2", "mikel-mail", "mimekit",
		                               "rspamd",   "spamassassin", "talon", "zapier" };

	for (gsize i = 0; i < G_N_ELEMENTS(folders); i++)
		compare_folder(folders[i]);
}
