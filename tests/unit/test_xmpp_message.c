/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_xmpp_message.c - stanzas to messages and back, without a connection. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <gio/gio.h>
#include <stdio.h>
#include <string.h>

#include "backends/xmpp/xmpp_private.h"

#define OWN "alice@example.test"
#define BOB "bob@example.test"

static xmpp_ctx_t *ctx;

static const SnXmppReading trusting = { .own_jid = OWN, .trust_stanza_id = TRUE };
static const SnXmppReading wary = { .own_jid = OWN };

static SnImMessage *read_with(const SnXmppReading *reading, const char *inside,
			      const char *attributes)
{
	g_autofree char *text =
		g_strdup_printf("<message xmlns='jabber:client' from='" BOB "/desk' to='" OWN
				"' id='i1' type='chat' %s>%s</message>",
				attributes, inside);
	xmpp_stanza_t *stanza = xmpp_stanza_new_from_string(ctx, text);

	assert_non_null(stanza);
	SnImMessage *message = sn_xmpp_read_message(reading, stanza);
	xmpp_stanza_release(stanza);
	return message;
}

static SnImMessage *read_text(const char *inside)
{
	return read_with(&trusting, inside, "");
}

/* Out and in again. */
static SnImMessage *round_trip(const SnImMessage *message)
{
	const SnXmppReading sender = { .own_jid = BOB };
	xmpp_stanza_t *stanza = sn_xmpp_write_message(ctx, &sender, message);
	char *text = NULL;
	size_t length = 0;

	xmpp_stanza_set_ns(stanza, XMPP_NS_CLIENT); /* of the stream */
	xmpp_stanza_set_from(stanza, BOB "/desk");  /* by the server */
	assert_int_equal(xmpp_stanza_to_text(stanza, &text, &length), XMPP_EOK);
	xmpp_stanza_release(stanza);
	stanza = xmpp_stanza_new_from_string(ctx, text);
	xmpp_free(ctx, text);
	assert_non_null(stanza); /* what we send is well-formed */
	SnImMessage *back = sn_xmpp_read_message(&trusting, stanza);
	xmpp_stanza_release(stanza);
	return back;
}

/* ---- round trips ---- */

static void everything_a_message_has_comes_back(void **state)
{
	SnImMessage *message = sn_im_message_new();

	message->to = g_strdup(OWN);
	message->id = g_strdup("id-1");
	message->origin_id = g_strdup("origin-1");
	message->body = g_strdup("<b>not markup</b> & \"quotes\" Grüße 🙂\nsecond line");
	message->subject = g_strdup("about that");
	message->thread = g_strdup("0123456789abcdef01234567");
	message->written = 1795000000123;
	message->want_receipt = message->want_marker = message->store_hint = TRUE;
	message->unstyled = TRUE;
	message->reply_id = g_strdup("earlier");
	message->reply_to = g_strdup(OWN "/phone");
	message->in_reply_to_mail = g_strdup("root@example.test");
	message->references = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_add(message->references, g_strdup("root@example.test"));
	g_ptr_array_add(message->references, g_strdup("second@example.test"));
	message->response_values = g_strsplit("later mail now", " ", 0);
	message->response_labels = g_strsplit("Later,By email,Right now", ",", 0);
	message->replace_id = g_strdup("wrong-one");
	message->chat_state = g_strdup("active");
	message->attach_to = g_strdup("the-reply");
	message->part_of = g_strdup("origin-1");
	message->part_first = 2;
	message->part_count = 3;
	SnImMessage *back = round_trip(message);
	assert_string_equal(back->id, "id-1");
	assert_string_equal(back->origin_id, "origin-1");
	assert_string_equal(back->body, message->body);
	assert_string_equal(back->subject, message->subject);
	assert_string_equal(back->thread, message->thread);
	assert_int_equal(back->written, message->written);
	assert_int_equal(back->time, 0);
	assert_true(back->want_receipt && back->want_marker && back->store_hint && back->unstyled);
	assert_string_equal(back->reply_id, "earlier");
	assert_string_equal(back->reply_to, OWN "/phone");
	assert_string_equal(back->in_reply_to_mail, "root@example.test");
	assert_int_equal(back->references->len, 2);
	assert_string_equal(g_ptr_array_index(back->references, 1), "second@example.test");
	assert_string_equal(back->response_values[1], "mail");
	assert_string_equal(back->response_labels[1], "By email");
	assert_null(back->response_values[3]);
	assert_string_equal(back->replace_id, "wrong-one");
	assert_string_equal(back->chat_state, "active");
	assert_string_equal(back->attach_to, "the-reply");
	assert_string_equal(back->part_of, "origin-1");
	assert_int_equal(back->part_first, 2);
	assert_int_equal(back->part_count, 3);
	sn_im_message_free(message);
	sn_im_message_free(back);
}

