/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The results that came with the collections: what their own programs read, or their authors wrote. */
#include "tests/corpus/reading.h"

#include <string.h>

#include "src/text/text.h"

static char *read_file(const char *folder, const char *file)
{
	g_autofree char *path = reading_path(folder, file);
	char *data = NULL;

	g_file_get_contents(path, &data, NULL, NULL);
	return data;
}

/* ---- headers and parts: mailcore2's facts, where Python agrees with them ---- */

static char *without_blanks(const char *text)
{
	g_auto(GStrv) words = g_strsplit_set(text ? text : "", " \t\n", -1);

	return g_strjoinv("", words);
}

static char *addresses_of(const SnMail *mail, SnMailRole role)
{
	GString *out = g_string_new(NULL);

	for (guint i = 0; i < mail->addresses->len; i++) {
		const SnMailAddress *address = mail->addresses->pdata[i];
		if (address->role == role)
			g_string_append_printf(out, "%s ", address->address);
	}
	return g_string_free(out, FALSE);
}

static char *leaf_types(const SnMail *mail)
{
	GString *out = g_string_new(NULL);

	for (guint i = 0; i < mail->parts->len; i++)
		g_string_append_printf(out, "%s ", ((SnMailPart *)mail->parts->pdata[i])->type);
	return g_string_free(out, FALSE);
}

/* One member of each of the pairs in a list, lower case, each followed by a blank. */
static char *column(json_t *list, gsize member, gboolean lower)
{
	GString *out = g_string_new(NULL);

	for (gsize i = 0; i < json_array_size(list); i++) {
		const char *value = json_string_value(json_array_get(json_array_get(list, i), member));
		g_autofree char *shown = lower ? g_ascii_strdown(value ? value : "", -1)
		                               : g_strdup(value ? value : "");
		g_string_append_printf(out, "%s ", shown);
	}
	return g_string_free(out, FALSE);
}

static void compare_fact(json_t *entry, const char *field, const char *ours, const char *theirs)
{
	const char *file = json_string_value(json_object_get(entry, "file"));

	if (!json_is_true(json_object_get(json_object_get(entry, "agrees_with_python"), field)))
		return;
	reading_compare("mailcore2", "facts of two libraries", file, strcmp(ours, theirs) == 0, ours,
	                theirs);
}

static void compare_facts(json_t *entry)
{
	static const struct {
		const char *field;
		SnMailRole role;
	} roles[] = { { "from", SN_MAIL_FROM }, { "to", SN_MAIL_TO }, { "cc", SN_MAIL_CC } };
	const char *file = json_string_value(json_object_get(entry, "file"));
	g_autoptr(SnMail) mail = reading_mail("mailcore2", file);

	if (!mail)
		return;
	for (gsize i = 0; i < G_N_ELEMENTS(roles); i++) {
		g_autofree char *ours = addresses_of(mail, roles[i].role);
		g_autofree char *theirs = column(json_object_get(entry, roles[i].field), 1, FALSE);
		compare_fact(entry, roles[i].field, ours, theirs);
	}
	g_autofree char *subject = without_blanks(mail->subject);
	g_autofree char *their_subject =
		without_blanks(json_string_value(json_object_get(entry, "subject")));
	compare_fact(entry, "subject", subject, their_subject);
	g_autofree char *date = g_strdup_printf("%" G_GINT64_FORMAT, mail->date / SN_SECOND);
	g_autofree char *their_date = g_strdup_printf(
		"%" G_GINT64_FORMAT, (gint64)json_integer_value(json_object_get(entry, "date")));
	compare_fact(entry, "date", date, their_date);
	g_autofree char *types = leaf_types(mail);
	g_autofree char *their_types = column(json_object_get(entry, "leaves"), 0, TRUE);
	compare_fact(entry, "leaf_types", types, their_types);
}

static void mailcore2_facts(void)
{
	g_autofree char *text = read_file("mailcore2", "expected/facts.jsonl");
	g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);

	for (char **line = lines; *line && **line; line++) {
		json_t *entry = json_loads(*line, 0, NULL);
		if (entry)
			compare_facts(entry);
		json_decref(entry);
	}
}

/* ---- the parts of the jwz mailbox, as MimeKit lists them ---- */

/* The leaves of a tree that is shown by indentation; what is within a message is not looked at. */
static char *leaves_of_tree(const char *entry)
{
	g_auto(GStrv) lines = g_strsplit(entry, "\n", -1);
	GString *out = g_string_new(NULL);
	gsize skip = G_MAXSIZE;

	for (char **line = lines; *line; line++) {
		gsize indent = strspn(*line, " ");
		const char *type = *line + indent;
		if (!g_str_has_prefix(type, "Content-Type: ") || indent > skip)
			continue;
		skip = G_MAXSIZE;
		type += strlen("Content-Type: ");
		if (g_ascii_strncasecmp(type, "multipart/", 10) == 0)
			continue;
		if (g_ascii_strncasecmp(type, "message/", 8) == 0)
			skip = indent;
		g_autofree char *lower = g_ascii_strdown(type, -1);
		g_string_append_printf(out, "%s ", lower);
	}
	return g_string_free(out, FALSE);
}

static char *subject_line(const char *entry)
{
	const char *line = strstr(entry, "\nSubject: ");

	return line ? g_strndup(line + 10, strcspn(line + 10, "\n")) : g_strdup("");
}

