/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reading - compares our reading of ../shared/corpus with others' and prints figures and every
 * disagreement. --write FILE: records the figures there (make update-reading). Skipped where the
 * collections are absent.
 */
#include "tests/corpus/reading.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

typedef struct {
	int good, looked_at, total;
} Figure;

/* The test harness has no place of its own for what a whole run counts. */
static GHashTable *figures, *known;
static GPtrArray *order;

static char *top_file(const char *name)
{
	const char *top = g_getenv("TOP_SRCDIR");

	return g_build_filename(top ? top : ".", name, NULL);
}

char *reading_path(const char *folder, const char *file)
{
	g_autofree char *root = top_file("../shared/corpus/mail");

	return g_build_filename(root, folder, file, NULL);
}

gboolean reading_is_there(void)
{
	g_autofree char *path = reading_path("mailcore2", NULL);

	return g_file_test(path, G_FILE_TEST_IS_DIR);
}

SnMail *reading_mail(const char *folder, const char *file)
{
	g_autofree char *path = reading_path(folder, file);
	char *data;
	gsize length;

	if (!g_file_get_contents(path, &data, &length, NULL))
		return NULL;
	/* Their first line is that of a mailbox, with a colon. */
	gsize skip = strcmp(folder, "aerc") == 0 ? strcspn(data, "\n") + 1 : 0;
	g_autoptr(GBytes) bytes = g_bytes_new(data + MIN(skip, length), length - MIN(skip, length));
	g_free(data);
	return sn_mail_parse(bytes, NULL, NULL);
}

static int by_name(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

GPtrArray *reading_files(const char *folder, const char *ending)
{
	g_autofree char *path = reading_path(folder, NULL);
	GPtrArray *files = g_ptr_array_new_with_free_func(g_free);
	GDir *dir = g_dir_open(path, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir)))
		if (g_str_has_suffix(name, ending))
			g_ptr_array_add(files, g_strdup(name));
	if (dir)
		g_dir_close(dir);
	g_ptr_array_sort(files, by_name);
	return files;
}

static Figure *figure_of(const char *folder, const char *name)
{
	g_autofree char *key = g_strdup_printf("%s\t%s", folder, name);
	Figure *figure = g_hash_table_lookup(figures, key);

	if (!figure) {
		figure = g_new0(Figure, 1);
		g_ptr_array_add(order, g_strdup(key));
		g_hash_table_insert(figures, g_strdup(key), figure);
	}
	return figure;
}

void reading_sum(const char *folder, const char *name, int good, int total)
{
	Figure *figure = figure_of(folder, name);

	figure->good += good;
	figure->total += total;
}

void reading_compare(const char *folder, const char *name, const char *file, gboolean agrees,
                     const char *ours, const char *theirs)
{
	Figure *figure = figure_of(folder, name);
	g_autofree char *key = g_strdup_printf("%s\t%s\t%s", folder, file, name);
	gboolean looked_at = !agrees && g_hash_table_contains(known, key);

	figure->total++;
	figure->good += agrees;
	figure->looked_at += looked_at;
	if (!agrees && !looked_at)
		print_message("# %s/%s %s: here \"%.300s\", there \"%.300s\"\n", folder, file, name,
		              ours ? ours : "", theirs ? theirs : "");
}

/* ---- words ---- */

static GHashTable *words_of(const char *text, int *total)
{
	GHashTable *words = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	GString *word = g_string_new(NULL);

	*total = 0;
	for (const char *at = text ? text : "";; at = g_utf8_next_char(at)) {
		gunichar c = g_utf8_get_char(at);
		if (c && g_unichar_isalnum(c)) {
			g_string_append_unichar(word, g_unichar_tolower(c));
		} else if (word->len) {
			gpointer count = g_hash_table_lookup(words, word->str);
			g_hash_table_insert(words, g_strdup(word->str),
			                    GINT_TO_POINTER(GPOINTER_TO_INT(count) + 1));
			g_string_truncate(word, 0);
			++*total;
		}
		if (!c)
			break;
	}
	g_string_free(word, TRUE);
	return words;
}