static void a_quote_is_a_fallback_that_can_be_taken_off(void **state)
{
	SnImMessage *message = sn_im_message_new();

	message->reply_id = g_strdup("earlier");
	message->quote = g_strdup("> Grüße, 🙂\n");
	message->body = g_strdup("Ebenso");
	SnImMessage *back = round_trip(message);
	assert_string_equal(back->body, "> Grüße, 🙂\nEbenso");
	assert_string_equal(back->body_fallback_free, "Ebenso");
	sn_im_message_free(back);
	/* so is the line that says when a deferred message was written */
	message->written = 1795000000000;
	message->note = g_strdup("\n(written 14:02)");
	back = round_trip(message);
	assert_string_equal(back->body, "> Grüße, 🙂\nEbenso\n(written 14:02)");
	assert_string_equal(back->body_fallback_free, "Ebenso");
	assert_int_equal(back->written, message->written);
	sn_im_message_free(message);
	sn_im_message_free(back);
}

static void a_quote_of_an_email_stands_in_for_the_header_that_names_it(void **state)
{
	SnImMessage *message = sn_im_message_new();

	message->in_reply_to_mail = g_strdup("plans-1@example.test");
	message->quote = g_strdup("> Email of Friday: Plans\n\n");
	message->body = g_strdup("Gladly");
	SnImMessage *back = round_trip(message);
	assert_string_equal(back->body, "> Email of Friday: Plans\n\nGladly");
	assert_string_equal(back->body_fallback_free, "Gladly");
	assert_null(back->reply_id);
	sn_im_message_free(message);
	sn_im_message_free(back);
}

static void files_keep_what_is_known_of_them(void **state)
{
	SnImMessage *message = sn_im_message_new();
	SnImFile *file = g_new0(SnImFile, 1), *bare = g_new0(SnImFile, 1);
	g_autofree char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, "x", -1);

	*file = (SnImFile){ g_strdup("https://up.example.test/1/a b.pdf?x=1&y=2"),
			    g_strdup("a b.pdf"), g_strdup("application/pdf"), g_strdup(hash),
			    12345 };
	*bare = (SnImFile){ .url = g_strdup("https://up.example.test/2"), .size = -1 };
	message->files = g_ptr_array_new_with_free_func((GDestroyNotify)sn_im_file_free);
	g_ptr_array_add(message->files, file);
	g_ptr_array_add(message->files, bare);
	SnImMessage *back = round_trip(message);
	assert_int_equal(back->files->len, 2); /* announced in two ways, yet each once */
	SnImFile *one = g_ptr_array_index(back->files, 0), *two = g_ptr_array_index(back->files, 1);
	assert_string_equal(one->url, file->url);
	assert_string_equal(one->name, "a b.pdf");
	assert_string_equal(one->type, "application/pdf");
	assert_string_equal(one->sha256, hash);
	assert_int_equal(one->size, 12345);
	assert_string_equal(two->url, bare->url);
	assert_int_equal(two->size, -1);
	assert_null(two->sha256);
	sn_im_message_free(message);
	sn_im_message_free(back);
}

