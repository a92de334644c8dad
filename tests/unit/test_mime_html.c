/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "src/mime/mail.h"

static const struct {
	const char *html, *text;
	int images;
} cases[] = {
	{ "", "", 0 },
	{ "plain", "plain", 0 },
	{ "<p>one</p><p>two</p>", "one\n\ntwo", 0 },
	{ "one<br>two<br><br>three", "one\ntwo\n\nthree", 0 },
	{ "<div>one</div>\n<div>two</div>", "one\ntwo", 0 },
	{ "a  lot\n\tof   blanks", "a lot of blanks", 0 },
	{ "<b>bo</b>ld and <i>italic</i>", "bold and italic", 0 },
	{ "&lt;tag&gt; &amp; caf&eacute; &#8364; &#x1F600;", "<tag> & café € 😀", 0 },
	{ "<h1>Title</h1>text", "Title\n\ntext", 0 },
	{ "<pre>a\n  b\n\nc</pre>", "a\n  b\n\nc", 0 },
	{ "a<hr>b", "a\n----------------------------------------\nb", 0 },
	/* links */
	{ "<a href=\"https://x.test/\">here</a> and <a href='https://y.test'>there</a>",
	  "here [1] and there [2]\n\n[1] https://x.test/\n[2] https://y.test", 0 },
	{ "<a href=https://x.test/>one</a> <a href=https://x.test/>two</a>",
	  "one [1] two [1]\n\n[1] https://x.test/", 0 },
	{ "<a href=\"https://x.test/\">https://x.test/</a> <a href=\"https://x.test\">x.test</a>",
	  "https://x.test/ x.test", 0 },
	{ "<a href=\"mailto:bob@x.test\">bob@x.test</a>", "bob@x.test", 0 },
	{ "<a href=\"https://evil.test/\">https://bank.test/</a>",
	  "https://bank.test/ [1]\n\n[1] https://evil.test/", 0 },
	{ "<a href=\"javascript:alert(1)\">click</a> <a href=\"#top\">top</a>", "click top", 0 },
	{ "<a href=\"https://x.test/\n y\">x</a>", "x [1]\n\n[1] https://x.test/+y", 0 },
	/* lists, quotes, tables */
	{ "<ul><li>one<li>two</ul>after", " • one\n • two\n\nafter", 0 },
	{ "<ol><li>one<li>two<ul><li>deep</ul></ol>", "1. one\n2. two\n    • deep", 0 },
	{ "<ol start=7><li>seven</ol>", "7. seven", 0 },
	{ "new<blockquote>old<blockquote>older</blockquote></blockquote>new",
	  "new\n\n> old\n>\n>> older\n\nnew", 0 },
	{ "<table><tr><td>a<td>b<tr><td>c<td>d</table>", "a  b\nc  d", 0 },
	{ "<table><tr><th><p>Item</p></th><th><p>Price</p></th></tr></table>", "Item  Price", 0 },
	/* what nobody is meant to read */
	{ "<style>p{}</style><script>alert(1)</script><title>t</title>text", "text", 0 },
	{ "<!-- comment -->a<!--[if mso]>b<![endif]-->c", "ac", 0 },
	{ "<div style=\"display:none\">hidden</div>shown", "shown", 0 },
	{ "<div style=\"DISPLAY : none !important\">hidden</div>shown", "shown", 0 },
	{ "<span style='font-size:0px'>hidden</span>shown", "shown", 0 },
	{ "<span style='font-size:0.9em'>shown</span>", "shown", 0 },
	{ "<p style='visibility:hidden'>hidden<p>shown", "shown", 0 },
	{ "<font style='mso-hide:all'>hidden</font>shown", "hiddenshown", 0 },
	{ "<div hidden>hidden</div>shown", "shown", 0 },
	/* layouts of no letter size give text its own */
	{ "<div style='font-size:0px'>gap<div style='font-size:16px'>shown</div>gap</div>", "shown", 0 },
	{ "<div style='font-size:1px;color:#fff'>hidden<b>too</b></div>shown", "shown", 0 },
	{ "<div style='font-size:0'><span style='font-size:2em'>hidden</span></div>shown", "shown", 0 },
	{ "<div style='color:#FFF;background-color:#fff'>hidden</div>shown", "shown", 0 },
	{ "<div style='color:transparent'>hidden</div>shown", "shown", 0 },
	{ "<div style='color:#fff;background:#000'>shown</div>", "shown", 0 },
	{ "<div style='overflow:hidden;height:0'>hidden</div>shown", "shown", 0 },
	{ "<div style='text-indent:-9999px'>hidden</div>shown", "shown", 0 },
	{ "<div style='margin-left:-10px'>shown</div>", "shown", 0 },
	/* style sheets */
	{ "<style>.pre, td.x { display: none !important } /* .no { display:none } */</style>"
	  "<p class='a pre'>hidden</p><p class=no>shown</p><table><td class=x>hidden</table>", "shown", 0 },
	{ "<style><!-- #top{visibility:hidden} p .deep{display:none} --></style>"
	  "<p id=top>hidden</p><p class=deep>shown</p>", "shown", 0 },
	{ "<style>@media (max-width:600px) { .m { display:none } } .m { color:red }</style>"
	  "<p class=m>shown</p>", "shown", 0 },
	{ "<style>.m { display:none }</style><p class=m style='display:block'>shown</p>", "shown", 0 },
	{ "<style>.m { display:none } .m { display:block }</style><p class=m>shown</p>", "shown", 0 },
	{ "<style>.m { display:none }<p class=m>no end</p>", ".m { display:none }\n\nno end", 0 },
	/* rows of a table */
	{ "<table><tr><td>Item<td>Price<tr><td>A long name<td>10<tr><td>B<td>2000</table>",
	  "Item         Price\nA long name  10\nB            2000", 0 },
	{ "<table><tr><td>a<td>b<tr><td>c<td>d<td>e</table>", "a  b\nc  d  e", 0 },
	{ "<table><tr><td>&#26085;<td>1<tr><td>ab<td>2<tr><td>c<td>3</table>",
	  "\xe6\x97\xa5  1\nab  2\nc   3", 0 },
	/* links on pictures */
	{ "<a href='https://x.test/'><img src=cid:a@b></a> <a href='https://x.test/'><img src=cid:b></a>", "(picture) [1]\n\n[1] https://x.test/", 0 },
	{ "<a href='https://x.test/'><img src=https://x.test/p.gif width=1 height=1></a>t", "t", 1 },
	/* images */
	{ "<img src=\"https://x.test/a.png\" alt=\"A logo\">", "A logo", 1 },
	{ "<img src=cid:a@b alt=x><img src=//x.test/p.gif><table "
	  "background=http://x.test/b></table>",
	  "x", 2 },
	{ "<img src=http://x.test/ style=display:none>t", "t", 1 },
	/* bad markup */
	{ "a < b <3 & c", "a < b <3 & c", 0 },
	{ "<p>unclosed <b>tags", "unclosed tags", 0 },
	{ "</div></p>text</b>", "text", 0 },
	{ "<o:p>Word</o:p> text", "Word text", 0 },
	{ "<a href=\"never closed>text", "", 0 },
	{ "text <script>never closed", "text never closed", 0 },
	{ "\x1b]0;title\x07text", "\xef\xbf\xbd]0;title\xef\xbf\xbdtext", 0 },
	{ "<form><input value=x><button>Send</button></form>", "Send", 0 },
};

