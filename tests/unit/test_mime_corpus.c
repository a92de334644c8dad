/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every message of the collections beside the repository; skipped where they are absent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <string.h>

#include "src/mime/mail.h"
#include "src/text/text.h"

static char *corpus(const char *file)
{
	const char *top = g_getenv("TOP_SRCDIR");

	return g_build_filename(top ? top : ".", "..", "shared", "corpus", "mail", file, NULL);
}

/* Paths of all .eml files; NULL when there are none. */
static GPtrArray *all_messages(void)
{
	g_autofree char *root = corpus("");
	GPtrArray *files = g_ptr_array_new_with_free_func(g_free);
	GDir *dir = g_dir_open(root, 0, NULL);
	const char *folder, *name;

	while (dir && (folder = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(root, folder, NULL);
		GDir *inner = g_dir_open(path, 0, NULL);
		while (inner && (name = g_dir_read_name(inner)))
			if (g_str_has_suffix(name, ".eml"))
				g_ptr_array_add(files, g_build_filename(path, name, NULL));
		if (inner)
			g_dir_close(inner);
	}
	if (dir)
		g_dir_close(dir);
	if (files->len == 0)
		g_clear_pointer(&files, g_ptr_array_unref);
	return files;
}

static void skip_without_data(gconstpointer data)
{
	if (data)
		return;
	print_message("no test data at ../shared/corpus\n");
	skip();
}

static void assert_safe(const char *text, gboolean one_line)
{
	if (!text)
		return;
	assert_true(g_utf8_validate(text, -1, NULL));
	for (const char *at = text; *at; at = g_utf8_next_char(at)) {
		gunichar c = g_utf8_get_char(at);
		assert_true(!g_unichar_iscntrl(c) || (!one_line && (c == '\n' || c == '\t')));
		assert_false(c >= 0x202a && c <= 0x202e);
	}
}

static void assert_mail_is_safe(const SnMail *mail)
{
	assert_safe(mail->text, FALSE);
	assert_safe(mail->subject, TRUE);
	assert_safe(mail->message_id, TRUE);
	assert_safe(mail->in_reply_to, TRUE);
	assert_safe(mail->list_id, TRUE);
	assert_safe(mail->jabber_id, TRUE);
	for (guint i = 0; i < mail->addresses->len; i++) {
		const SnMailAddress *address = mail->addresses->pdata[i];
		assert_non_null(address->address);
		assert_safe(address->address, TRUE);
		assert_safe(address->name, TRUE);
	}
	for (guint i = 0; i < mail->parts->len; i++) {
		const SnMailPart *part = mail->parts->pdata[i];
		assert_safe(part->type, TRUE);
		assert_safe(part->name, TRUE);
		assert_safe(part->content_id, TRUE);
		assert_true(!part->name || (!strchr(part->name, '/') && part->name[0] != '.'));
		assert_true(part->size >= 0);
	}
	for (guint i = 0; i < mail->reports->len; i++) {
		const SnMailReport *report = mail->reports->pdata[i];
		assert_safe(report->recipient, TRUE);
		assert_safe(report->diagnostic, TRUE);
		assert_safe(report->message_id, TRUE);
	}
}

/* All facts on lines, to compare two readings. */
static char *facts_of(const SnMail *mail)
{
	GString *out = g_string_new(NULL);

	g_string_append_printf(out, "%s|%s|%s|%" G_GINT64_FORMAT "|%s|%d\n", mail->subject,
			       mail->message_id, mail->in_reply_to, mail->date, mail->list_id,
			       mail->remote_images);
	for (guint i = 0; i < mail->addresses->len; i++) {
		const SnMailAddress *address = mail->addresses->pdata[i];
		g_string_append_printf(out, "%d %s <%s>\n", address->role, address->name,
				       address->address);
	}
	for (guint i = 0; i < mail->parts->len; i++) {
		const SnMailPart *part = mail->parts->pdata[i];
		g_string_append_printf(out, "%d %d %s %s %d%d\n", part->position, part->depth,
				       part->type, part->name, part->is_inline,
				       part->is_attachment);
	}
	g_string_append(out, mail->text);
	return g_string_free(out, FALSE);
}

static GBytes *with_ends(const char *data, gsize length, gboolean crlf)
{
	GByteArray *out = g_byte_array_new();

	for (gsize i = 0; i < length; i++) {
		if (data[i] == '\r' && i + 1 < length && data[i + 1] == '\n')
			continue;
		if (data[i] == '\n' && crlf)
			g_byte_array_append(out, (const guint8 *)"\r", 1);
		g_byte_array_append(out, (const guint8 *)data + i, 1);
	}
	return g_byte_array_free_to_bytes(out);
}

static void check_message(const char *path, const char *data, gsize length, int *parts)
{
	g_autoptr(GBytes) lf = with_ends(data, length, FALSE);
	g_autoptr(GBytes) crlf = with_ends(data, length, TRUE);
	g_autoptr(SnMail) one = sn_mail_parse(lf, NULL, NULL);
	g_autoptr(SnMail) two = sn_mail_parse(crlf, NULL, NULL);
	g_autofree char *facts_one = facts_of(one), *facts_two = facts_of(two);
	g_autofree char *headers = sn_mail_headers_text(lf);
	g_autofree char *preview = sn_text_preview(one->text);
	g_autoptr(GArray) blocks = sn_text_blocks(one->text);

	assert_mail_is_safe(one);
	assert_safe(headers, FALSE);
	assert_safe(preview, TRUE);
	if (strcmp(facts_one, facts_two) != 0)
		print_error("LF and CRLF differ: %s\n", path);
	assert_string_equal(facts_one, facts_two);
	for (guint i = 0; i < one->parts->len; i++, ++*parts) {
		const SnMailPart *part = one->parts->pdata[i];
		g_autoptr(GBytes) bytes = sn_mail_part_bytes(lf, part->position, NULL);
		assert_non_null(bytes);
		if ((gint64)g_bytes_get_size(bytes) != part->size &&
		    !g_str_has_prefix(part->type, "text/") &&
		    !g_str_has_prefix(part->type, "message/"))
			print_message("size %d is not %d: %s\n", (int)part->size,
				      (int)g_bytes_get_size(bytes), path);
	}
	g_autoptr(GBytes) none = sn_mail_part_bytes(lf, (int)one->parts->len + 1000, NULL);
	assert_null(none);
}

static void every_message_is_read_safely(void **state)
{
	g_autoptr(GPtrArray) files = all_messages();
	int parts = 0;

	skip_without_data(files);
	for (guint i = 0; i < files->len; i++) {
		g_autofree char *data = NULL;
		gsize length;
		if (g_file_get_contents(files->pdata[i], &data, &length, NULL) && length > 0)
			check_message(files->pdata[i], data, length, &parts);
	}
	print_message("%u messages, %d parts\n", files->len, parts);
	assert_true(parts > 1000);
}

/* Cut anywhere, a message must still be read. */
static void cut_messages_are_read_safely(void **state)
{
	g_autoptr(GPtrArray) files = all_messages();
	int cuts = 0;

	skip_without_data(files);
	for (guint i = 0; i < files->len; i += 7) {
		g_autofree char *data = NULL;
		gsize length;
		if (!g_file_get_contents(files->pdata[i], &data, &length, NULL) || length > 100000)
			continue;
		for (gsize cut = 1; cut < length; cut += 1 + length / 20, cuts++) {
			g_autoptr(GBytes) bytes = g_bytes_new(data, cut);
			g_autoptr(SnMail) mail = sn_mail_parse(bytes, NULL, NULL);
			assert_mail_is_safe(mail);
		}
	}
	print_message("%d cut messages\n", cuts);
}

/* ---- facts that two other libraries agree on ---- */

typedef struct {
	int compared, equal;
} Score;

static gboolean agreed(json_t *entry, const char *field)
{
	return json_is_true(json_object_get(json_object_get(entry, "agrees_with_python"), field));
}

/* One of the others joins blanks. */
static gboolean same_words(const char *one, const char *two)
{
	g_auto(GStrv) left = g_strsplit(one ? one : "", " ", -1);
	g_auto(GStrv) right = g_strsplit(two ? two : "", " ", -1);
	g_autofree char *left_words = g_strjoinv("", left);
	g_autofree char *right_words = g_strjoinv("", right);

	return strcmp(left_words, right_words) == 0;
}

static gboolean same_addresses(const SnMail *mail, SnMailRole role, json_t *expected)
{
	gsize at = 0;

	for (guint i = 0; i < mail->addresses->len; i++) {
		const SnMailAddress *address = mail->addresses->pdata[i];
		if (address->role != role)
			continue;
		json_t *pair = json_array_get(expected, at++);
		const char *wanted = json_string_value(json_array_get(pair, 1));
		if (g_strcmp0(wanted, address->address) != 0)
			return FALSE;
	}
	return at == json_array_size(expected);
}

static gboolean same_parts(const SnMail *mail, json_t *expected)
{
	if (json_array_size(expected) != mail->parts->len)
		return FALSE;
	for (guint i = 0; i < mail->parts->len; i++) {
		const SnMailPart *part = mail->parts->pdata[i];
		const char *type =
			json_string_value(json_array_get(json_array_get(expected, i), 0));
		if (!type || g_ascii_strcasecmp(type, part->type) != 0)
			return FALSE;
	}
	return TRUE;
}

static void count(Score *score, json_t *entry, const char *field, gboolean equal)
{
	if (!agreed(entry, field))
		return;
	score->compared++;
	score->equal += equal;
	if (!equal)
		print_message("  %s differs: %s\n", field,
			      json_string_value(json_object_get(entry, "file")));
}

static void facts_agree_with_other_libraries(void **state)
{
	static const char *const fields[] = { "subject", "from", "to", "cc", "date", "leaf_types" };
	Score scores[G_N_ELEMENTS(fields)] = { 0 };
	g_autofree char *path = corpus("mailcore2/expected/facts.jsonl");
	g_autofree char *text = NULL;

	g_file_get_contents(path, &text, NULL, NULL);
	skip_without_data(text);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	for (char **line = lines; *line && **line; line++) {
		json_t *entry = json_loads(*line, 0, NULL);
		assert_non_null(entry);
		g_autofree char *name = g_build_filename(
			"mailcore2", json_string_value(json_object_get(entry, "file")), NULL);
		g_autofree char *file = corpus(name);
		g_autofree char *data = NULL;
		gsize length;
		if (g_file_get_contents(file, &data, &length, NULL)) {
			g_autoptr(GBytes) bytes = g_bytes_new(data, length);
			g_autoptr(SnMail) mail = sn_mail_parse(bytes, NULL, NULL);
			const char *subject = json_string_value(json_object_get(entry, "subject"));
			count(&scores[0], entry, "subject", same_words(subject, mail->subject));
			count(&scores[1], entry, "from",
			      same_addresses(mail, SN_MAIL_FROM, json_object_get(entry, "from")));
			count(&scores[2], entry, "to",
			      same_addresses(mail, SN_MAIL_TO, json_object_get(entry, "to")));
			count(&scores[3], entry, "cc",
			      same_addresses(mail, SN_MAIL_CC, json_object_get(entry, "cc")));
			count(&scores[4], entry, "date",
			      json_integer_value(json_object_get(entry, "date")) * SN_SECOND ==
				      mail->date);
			count(&scores[5], entry, "leaf_types",
			      same_parts(mail, json_object_get(entry, "leaves")));
		}
		json_decref(entry);
	}
	for (gsize i = 0; i < G_N_ELEMENTS(fields); i++) {
		print_message("%s: %d of %d agree\n", fields[i], scores[i].equal,
			      scores[i].compared);
		assert_true(scores[i].compared > 50);
		assert_true(scores[i].equal * 100 >= scores[i].compared * 95);
	}
}

/* ---- HTML against the text that its authors wrote ---- */

static GHashTable *words_of(const char *text, int *total)
{
	GHashTable *words = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autofree char *lower = g_utf8_strdown(text, -1);
	g_auto(GStrv) split = g_strsplit_set(lower, " \n\t*()[]{}<>.,:;!?-_\"=/", -1);

	*total = 0;
	for (char **word = split; *word; word++) {
		if (!**word)
			continue;
		gpointer count = g_hash_table_lookup(words, *word);
		g_hash_table_insert(words, g_strdup(*word),
				    GINT_TO_POINTER(GPOINTER_TO_INT(count) + 1));
		++*total;
	}
	return words;
}

static int common(GHashTable *one, GHashTable *two)
{
	GHashTableIter iter;
	gpointer word, count;
	int sum = 0;

	g_hash_table_iter_init(&iter, one);
	while (g_hash_table_iter_next(&iter, &word, &count))
		sum += MIN(GPOINTER_TO_INT(count), GPOINTER_TO_INT(g_hash_table_lookup(two, word)));
	return sum;
}

static void html_reads_like_the_authors_text(void **state)
{
	g_autofree char *folder = corpus("html-templates");
	int wanted = 0, got = 0, shared = 0, files = 0;
	const char *name;
	GDir *dir = g_dir_open(folder, 0, NULL);

	skip_without_data(dir);
	while ((name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(folder, name, NULL);
		g_autofree char *stem = g_strndup(name, strlen(name) > 4 ? strlen(name) - 4 : 0);
		g_autofree char *text_name = g_strdup_printf("%s.txt", stem);
		g_autofree char *text_path = g_build_filename(folder, "expected", text_name, NULL);
		g_autofree char *data = NULL, *text = NULL;
		gsize length;
		int n;
		if (!g_str_has_suffix(name, ".eml") ||
		    !g_file_get_contents(path, &data, &length, NULL) ||
		    !g_file_get_contents(text_path, &text, NULL, NULL))
			continue;
		g_autoptr(GBytes) bytes = g_bytes_new(data, length);
		g_autoptr(SnMail) mail = sn_mail_parse(bytes, NULL, NULL);
		g_autoptr(GHashTable) expected = words_of(text, &n);
		wanted += n;
		g_autoptr(GHashTable) found = words_of(mail->text, &n);
		got += n;
		shared += common(expected, found);
		assert_true(mail->text_from_html);
		files++;
	}
	g_dir_close(dir);
	print_message("%d templates: %d%% of the authors' words found, %d%% of ours are theirs\n",
		      files, shared * 100 / wanted, shared * 100 / got);
	assert_true(shared * 100 >= wanted * 85);
	assert_true(shared * 100 >= got * 95);
}

/* ---- replies ---- */

static void replies_of_many_programs_are_found(void **state)
{
	g_autofree char *folder = corpus("talon");
	const char *name;
	int files = 0, right = 0;
	GDir *dir = g_dir_open(folder, 0, NULL);

	skip_without_data(dir);
	while ((name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(folder, name, NULL);
		g_autofree char *data = NULL;
		gsize length;
		if (!g_str_has_prefix(name, "standard_replies") ||
		    !g_str_has_suffix(name, ".eml") ||
		    !g_file_get_contents(path, &data, &length, NULL))
			continue;
		g_autoptr(GBytes) bytes = g_bytes_new(data, length);
		g_autoptr(SnMail) mail = sn_mail_parse(bytes, NULL, NULL);
		g_autofree char *preview = sn_text_preview(mail->text);
		files++;
		/* "Hello", and perhaps the line that a telephone adds */
		gboolean found = g_str_has_prefix(preview, "Hello") && strlen(preview) < 30;
		right += found;
		if (!found)
			print_message("  %s: %s\n", name, preview);
	}
	g_dir_close(dir);
	print_message("%d of %d replies found\n", right, files);
	assert_true(files >= 10);
	assert_int_equal(right, files);
}

static int setup(void **state)
{
	sn_mime_init();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_message_is_read_safely),
		cmocka_unit_test(cut_messages_are_read_safely),
		cmocka_unit_test(facts_agree_with_other_libraries),
		cmocka_unit_test(html_reads_like_the_authors_text),
		cmocka_unit_test(replies_of_many_programs_are_found),
	};
	return cmocka_run_group_tests(tests, setup, NULL);
}