static void history_travels_with_its_times(void **state)
{
	SnImMessage *message = sn_im_message_new();

	message->forwarded = g_ptr_array_new_with_free_func((GDestroyNotify)sn_im_message_free);
	for (int i = 0; i < 3; i++) {
		SnImMessage *earlier = sn_im_message_new();
		earlier->from = g_strdup(i % 2 ? OWN : BOB);
		earlier->to = g_strdup(i % 2 ? BOB : OWN);
		earlier->origin_id = g_strdup_printf("old-%d", i);
		earlier->body = g_strdup_printf("line %d", i);
		earlier->time = 1795000000000 + i * SN_MINUTE;
		g_ptr_array_add(message->forwarded, earlier);
	}
	SnImMessage *back = round_trip(message);
	assert_int_equal(back->forwarded->len, 3);
	for (guint i = 0; i < 3; i++) {
		SnImMessage *one = g_ptr_array_index(message->forwarded, i);
		SnImMessage *other = g_ptr_array_index(back->forwarded, i);
		assert_string_equal(one->from, other->from);
		assert_string_equal(one->to, other->to);
		assert_string_equal(one->body, other->body);
		assert_string_equal(one->origin_id, other->origin_id);
		assert_int_equal(one->time, other->time);
	}
	sn_im_message_free(message);
	sn_im_message_free(back);
}

static void receipts_and_markers_name_their_message(void **state)
{
	SnImMessage *receipt = sn_im_message_new(), *marker = sn_im_message_new();

	receipt->receipt_id = g_strdup("r1");
	marker->displayed_id = g_strdup("d1");
	SnImMessage *one = round_trip(receipt), *two = round_trip(marker);
	assert_string_equal(one->receipt_id, "r1");
	assert_null(one->body);
	assert_string_equal(two->displayed_id, "d1");
	sn_im_message_free(receipt);
	sn_im_message_free(marker);
	sn_im_message_free(one);
	sn_im_message_free(two);
}

static void control_characters_do_not_end_the_stream(void **state)
{
	SnImMessage *message = sn_im_message_new();

	message->to = g_strdup(BOB "\x01");
	message->body = g_strdup("bell\x07 null-ish\x1f bad\xff\xfe end");
	message->subject = g_strdup("\x02");
	SnImMessage *back = round_trip(message);
	assert_true(g_str_has_prefix(back->body, "bell null-ish bad"));
	assert_true(g_str_has_suffix(back->body, " end"));
	sn_im_message_free(message);
	sn_im_message_free(back);
}

/* ---- whom to believe ---- */

static void a_stanza_id_counts_only_from_our_own_account(void **state)
{
	const char *forged =
		"<body>x</body><stanza-id xmlns='urn:xmpp:sid:0' id='f' by='" BOB "'/>";
	const char *right = "<stanza-id xmlns='urn:xmpp:sid:0' id='f' by='mallory@example.test'/>"
			    "<stanza-id xmlns='urn:xmpp:sid:0' id='ok' by='" OWN "'/>";
	SnImMessage *message = read_text(forged);

	assert_null(message->stanza_id);
	sn_im_message_free(message);
	message = read_text(right);
	assert_string_equal(message->stanza_id, "ok");
	sn_im_message_free(message);
	message = read_with(&wary, right, ""); /* the server does not strip forged ones */
	assert_null(message->stanza_id);
	sn_im_message_free(message);
}

static void a_senders_time_is_not_the_servers(void **state)
{
	SnImMessage *message = read_text("<delay xmlns='urn:xmpp:delay' from='" BOB
					 "' stamp='2026-11-18T11:06:40Z'/>");

	assert_int_equal(message->time, 0);
	assert_int_equal(message->written, 1795000000000);
	sn_im_message_free(message);
	message = read_text("<delay xmlns='urn:xmpp:delay' from='example.test' "
			    "stamp='2026-11-18T12:06:40.5+01:00'/>");
	assert_int_equal(message->time, 1795000000500);
	assert_int_equal(message->written, 0);
	sn_im_message_free(message);
	message =
		read_text("<delay xmlns='urn:xmpp:delay' from='example.test' stamp='yesterday'/>");
	assert_int_equal(message->time, 0);
	sn_im_message_free(message);
}