static void html_reads_as_text(void **state)
{
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		/* As in a message: cleaned, and without the newline at the end. */
		g_autofree char *raw = g_strdup_printf(
			"Content-Type: text/html; charset=utf-8\n\n%s", cases[i].html);
		g_autoptr(GBytes) bytes = g_bytes_new(raw, strlen(raw));
		g_autoptr(SnMail) mail = sn_mail_parse(bytes, NULL, NULL);
		if (strcmp(mail->text, cases[i].text) != 0)
			print_error("%s\n", cases[i].html);
		assert_string_equal(mail->text, cases[i].text);
		assert_int_equal(mail->remote_images, cases[i].images);
	}
}

static void charset_of_the_document_is_used(void **state)
{
	static const char raw[] = "Content-Type: text/html\n\n<meta http-equiv=Content-Type "
				  "content=\"text/html; charset=koi8-r\"><p>\xf0\xd2\xc9";
	g_autoptr(GBytes) bytes = g_bytes_new_static(raw, sizeof raw - 1);
	g_autoptr(SnMail) mail = sn_mail_parse(bytes, NULL, NULL);

	assert_string_equal(mail->text, "При");
}

/* Nesting, quadratic parsers, and documents that multiply in memory. */
static void hostile_html_does_no_harm(void **state)
{
	static const char *const units[] = {
		"<div>",
		"<b>",
		"<table><tr><td>",
		"<div><table><tr><td></div>",
		"<ol><li>",
		"<blockquote>x",
		"<svg><g>",
		"<select><option>",
		"<style>",
		"<a href=x><div>",
		"<p><ul>",
		"<",
		"<a href=\"",
		"<!--",
		"&",
		"&nbsp;",
		"<b id=1><p>x",
		"<ruby><rt>",
		"<o:p>",
		"</p>",
		"<button><p>",
		"<template>",
		"<math><mi>",
		"<td>",
		"<font color=red><p>",
	};

	for (gsize i = 0; i < G_N_ELEMENTS(units); i++) {
		GString *html = g_string_new(NULL);
		SnHtmlImages images;
		for (int n = 0; n < 40000; n++)
			g_string_append(html, units[i]);
		g_string_append(html, "end");
		g_autofree char *text = sn_html_to_text(html->str, html->len, &images);
		assert_true(g_utf8_validate(text, -1, NULL));
		g_string_free(html, TRUE);
	}
}

