/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Lines of real messages: new text that is folded away (there must be none), quoted lines that are
 * left open, signatures. tests/corpus/replies.txt says what each line is.
 */
#include "tests/corpus/reading.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "src/text/text.h"

typedef struct {
	int good, total;
} Sum;
typedef struct {
	Sum text, quote, signature;
} Sums;

static gboolean is_blank(const char *line)
{
	return strspn(line, " \t") == strlen(line);
}

static gboolean is_marked(const char *line)
{
	return strspn(line, " ") <= 4 && line[strspn(line, " ")] == '>' &&
	       !g_str_has_prefix(line, ">From ");
}

/* "T9 S4": what line n (from 0) is; '\0' beyond. */
static char kind_at(const char *runs, int n)
{
	for (const char *at = runs; *at; at++) {
		int count = atoi(at + 1);
		if (n < count)
			return *at;
		n -= count;
		at += strcspn(at, " ");
		if (!*at)
			break;
	}
	return '\0';
}

static void count_line(const char *folder, const char *file, const char *line, int number, char truth,
                       SnBlockKind kind, Sums *sums)
{
	gboolean folded = kind != SN_BLOCK_TEXT && kind != SN_BLOCK_LINKS;
	Sum *sum = truth == 'Q' ? &sums->quote : truth == 'S' ? &sums->signature : &sums->text;
	gboolean good = truth == 'T' ? !folded : folded;

	sum->total++;
	sum->good += good;
	if (!good)
		print_message("# %s/%s line %d %s: %.60s\n", folder, file, number + 1,
		              folded ? "is folded, and new" : "is left open", line);
}

static void count_message(const char *folder, const char *file, const char *runs, Sums *sums)
{
	g_autoptr(SnMail) mail = reading_mail(folder, file);
	g_autoptr(GArray) blocks = mail ? sn_text_blocks(mail->text) : NULL;
	int number = 0;

	for (guint i = 0; blocks && i < blocks->len; i++) {
		const SnBlock *block = &g_array_index(blocks, SnBlock, i);
		g_autofree char *text = g_strndup(mail->text + block->start, block->end - block->start);
		g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
		for (char **line = lines; *line && (line[1] || **line); line++, number++) {
			char truth = runs ? kind_at(runs, number) : is_marked(*line) ? 'Q' : 'T';
			if (!is_blank(*line))
				count_line(folder, file, *line, number, truth ? truth : 'T',
				           block->kind, sums);
		}
	}
}

static void count_folder(const char *folder, GHashTable *truths)
{
	g_autoptr(GPtrArray) files = reading_files(folder, ".eml");
	g_autofree char *name = g_strdup_printf("replies %s", folder);
	Sums sums = { 0 };

	for (guint i = 0; i < files->len; i++) {
		g_autofree char *key = g_strdup_printf("%s/%s", folder, (char *)files->pdata[i]);
		count_message(folder, files->pdata[i], g_hash_table_lookup(truths, key), &sums);
	}
	reading_sum(name, "new text, shown", sums.text.good, sums.text.total);
	reading_sum(name, "quoted, folded", sums.quote.good, sums.quote.total);
	reading_sum(name, "signature, folded", sums.signature.good, sums.signature.total);
	/* The one thing that must never be. */
	assert_int_equal(sums.text.good, sums.text.total);
}

/* ---- HTML replies: the quote is one by its markup ---- */

static void count_html(void)
{
	g_autofree char *path = reading_path("talon", "expected");
	GDir *dir = g_dir_open(path, 0, NULL);
	const char *name;
	int good = 0, total = 0;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *file = g_build_filename(path, name, NULL);
		g_autofree char *html = NULL;
		gsize length;
		if (!g_str_has_prefix(name, "html_replies__") ||
		    !g_file_get_contents(file, &html, &length, NULL))
			continue;
		g_autofree char *text = sn_html_to_text(html, length, NULL);
		g_autofree char *preview = sn_text_preview(text);
		g_autoptr(GArray) blocks = sn_text_blocks(text);
		gboolean quoted = FALSE;
		for (guint i = 0; i < blocks->len; i++)
			quoted = quoted || g_array_index(blocks, SnBlock, i).kind == SN_BLOCK_QUOTE;
		total++;
		/* "Hi. I am fine." */
		gboolean right = quoted && g_str_has_prefix(preview, "Hi. I am fine");
		good += right;
		if (!right)
			print_message("# talon/%s: %s, preview \"%s\"\n", name,
			              quoted ? "folded" : "nothing folded", preview);
	}
	if (dir)
		g_dir_close(dir);
	reading_sum("replies talon", "HTML replies told apart", good, total);
}

void reading_replies(void)
{
	static const char *const folders[] = { "crisp", "zapier", "talon", "aerc", "spamassassin",
		                               "mailcore2", "mikel-mail", "mimekit", "rspamd" };
	g_autoptr(GHashTable) truths = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	const char *top = g_getenv("TOP_SRCDIR");
	g_autofree char *path = g_build_filename(top ? top : ".", "tests/corpus/replies.txt", NULL);
	g_autofree char *text = NULL;

	assert_true(g_file_get_contents(path, &text, NULL, NULL));
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	for (char **line = lines; *line; line++) {
		char *tab = strchr(*line, '\t');
		if (**line != '#' && tab)
			g_hash_table_insert(truths, g_strndup(*line, (gsize)(tab - *line)),
			                    g_strdup(tab + 1));
	}
	for (gsize i = 0; i < G_N_ELEMENTS(folders); i++)
		count_folder(folders[i], truths);
	count_html();
}