static void forwarding_does_not_nest(void **state)
{
	SnImMessage *message = read_text(
		"<forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' from='" BOB
		"'>"
		"<body>outer</body><forwarded xmlns='urn:xmpp:forward:0'>"
		"<message xmlns='jabber:client'><body>inner</body></message></forwarded></message>"
		"</forwarded><forwarded xmlns='urn:xmpp:forward:0'/>");

	assert_int_equal(message->forwarded->len, 1);
	SnImMessage *outer = g_ptr_array_index(message->forwarded, 0);
	assert_string_equal(outer->body, "outer");
	assert_null(outer->forwarded);
	sn_im_message_free(message);
}

static void errors_tell_their_condition(void **state)
{
	xmpp_stanza_t *stanza = xmpp_stanza_new_from_string(
		ctx,
		"<message xmlns='jabber:client' from='" BOB "' id='i1' type='error'><body>x</body>"
		"<received xmlns='urn:xmpp:receipts' id='not-a-receipt'/>"
		"<error type='cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
		"<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>No such user</text></error>"
		"</message>");
	SnImMessage *message = sn_xmpp_read_message(&trusting, stanza);

	assert_true(message->error);
	assert_string_equal(message->error_condition, "item-not-found");
	assert_string_equal(message->error_text, "No such user");
	assert_null(
		message->receipt_id); /* an error bounces what we sent: no receipt in it counts */
	sn_im_message_free(message);
	xmpp_stanza_release(stanza);
}

static void an_unreadable_message_says_so(void **state)
{
	static const char *const marks[] = {
		"<encryption xmlns='urn:xmpp:eme:0' namespace='urn:xmpp:openpgp:0'/>",
		"<encrypted xmlns='urn:xmpp:omemo:2'/>",
	};

	for (gsize i = 0; i < G_N_ELEMENTS(marks); i++) {
		g_autofree char *inside = g_strconcat(marks[i], "<body>Cannot be read.</body>", NULL);
		SnImMessage *message = read_text(inside);
		assert_true(message->encrypted);
		sn_im_message_free(message);
	}
	SnImMessage *clear = read_text("<body>encrypted</body><encryption xmlns='urn:other'/>");
	assert_false(clear->encrypted);
	sn_im_message_free(clear);
}

static void odd_fallbacks_harm_nothing(void **state)
{
	static const struct {
		const char *range, *rest; /* rest NULL: nothing taken off */
	} cases[] = {
		{ "<body start='0' end='2'/>", "cd" },
		{ "<body start='2'/>", "ab" },
		{ "<body/>", "" },
		{ "", "" },
		{ "<body start='-5' end='1'/>", "bcd" },
		{ "<body start='3' end='2'/>", NULL },
		{ "<body start='9999999999999999999999' end='x'/>", "" },
		{ "<body start='0' end='1'/><body start='3' end='4'/>", "bc" },
		{ "<subject/>", NULL },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *text = g_strdup_printf("<body>abcd</body><fallback "
							"xmlns='urn:xmpp:fallback:0' "
							"for='urn:xmpp:reply:0'>%s</fallback>",
							cases[i].range);
		SnImMessage *message = read_text(text);
		assert_string_equal(message->body, "abcd");
		if (cases[i].rest)
			assert_string_equal(message->body_fallback_free, cases[i].rest);
		else
			assert_null(message->body_fallback_free);
		sn_im_message_free(message);
	}
}

static void headers_take_only_message_ids(void **state)
{
	SnImMessage *message =
		read_text("<headers xmlns='http://jabber.org/protocol/shim'>"
			  "<header name='in-reply-to'>junk &lt;a@b&gt; more</header>"
			  "<header name='References'>&lt;noat&gt; &lt;x@y&gt;\n&lt;z@y&gt;</header>"
			  "<header>no name</header><header name='References'/></headers>");

	assert_string_equal(message->in_reply_to_mail, "a@b");
	assert_int_equal(message->references->len, 2);
	sn_im_message_free(message);
}