/* The message that an entry speaks of: this one, or one of the next, as their splitting differs. */
static SnMail *find_message(const char *subject, int *number, char **file)
{
	for (int i = 0; i < 8; i++) {
		char *name = g_strdup_printf("parser__input__mbox__jwz__%d.eml", *number + i);
		g_autoptr(SnMail) mail = reading_mail("mailcore2", name);
		g_autofree char *ours = without_blanks(mail ? mail->subject : NULL);
		if (mail && strcmp(ours, subject) == 0) {
			*number += i;
			*file = name;
			return g_steal_pointer(&mail);
		}
		g_free(name);
	}
	return NULL;
}

static void mimekit_trees(void)
{
	g_autofree char *text = read_file("mimekit", "expected/mbox__jwz-summary.txt");
	g_auto(GStrv) entries = g_strsplit(text ? text : "", "From - \n", -1);
	int number = 1;

	for (int i = 1; text && entries[i]; i++) {
		g_autofree char *file = NULL, *subject_text = subject_line(entries[i]);
		g_autofree char *subject = without_blanks(subject_text);
		g_autoptr(SnMail) mail = find_message(subject, &number, &file);
		if (!mail)
			continue;
		number++;
		g_autofree char *ours = leaf_types(mail), *theirs = leaves_of_tree(entries[i]);
		reading_compare("mailcore2", "parts as MimeKit", file, strcmp(ours, theirs) == 0, ours,
		                theirs);
	}
}

/* ---- mailboxes ---- */

static gboolean count_one(GBytes *raw, gpointer data)
{
	(void)raw;
	++*(int *)data;
	return TRUE;
}

static void mimekit_mailboxes(void)
{
	static const char *const names[] = { "content-length", "issue1189" };

	for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *file = g_strdup_printf("expected/mbox__%s.mbox.txt", names[i]);
		g_autofree char *summary_file = g_strdup_printf("expected/mbox__%s-summary.txt", names[i]);
		g_autofree char *path = reading_path("mimekit", file);
		g_autofree char *summary = read_file("mimekit", summary_file);
		int ours = 0, theirs = 0;
		if (!summary || !sn_mbox_read(path, count_one, &ours, NULL))
			continue;
		for (const char *at = summary; (at = strstr(at, "From ")); at++)
			theirs += at == summary || at[-1] == '\n';
		g_autofree char *one = g_strdup_printf("%d messages", ours);
		g_autofree char *two = g_strdup_printf("%d messages", theirs);
		reading_compare("mimekit", "mailboxes", names[i], ours == theirs, one, two);
	}
}

/* ---- rendered text ---- */

static void count_words(const char *folder, const char *figure, const char *file, const char *wanted,
                        const char *found, gboolean each)
{
	int common, total;
	int share = reading_words(wanted, found, &common, &total);
	g_autofree char *short_wanted = g_strndup(wanted, 200), *short_found = g_strndup(found, 200);

	reading_sum(folder, figure, common, total);
	if (!each)
		return;
	g_autofree char *messages = g_strdup_printf("%s: 95%% of them", figure);
	reading_compare(folder, messages, file, share >= 95, short_found, short_wanted);
}

/* Without addresses in brackets, which are footnotes here, and without lines for files. */
static char *words_alone(const char *text)
{
	g_autoptr(GRegex) extra = g_regex_new(
		"\\(\\s*(https?:|mailto:|tel:|#|\\{\\{)[^()]*\\)|^- .*(bytes|KB|MB)$|^- .* bytes\n.*",
		G_REGEX_MULTILINE, 0, NULL);

	return g_regex_replace_literal(extra, text, -1, 0, "", 0, NULL);
}

/* A summary is a header, an empty line, the text, and lines for the files. */
static void mailcore2_summaries(void)
{
	g_autoptr(GPtrArray) files = reading_files("mailcore2", ".eml");

	for (guint i = 0; i < files->len; i++) {
		const char *file = files->pdata[i];
		if (!g_str_has_prefix(file, "summary__input__"))
			continue;
		g_autofree char *stem = g_strndup(file + 16, strlen(file) - 20);
		g_autofree char *name = g_strdup_printf("expected/summary__output__%s.txt", stem);
		g_autofree char *text = read_file("mailcore2", name);
		g_autoptr(SnMail) mail = text ? reading_mail("mailcore2", file) : NULL;
		const char *body = mail ? strstr(text, "\n\n") : NULL;
		if (!body || !g_utf8_validate(text, -1, NULL))
			continue;
		g_autofree char *plain = words_alone(body);
		count_words("mailcore2", "words of the rendered text", file, plain, mail->text, TRUE);
	}
}

static void templates(void)
{
	g_autoptr(GPtrArray) files = reading_files("html-templates", ".eml");

	for (guint i = 0; i < files->len; i++) {
		const char *file = files->pdata[i];
		g_autofree char *name = g_strdup_printf("expected/%.*s.txt", (int)strlen(file) - 4, file);
		g_autofree char *text = read_file("html-templates", name);
		g_autoptr(SnMail) mail = text ? reading_mail("html-templates", file) : NULL;
		if (mail)
			count_words("html-templates", "words of the authors' text", file, text,
			            mail->text, FALSE);
	}
}

static void one_page(void)
{
	g_autofree char *html = read_file("mimekit", "expected/text__planet-fitness.html");
	g_autofree char *text = read_file("mimekit", "expected/text__planet-fitness.txt");

	if (!html || !text || !g_utf8_validate(text, -1, NULL))
		return;
	g_autofree char *ours = sn_html_to_text(html, strlen(html), NULL);
	count_words("mimekit", "words of the rendered text", "text__planet-fitness.html", text, ours,
	            FALSE);
}

void reading_with_expected(void)
{
	mailcore2_facts();
	mimekit_trees();
	mimekit_mailboxes();
	mailcore2_summaries();
	templates();
	one_page();
}