static void any_markup_is_read(void **state)
{
	static const char *const pieces[] = {
		"<",
		">",
		"</",
		"a",
		"<p>",
		"<div ",
		"style=\"",
		"display:none",
		"\"",
		"'",
		"=",
		"<!--",
		"-->",
		"<script>",
		"</script>",
		"<td>",
		"</table>",
		"<table>",
		"<ul>",
		"<li>",
		"</ul>",
		"&",
		"amp;",
		"<blockquote>",
		"</blockquote>",
		"<a href=http://x>",
		"</a>",
		"<br>",
		" ",
		"\n",
		"\xc3",
		"日",
	};
	GRand *random = g_rand_new_with_seed(1866);

	for (int round = 0; round < 3000; round++) {
		GString *html = g_string_new(NULL);
		int count = g_rand_int_range(random, 0, 60);
		SnHtmlImages images;
		for (int i = 0; i < count; i++)
			g_string_append(html,
					pieces[g_rand_int_range(random, 0, G_N_ELEMENTS(pieces))]);
		g_autofree char *text = sn_html_to_text(html->str, html->len, &images);
		assert_non_null(text);
		assert_true(images.trackers >= 0 && images.trackers <= images.remote);
		g_string_free(html, TRUE);
	}
	g_rand_free(random);
}

static int setup(void **state)
{
	sn_mime_init();
	return 0;
}

/* What only counts who has opened the message. */
static void trackers_are_told_from_pictures(void **state)
{
	static const char html[] =
		"<img src=https://x.test/logo.png width=200 height=50>"
		"<img src=https://x.test/t.gif width=1 height=1>"
		"<img src=https://x.test/u.gif style='width:1px;height:1px'>"
		"<img src=https://x.test/v.gif style='display:none'>"
		"<img src=cid:a@b width=1 height=1><img src=https://x.test/w.png width='100%' height=1>";
	SnHtmlImages images;
	g_autofree char *text = sn_html_to_text(html, strlen(html), &images);

	assert_int_equal(images.remote, 5);
	assert_int_equal(images.trackers, 3);
}

static void wide_tables_are_left_as_they_are(void **state)
{
	GString *html = g_string_new("<table>");

	for (int row = 0; row < 3; row++) {
		g_string_append(html, "<tr>");
		for (int cell = 0; cell < 40; cell++)
			g_string_append_printf(html, "<td>cell %d", row * cell);
	}
	g_autofree char *text = sn_html_to_text(html->str, html->len, NULL);
	assert_non_null(strstr(text, "cell 0  cell 1  cell 2"));
	g_string_free(html, TRUE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(html_reads_as_text),
		cmocka_unit_test(trackers_are_told_from_pictures),
		cmocka_unit_test(wide_tables_are_left_as_they_are),
		cmocka_unit_test(charset_of_the_document_is_used),
		cmocka_unit_test(hostile_html_does_no_harm),
		cmocka_unit_test(any_markup_is_read),
	};
	return cmocka_run_group_tests(tests, setup, NULL);
}