static void crowds_are_cut(void **state)
{
	g_autoptr(GString) text = g_string_new("<body>x</body>");

	for (int i = 0; i < 5000; i++)
		g_string_append_printf(text,
				       "<x xmlns='jabber:x:oob'><url>https://e.test/%d</url></x>"
				       "<response xmlns='urn:xmpp:tmp:quick-response' value='%d'/>"
				       "<forwarded xmlns='urn:xmpp:forward:0'>"
				       "<message xmlns='jabber:client'/></forwarded>",
				       i, i);
	SnImMessage *message = read_text(text->str);
	assert_in_range(message->files->len, 1, 100);
	assert_in_range(g_strv_length(message->response_values), 1, 20);
	assert_in_range(message->forwarded->len, 1, 300);
	sn_im_message_free(message);
}

/* ---- addresses ---- */

static void addresses_are_normalised_or_refused(void **state)
{
	static const struct {
		const char *given, *expected;
	} cases[] = {
		{ "Bob@Example.Test/Home", "bob@example.test" },
		{ "example.test", "example.test" },
		{ "JÜRGEN@bücher.example", "jürgen@bücher.example" },
		{ "", NULL },
		{ "@example.test", NULL },
		{ "bob@", NULL },
		{ "a@b@c", NULL },
		{ "bob @example.test", NULL },
		{ "bob\n@example.test", NULL },
		{ "<bob@example.test>", NULL },
		{ "\xff@example.test", NULL },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *jid = sn_jid_normalise(cases[i].given);
		if (cases[i].expected)
			assert_string_equal(jid, cases[i].expected);
		else
			assert_null(jid);
	}
	assert_true(sn_jid_same_bare("a@b/x", "a@b"));
	assert_false(sn_jid_same_bare("a@b/x", "a@bc"));
	assert_false(sn_jid_same_bare(NULL, NULL));
	assert_null(sn_jid_normalise(NULL));
}

/* ---- the table ---- */

static void every_kind_of_request_has_a_start(void **state)
{
	for (int kind = SN_IM_REQ_SEND; kind <= SN_IM_REQ_LEAVE; kind++)
		assert_non_null(sn_xmpp_start_of(kind));
	for (int i = 0; sn_xmpp_extensions[i]; i++) {
		assert_non_null(sn_xmpp_extensions[i]->name);
		assert_non_null(sn_xmpp_extensions[i]->features);
		const SnXmppClaim *claims = sn_xmpp_extensions[i]->claims;
		for (int j = 0; claims && claims[j].xep; j++) {
			assert_int_equal(strlen(claims[j].xep), 4);
			assert_non_null(claims[j].version);
			assert_non_null(claims[j].since);
			assert_non_null(strchr(claims[j].test, ':'));
			/* who claims a part says which */
			assert_true(claims[j].note || claims[j].status == SN_XMPP_COMPLETE);
		}
	}
}

/* ---- fingerprints: XEP-0115 ---- */

static char *fingerprint(const char *inside, const char *algorithm)
{
	g_autofree char *text = g_strdup_printf(
		"<query xmlns='http://jabber.org/protocol/disco#info'>%s</query>", inside);
	xmpp_stanza_t *query = xmpp_stanza_new_from_string(ctx, text);

	assert_non_null(query);
	char *made = sn_caps_verify(query, algorithm);
	xmpp_stanza_release(query);
	return made;
}

#define EXODUS                                                                           \
	"<identity category='client' name='Exodus 0.9.1' type='pc'/>"                    \
	"<feature var='http://jabber.org/protocol/caps'/>"                               \
	"<feature var='http://jabber.org/protocol/disco#info'/>"                         \
	"<feature var='http://jabber.org/protocol/disco#items'/>"                        \
	"<feature var='http://jabber.org/protocol/muc'/>"