int reading_words(const char *wanted, const char *found, int *common, int *total)
{
	int all, sum = 0, n;
	g_autoptr(GHashTable) one = words_of(wanted, &all);
	g_autoptr(GHashTable) two = words_of(found, &n);
	GHashTableIter iter;
	gpointer word, count;

	g_hash_table_iter_init(&iter, one);
	while (g_hash_table_iter_next(&iter, &word, &count))
		sum += MIN(GPOINTER_TO_INT(count), GPOINTER_TO_INT(g_hash_table_lookup(two, word)));
	*common = sum;
	*total = all;
	return all ? sum * 100 / all : 100;
}

/* ---- the record ---- */

static void read_known(void)
{
	g_autofree char *path = top_file("tests/corpus/known.txt");
	g_autofree char *text = NULL;

	if (!g_file_get_contents(path, &text, NULL, NULL))
		return;
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	for (char **line = lines; *line; line++) {
		g_auto(GStrv) fields = g_strsplit(*line, "\t", 4);
		if (**line != '#' && g_strv_length(fields) == 4)
			g_hash_table_add(known, g_strdup_printf("%s\t%s\t%s", fields[0], fields[1],
			                                        fields[2]));
	}
}

/* Lines of: folder, figure, agree, looked at, compared. */
static char *record(void)
{
	GString *out = g_string_new(NULL);

	for (guint i = 0; i < order->len; i++) {
		const Figure *figure = g_hash_table_lookup(figures, order->pdata[i]);
		g_string_append_printf(out, "%s\t%d\t%d\t%d\n", (char *)order->pdata[i], figure->good,
		                       figure->looked_at, figure->total);
	}
	return g_string_free(out, FALSE);
}

static void figures_have_not_become_worse(void **state)
{
	g_autofree char *path = top_file("docs/reading-figures.txt");
	g_autofree char *text = NULL;
	int compared = 0;

	if (!reading_is_there())
		skip();
	assert_true(g_file_get_contents(path, &text, NULL, NULL));
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	for (char **line = lines; *line; line++) {
		g_auto(GStrv) fields = g_strsplit(*line, "\t", 5);
		if (g_strv_length(fields) != 5)
			continue;
		g_autofree char *key = g_strdup_printf("%s\t%s", fields[0], fields[1]);
		const Figure *now = g_hash_table_lookup(figures, key);
		int good = atoi(fields[2]) + atoi(fields[3]), total = atoi(fields[4]);
		if (!now) { /* no Python here: the figures it gives are not to be had */
			print_message("# not counted: %s\n", key);
			continue;
		}
		compared++;
		print_message("# %s: %d of %d, and %d looked at\n", key, now->good, now->total,
		              now->looked_at);
		/* Less is compared where the other side can read less. */
		if (now->total - now->good - now->looked_at > total - good)
			print_error("worse than recorded (%d of %d): %s\n", good, total, key);
		assert_true(now->total - now->good - now->looked_at <= total - good);
	}
	assert_true(compared > 10);
}

static void every_folder_is_compared_with_python(void **state)
{
	if (!reading_is_there())
		skip();
	reading_with_peer();
}

static void results_of_the_collections_are_met(void **state)
{
	if (!reading_is_there())
		skip();
	reading_with_expected();
}

static void quotes_are_told_from_new_text(void **state)
{
	if (!reading_is_there())
		skip();
	reading_replies();
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_folder_is_compared_with_python),
		cmocka_unit_test(results_of_the_collections_are_met),
		cmocka_unit_test(quotes_are_told_from_new_text),
		cmocka_unit_test(figures_have_not_become_worse),
	};
	int failed = 0;

	sn_mime_init();
	figures = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	order = g_ptr_array_new_with_free_func(g_free);
	read_known();
	if (argc == 3 && strcmp(argv[1], "--write") == 0 && reading_is_there()) {
		reading_with_peer();
		reading_with_expected();
		reading_replies();
		g_autofree char *text = record();
		failed = !g_file_set_contents(argv[2], text, -1, NULL);
	} else {
		failed = cmocka_run_group_tests(tests, NULL, NULL);
	}
	g_hash_table_unref(figures);
	g_hash_table_unref(known);
	g_ptr_array_unref(order);
	return failed;
}
