/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mkdoap.c - writes docs/sennit.doap from docs/sennit.doap.in and the table of the XMPP extensions
 * (backends/xmpp/xmpp_extensions.c): in place of the line @EXTENSIONS@ one entry for each XEP, as
 * XEP-0453 has it. With --tests: the test that proves each, "0184 tests/unit/test_x:function".
 */
#include "backends/xmpp/xmpp_extensions.h"

#include <stdio.h>
#include <string.h>

static gint by_number(gconstpointer a, gconstpointer b)
{
	const SnXmppClaim *one = *(const SnXmppClaim *const *)a;
	const SnXmppClaim *other = *(const SnXmppClaim *const *)b;

	return strcmp(one->xep, other->xep);
}

static void add_all(GPtrArray *all, const SnXmppClaim *claims)
{
	for (; claims && claims->xep; claims++)
		g_ptr_array_add(all, (gpointer)claims);
}

static GPtrArray *collect(void)
{
	GPtrArray *all = g_ptr_array_new();

	for (int i = 0; sn_xmpp_extensions[i]; i++)
		add_all(all, sn_xmpp_extensions[i]->claims);
	add_all(all, sn_xmpp_other_claims);
	g_ptr_array_sort(all, by_number);
	return all;
}

/* A XEP is claimed once: which of two would be true? */
static gboolean has_twice(GPtrArray *all)
{
	gboolean twice = FALSE;

	for (guint i = 1; i < all->len; i++) {
		const SnXmppClaim *one = all->pdata[i - 1], *next = all->pdata[i];
		if (strcmp(one->xep, next->xep) != 0)
			continue;
		g_printerr("mkdoap: XEP-%s is claimed twice\n", one->xep);
		twice = TRUE;
	}
	return twice;
}

static void put_claim(const SnXmppClaim *claim)
{
	printf("    <implements>\n"
	       "      <xmpp:SupportedXep>\n"
	       "        <xmpp:xep rdf:resource=\"https://xmpp.org/extensions/xep-%s.html\"/>\n"
	       "        <xmpp:status>%s</xmpp:status>\n"
	       "        <xmpp:version>%s</xmpp:version>\n"
	       "        <xmpp:since>%s</xmpp:since>\n",
	       claim->xep, sn_xmpp_status_word(claim->status), claim->version, claim->since);
	if (claim->note) {
		g_autofree char *note = g_markup_escape_text(claim->note, -1);
		printf("        <xmpp:note xml:lang=\"en\">%s</xmpp:note>\n", note);
	}
	puts("      </xmpp:SupportedXep>\n    </implements>");
}

static void put_tests(GPtrArray *all)
{
	for (guint i = 0; i < all->len; i++) {
		const SnXmppClaim *claim = all->pdata[i];
		printf("%s %s\n", claim->xep, claim->test);
	}
}

static gboolean put_document(GPtrArray *all, const char *template)
{
	g_autofree char *text = NULL;
	g_autoptr(GError) error = NULL;

	if (!g_file_get_contents(template, &text, NULL, &error)) {
		g_printerr("mkdoap: %s\n", error->message);
		return FALSE;
	}
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	for (int i = 0; lines[i]; i++) {
		if (strcmp(lines[i], "@EXTENSIONS@") == 0)
			for (guint j = 0; j < all->len; j++)
				put_claim(all->pdata[j]);
		else if (lines[i + 1] || *lines[i])
			puts(lines[i]);
	}
	return TRUE;
}

int main(int argc, char **argv)
{
	g_autoptr(GPtrArray) all = collect();

	if (argc != 2) {
		g_printerr("usage: mkdoap --tests | docs/sennit.doap.in\n");
		return 2;
	}
	if (has_twice(all))
		return 1;
	if (strcmp(argv[1], "--tests") == 0)
		put_tests(all);
	else if (!put_document(all, argv[1]))
		return 2;
	return 0;
}