/* The two examples of section 5, and what section 5.4 refuses. */
static void fingerprints_are_those_of_the_xep(void **state)
{
	static const char psi[] =
		"<identity xml:lang='en' category='client' name='Psi 0.11' type='pc'/>"
		"<identity xml:lang='el' category='client' name='\u03a8 0.11' type='pc'/>"
		"<feature var='http://jabber.org/protocol/caps'/>"
		"<feature var='http://jabber.org/protocol/disco#info'/>"
		"<feature var='http://jabber.org/protocol/disco#items'/>"
		"<feature var='http://jabber.org/protocol/muc'/>"
		"<x xmlns='jabber:x:data' type='result'>"
		"<field var='FORM_TYPE' type='hidden'><value>urn:xmpp:dataforms:softwareinfo</value>"
		"</field><field var='ip_version'><value>ipv4</value><value>ipv6</value></field>"
		"<field var='os'><value>Mac</value></field>"
		"<field var='os_version'><value>10.5.1</value></field>"
		"<field var='software'><value>Psi</value></field>"
		"<field var='software_version'><value>0.11</value></field></x>";
	g_autofree char *simple = fingerprint(EXODUS, "sha-1");
	g_autofree char *complex = fingerprint(psi, "sha-1");

	assert_string_equal(simple, "QgayPKawpkPSDYmwT/WM94uAlu0=");
	assert_string_equal(complex, "q07IKJEyjvHSyhy//CH0CxmKi8w=");
	assert_null(fingerprint(EXODUS, "md5"));
	assert_null(fingerprint(EXODUS "<feature var='http://jabber.org/protocol/muc'/>", "sha-1"));
	assert_null(fingerprint(EXODUS "<identity category='client' name='Exodus 0.9.1' type='pc'/>",
				"sha-1"));
	assert_null(sn_caps_verify(NULL, "sha-1"));
}

static void odd_fingerprints_are_not_taken(void **state)
{
	static const char *const odd[] = {
		"<c xmlns='http://jabber.org/protocol/caps' node='n' ver='0.9'/>", /* of 2003 */
		"<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='n'/>",
		"<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='n' ver='a b'/>",
		"<c xmlns='http://jabber.org/protocol/caps' hash='a:b' node='n' ver='abc'/>",
		"<c xmlns='urn:other' hash='sha-1' node='n' ver='abc'/>",
	};

	for (gsize i = 0; i < G_N_ELEMENTS(odd); i++) {
		g_autofree char *text = g_strdup_printf("<presence>%s</presence>", odd[i]);
		xmpp_stanza_t *presence = xmpp_stanza_new_from_string(ctx, text);
		assert_null(sn_caps_key(presence));
		xmpp_stanza_release(presence);
	}
}

/* ---- the corpus ---- */

static void check_text(const char *text)
{
	assert_true(!text || g_utf8_validate(text, -1, NULL));
	for (const char *p = text; p && *p; p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p);
		assert_true(c >= 0x20 || c == '\n' || c == '\t');
		assert_false(c >= 0x7f && c < 0xa0);
	}
}

static void check_message(const SnImMessage *message)
{
	const char *const texts[] = { message->from,
				      message->to,
				      message->id,
				      message->origin_id,
				      message->body,
				      message->body_fallback_free,
				      message->subject,
				      message->thread,
				      message->error_text,
				      message->error_condition,
				      message->receipt_id,
				      message->displayed_id,
				      message->reply_id,
				      message->reply_to,
				      message->in_reply_to_mail,
				      message->replace_id,
				      message->chat_state };

	for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
		check_text(texts[i]);
	for (guint i = 0; message->files && i < message->files->len; i++) {
		const SnImFile *file = g_ptr_array_index(message->files, i);
		check_text(file->url);
		check_text(file->name);
	}
	for (guint i = 0; message->forwarded && i < message->forwarded->len; i++)
		check_message(g_ptr_array_index(message->forwarded, i));
}

static void check_file(const char *path)
{
	g_autofree char *text = NULL;

	if (!g_file_get_contents(path, &text, NULL, NULL))
		return;
	/* most examples leave out the namespace of the stream */
	if (g_str_has_prefix(text, "<message") && !strstr(text, "xmlns='jabber:client'")) {
		char *with = g_strconcat("<message xmlns='jabber:client'",
					 text + strlen("<message"), NULL);
		g_free(text);
		text = with;
	}
	xmpp_stanza_t *stanza = xmpp_stanza_new_from_string(ctx, text);
	if (!stanza)
		return; /* not well-formed: the library refuses it before us */
	SnImMessage *message = sn_xmpp_read_message(&trusting, stanza);
	if (!message) { /* what may stand inside a message */
		xmpp_stanza_t *outer = sn_xml_new(ctx, "message", XMPP_NS_CLIENT);
		xmpp_stanza_add_child(outer, stanza);
		message = sn_xmpp_read_message(&wary, outer);
		xmpp_stanza_release(outer);
	}
	check_message(message);
	SnImMessage *again = round_trip(message);
	check_message(again);
	sn_im_message_free(again);
	sn_im_message_free(message);
	xmpp_stanza_release(stanza);
}

static void every_example_of_the_xeps_is_read(void **state)
{
	const char *top = g_getenv("TOP_SRCDIR");
	g_autofree char *archive = g_build_filename(top ? top : ".", "..", "shared", "corpus",
						    "xmpp", "xep-examples.tar.zst", NULL);
	g_autofree char *dir = g_dir_make_tmp("sennit-XXXXXX", NULL);
	const char *const untar[] = { "tar", "--zstd", "-xf", archive, "-C", dir, NULL };
	const char *const clear[] = { "rm", "-rf", "--", dir, NULL };
	int status = 1, count = 0;

	if (!g_file_test(archive, G_FILE_TEST_EXISTS)) {
		print_message("# the corpus is not here\n");
		skip();
	}
	g_spawn_sync(NULL, (char **)untar, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL,
		     &status, NULL);
	assert_int_equal(status, 0);
	g_autoptr(GDir) files = g_dir_open(dir, 0, NULL);
	for (const char *name; (name = g_dir_read_name(files)); count++) {
		g_autofree char *path = g_build_filename(dir, name, NULL);
		check_file(path);
	}
	assert_true(count > 1000);
	g_spawn_sync(NULL, (char **)clear, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL,
		     NULL);
}

static int set_up(void **state)
{
	xmpp_initialize();
	ctx = xmpp_ctx_new(NULL, NULL);
	return 0;
}

static int tear_down(void **state)
{
	xmpp_ctx_free(ctx);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_a_message_has_comes_back),
		cmocka_unit_test(a_quote_is_a_fallback_that_can_be_taken_off),
		cmocka_unit_test(a_quote_of_an_email_stands_in_for_the_header_that_names_it),
		cmocka_unit_test(files_keep_what_is_known_of_them),
		cmocka_unit_test(history_travels_with_its_times),
		cmocka_unit_test(receipts_and_markers_name_their_message),
		cmocka_unit_test(control_characters_do_not_end_the_stream),
		cmocka_unit_test(a_stanza_id_counts_only_from_our_own_account),
		cmocka_unit_test(a_senders_time_is_not_the_servers),
		cmocka_unit_test(forwarding_does_not_nest),
		cmocka_unit_test(errors_tell_their_condition),
		cmocka_unit_test(an_unreadable_message_says_so),
		cmocka_unit_test(odd_fallbacks_harm_nothing),
		cmocka_unit_test(headers_take_only_message_ids),
		cmocka_unit_test(crowds_are_cut),
		cmocka_unit_test(addresses_are_normalised_or_refused),
		cmocka_unit_test(every_kind_of_request_has_a_start),
		cmocka_unit_test(fingerprints_are_those_of_the_xep),
		cmocka_unit_test(odd_fingerprints_are_not_taken),
		cmocka_unit_test(every_example_of_the_xeps_is_read),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
