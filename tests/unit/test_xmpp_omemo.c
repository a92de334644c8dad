/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Encrypted messages as stanzas: what goes out beside the text, and what is believed of what comes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "backends/xmpp/xmpp_extensions.h"

#define OWN "alice@example.test"
#define BOB "bob@example.test"
#define NS "eu.siacs.conversations.axolotl"

static xmpp_ctx_t *ctx;
static const SnXmppReading reading = { .own_jid = OWN, .trust_stanza_id = TRUE };

static SnImMessage *read_stanza(const char *inside)
{
	g_autofree char *text = g_strdup_printf("<message xmlns='jabber:client' from='" BOB
	                                        "/desk' to='" OWN "' id='i1' type='chat'>%s</message>",
	                                        inside);
	xmpp_stanza_t *stanza = xmpp_stanza_new_from_string(ctx, text);

	assert_non_null(stanza);
	SnImMessage *message = sn_xmpp_read_message(&reading, stanza);
	xmpp_stanza_release(stanza);
	return message;
}

static char *written(const SnImMessage *message)
{
	const SnXmppReading sender = { .own_jid = BOB };
	xmpp_stanza_t *stanza = sn_xmpp_write_message(ctx, &sender, message);
	char *text = NULL;
	size_t length = 0;

	xmpp_stanza_set_ns(stanza, XMPP_NS_CLIENT);
	assert_int_equal(xmpp_stanza_to_text(stanza, &text, &length), XMPP_EOK);
	xmpp_stanza_release(stanza);
	char *copy = g_strdup(text);
	xmpp_free(ctx, text);
	return copy;
}

static SnImMessage *back(const char *text)
{
	xmpp_stanza_t *stanza = xmpp_stanza_new_from_string(ctx, text);

	assert_non_null(stanza);
	xmpp_stanza_set_from(stanza, BOB "/desk");
	SnImMessage *message = sn_xmpp_read_message(&reading, stanza);
	xmpp_stanza_release(stanza);
	return message;
}

static SnOmemoSealed *sealed_for(guint32 one, guint32 other)
{
	SnOmemoSealed *sealed = sn_omemo_sealed_new(77);

	g_ptr_array_add(sealed->keys, sn_omemo_key_new(one, TRUE, g_bytes_new("\0first", 6)));
	g_ptr_array_add(sealed->keys, sn_omemo_key_new(other, FALSE, g_bytes_new("second", 6)));
	sealed->iv = g_bytes_new("123456789012", 12);
	sealed->payload = g_bytes_new("locked", 6);
	return sealed;
}

static SnImMessage *everything(void)
{
	SnImMessage *message = sn_im_message_new();
	SnImFile *file = g_new0(SnImFile, 1);
	SnImMessage *earlier = sn_im_message_new();

	message->to = g_strdup(OWN);
	message->id = g_strdup("id-1");
	message->origin_id = g_strdup("origin-1");
	message->body = g_strdup("SECRET body");
	message->quote = g_strdup("> SECRET quote\n");
	message->note = g_strdup("\nSECRET note");
	message->subject = g_strdup("SECRET subject");
	message->thread = g_strdup("0123");
	message->reply_id = g_strdup("earlier");
	message->replace_id = g_strdup("wrong-one");
	message->in_reply_to_mail = g_strdup("SECRET@example.test");
	message->references = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_add(message->references, g_strdup("SECRET@example.test"));
	message->response_values = g_strsplit("SECRET later", " ", 0);
	message->files = g_ptr_array_new_with_free_func((GDestroyNotify)sn_im_file_free);
	file->url = g_strdup("https://example.test/SECRET");
	file->name = g_strdup("SECRET.pdf");
	file->sha256 = g_strdup("00");
	g_ptr_array_add(message->files, file);
	message->forwarded = g_ptr_array_new_with_free_func((GDestroyNotify)sn_im_message_free);
	earlier->from = g_strdup(BOB);
	earlier->to = g_strdup(OWN);
	earlier->body = g_strdup("SECRET earlier");
	g_ptr_array_add(message->forwarded, earlier);
	message->want_receipt = message->want_marker = message->store_hint = TRUE;
	return message;
}

static void a_sealed_message_comes_back(void **state)
{
	SnImMessage *message = everything();

	message->sealed = sealed_for(11, 22);
	g_autofree char *text = written(message);
	SnImMessage *read = back(text);
	assert_true(read->encrypted);
	assert_null(read->locked);
	assert_null(read->body);
	assert_non_null(read->sealed);
	assert_int_equal(read->sealed->sender, 77);
	assert_int_equal(read->sealed->keys->len, 2);
	const SnOmemoKey *one = sn_omemo_sealed_key(read->sealed, 11);
	assert_true(one->prekey);
	assert_int_equal(g_bytes_get_size(one->data), 6);
	assert_memory_equal(g_bytes_get_data(one->data, NULL), "\0first", 6);
	assert_false(sn_omemo_sealed_key(read->sealed, 22)->prekey);
	assert_null(sn_omemo_sealed_key(read->sealed, 33));
	assert_memory_equal(g_bytes_get_data(read->sealed->payload, NULL), "locked", 6);
	assert_int_equal(g_bytes_get_size(read->sealed->iv), 12);
	/* what the server and everybody's client have to know goes beside it */
	assert_string_equal(read->origin_id, "origin-1");
	assert_string_equal(read->replace_id, "wrong-one");
	assert_string_equal(read->reply_id, "earlier");
	assert_true(read->want_receipt && read->want_marker && read->store_hint);
	assert_non_null(strstr(text, "namespace=\"" NS "\""));
	sn_im_message_free(message);
	sn_im_message_free(read);
}

static void nothing_of_the_content_goes_beside_it(void **state)
{
	SnImMessage *message = everything();
	g_autofree char *open = written(message);

	assert_non_null(strstr(open, "SECRET"));
	message->sealed = sealed_for(11, 22);
	g_autofree char *text = written(message);
	assert_null(strstr(text, "SECRET"));
	assert_non_null(strstr(text, "OMEMO encrypted message")); /* for clients that cannot */
	sn_im_message_free(message);
}

/* The quote is within, and where it stands is beside it. */
static void an_opened_text_loses_its_quote(void **state)
{
	SnImMessage *message = everything();

	message->sealed = sealed_for(11, 22);
	g_autofree char *whole = g_strconcat(message->quote, message->body, NULL);
	g_clear_pointer(&message->note, g_free);
	g_autofree char *text = written(message);
	SnImMessage *read = back(text);
	assert_non_null(read->fallback);
	sn_im_message_set_body(read, whole);
	assert_string_equal(read->body, whole);
	assert_string_equal(read->body_fallback_free, "SECRET body");
	sn_im_message_set_body(read, "short");
	assert_null(read->body_fallback_free); /* no quote stands there */
	sn_im_message_free(read);
	/* with an email answered nothing says so but the quote */
	g_clear_pointer(&message->reply_id, g_free);
	g_autofree char *other = written(message);
	read = back(other);
	assert_null(read->fallback);
	sn_im_message_free(message);
	sn_im_message_free(read);
}

/* Whoever carries the message could else take a "not" out of it. */
static void nothing_beside_it_hides_a_text(void **state)
{
	static const struct {
		const char *ranges, *body, *rest; /* NULL: nothing is hidden */
	} cases[] = {
		{ "<body start='3' end='7'/>", "Do not pay", NULL },
		{ "", "Do not pay", NULL },
		{ "<body/>", "> asked\nDo not pay", NULL },
		{ "<body start='0' end='3'/>", "> asked\nDo not pay", NULL },
		{ "<body start='0' end='8'/>", "> asked\nDo not pay", "Do not pay" },
		{ "<body start='0' end='11'/>", "> \u00fc\n> more\nDo not pay", "Do not pay" },
		{ "<body start='0' end='9'/>", "> asked\n\nDo not pay", "Do not pay" },
		{ "<body start='8' end='16'/>", "Pay it.\n> quote\n", NULL },
		{ "<body start='0' end='8'/><body start='11' end='99'/>",
		  "> asked\nPay\n(written 14:02)", "Pay" },
		{ "<body start='3' end='99'/>", "Pay\n(written 14:02)", "Pay" },
		{ "<body start='3' end='99'/>", "Pay\n(written 14:02)\nnot (yet)", NULL },
		{ "<body start='3' end='99'/>", "Pay\nbut not all", NULL },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *inside = g_strdup_printf(
			"<encrypted xmlns='" NS "'><header sid='3'><key rid='4'>aGVsbG8=</key>"
			"<iv>MTIzNDU2Nzg5MDEy</iv></header><payload>bG9ja2Vk</payload></encrypted>"
			"<reply xmlns='urn:xmpp:reply:0' id='x'/>"
			"<fallback xmlns='urn:xmpp:fallback:0' "
			"for='urn:xmpp:reply:0'>%s</fallback>",
			cases[i].ranges);
		SnImMessage *message = read_stanza(inside);
		assert_non_null(message->sealed);
		sn_im_message_set_body(message, cases[i].body);
		assert_string_equal(message->body, cases[i].body);
		if (cases[i].rest)
			assert_string_equal(message->body_fallback_free, cases[i].rest);
		else
			assert_null(message->body_fallback_free);
		sn_im_message_free(message);
	}
}

static void what_came_in_the_clear_beside_it_is_not_believed(void **state)
{
	SnImMessage *message = read_stanza(
		"<body>pay to this account</body><subject>urgent</subject>"
		"<x xmlns='jabber:x:oob'><url>https://evil.test/x</url></x>"
		"<encrypted xmlns='" NS "'><header sid='5'><key rid='6'>AAEC</key><iv>AAAA</iv></header>"
		"<payload>AAAA</payload></encrypted>");

	assert_non_null(message->sealed);
	assert_null(message->body);
	assert_null(message->subject);
	assert_null(message->files);
	sn_im_message_free(message);
}

/* Each of these would be taken for all that the stanza says, and the text would be lost. */
static void nothing_beside_it_takes_its_place(void **state)
{
	static const char *const beside[] = {
		"<retract xmlns='urn:xmpp:message-retract:1' id='m1'/>",
		"<apply-to xmlns='urn:xmpp:fasten:0' id='m1'><retract xmlns='urn:xmpp:message-retract:0'/></apply-to>",
		"<reactions xmlns='urn:xmpp:reactions:0' id='m1'><reaction>\U0001F44D</reaction></reactions>",
		"<received xmlns='urn:xmpp:receipts' id='m1'/>",
		"<displayed xmlns='urn:xmpp:chat-markers:0' id='m1'/>",
		"<x xmlns='jabber:x:conference' jid='trap@rooms.evil.test'/>",
	};
	static const char *const texts[] = {
		"<encrypted xmlns='" NS "'><header sid='5'><key rid='6'>AAEC</key><iv>AAAA</iv></header>"
		"<payload>AAAA</payload></encrypted>",
		"<encrypted xmlns='" NS "'/>", /* damaged */
		"",
	};

	for (gsize i = 0; i < G_N_ELEMENTS(beside); i++)
		for (gsize j = 0; j < G_N_ELEMENTS(texts); j++) {
			g_autofree char *before = g_strconcat(beside[i], texts[j], NULL);
			g_autofree char *behind = g_strconcat(texts[j], beside[i], NULL);
			SnImMessage *both[] = { read_stanza(before), read_stanza(behind) };
			for (int k = 0; k < 2; k++) {
				const SnImMessage *m = both[k];
				gboolean said = m->retract_id || m->react_id || m->receipt_id ||
						m->displayed_id || m->invitation;
				assert_int_equal(said, !*texts[j]); /* without a text they are heard */
				assert_int_equal(m->sealed != NULL, j == 0);
				assert_int_equal(m->locked != NULL, j == 1);
				sn_im_message_free(both[k]);
			}
		}
}

static void keys_without_a_text(void **state)
{
	SnImMessage *message = sn_im_message_new();

	message->to = g_strdup(OWN);
	message->sealed = sealed_for(11, 22);
	g_clear_pointer(&message->sealed->payload, g_bytes_unref);
	g_autofree char *text = written(message);
	assert_null(strstr(text, "<body"));
	assert_null(strstr(text, "<payload"));
	SnImMessage *read = back(text);
	assert_non_null(read->sealed);
	assert_null(read->sealed->payload);
	assert_null(read->body);
	sn_im_message_free(message);
	sn_im_message_free(read);
}

static void damaged_ones(void **state)
{
	static const struct {
		const char *inside;
		guint keys; /* G_MAXUINT: not readable at all */
	} cases[] = {
		{ "", G_MAXUINT },
		{ "<header/>", G_MAXUINT },
		{ "<header sid='0'/>", G_MAXUINT },
		{ "<header sid='-4'/>", G_MAXUINT },
		{ "<header sid='99999999999'/>", G_MAXUINT },
		{ "<header sid='x'/>", G_MAXUINT },
		{ "<header sid='1'/>", 0 },
		{ "<header sid='1'/><payload>AAAA</payload>", G_MAXUINT },
		{ "<header sid='1'><iv>AAAA</iv></header><payload>AAAA</payload>", 0 },
		{ "<header sid='1'><key rid='0'>AAAA</key><key>AAAA</key><key rid='1'/></header>", 0 },
		{ "<header sid='1'><key rid='3'>%%%</key><key rid='2'>A A\nE=</key></header>", 1 },
		{ "<header xmlns='other' sid='1'/>", G_MAXUINT },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *inside = g_strdup_printf(
			"<body>fallback</body><encrypted xmlns='" NS "'>%s</encrypted>", cases[i].inside);
		SnImMessage *message = read_stanza(inside);
		assert_true(message->encrypted);
		if (cases[i].keys == G_MAXUINT) {
			assert_null(message->sealed);
			assert_non_null(message->locked);
		} else {
			assert_int_equal(message->sealed->keys->len, cases[i].keys);
			g_free(written(message)); /* as much as there is */
		}
		sn_im_message_free(message);
	}
}

static void crowds_are_cut(void **state)
{
	g_autoptr(GString) inside = g_string_new("<encrypted xmlns='" NS "'><header sid='1'>");
	g_autofree char *long_key = g_strnfill(8000, 'A');

	g_string_append_printf(inside, "<key rid='1'>%s</key>", long_key);
	for (int i = 2; i < 3000; i++)
		g_string_append_printf(inside, "<key rid='%d'>AAAA</key>", i);
	g_string_append(inside, "</header></encrypted>");
	SnImMessage *message = read_stanza(inside->str);
	assert_true(message->sealed->keys->len <= SN_OMEMO_MAX_KEYS);
	assert_null(sn_omemo_sealed_key(message->sealed, 1));
	sn_im_message_free(message);
}

static void other_ways_have_names_of_ours(void **state)
{
	static const struct {
		const char *inside, *name;
	} cases[] = {
		{ "<encryption xmlns='urn:xmpp:eme:0' namespace='urn:xmpp:openpgp:0'/>", "OpenPGP" },
		{ "<encrypted xmlns='urn:xmpp:omemo:2'/>", "OMEMO 2" },
		{ "<encryption xmlns='urn:xmpp:eme:0' namespace='x' name='verified by Bob'/>",
		  "an unknown way" },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		SnImMessage *message = read_stanza(cases[i].inside);
		assert_true(message->encrypted);
		assert_null(message->sealed);
		assert_string_equal(message->locked, cases[i].name);
		sn_im_message_free(message);
	}
}

static int set_up(void **state)
{
	xmpp_initialize();
	ctx = xmpp_ctx_new(NULL, NULL);
	return ctx ? 0 : -1;
}

static int tear_down(void **state)
{
	xmpp_ctx_free(ctx);
	xmpp_shutdown();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sealed_message_comes_back),
		cmocka_unit_test(nothing_of_the_content_goes_beside_it),
		cmocka_unit_test(an_opened_text_loses_its_quote),
		cmocka_unit_test(nothing_beside_it_hides_a_text),
		cmocka_unit_test(what_came_in_the_clear_beside_it_is_not_believed),
		cmocka_unit_test(nothing_beside_it_takes_its_place),
		cmocka_unit_test(keys_without_a_text),
		cmocka_unit_test(damaged_ones),
		cmocka_unit_test(crowds_are_cut),
		cmocka_unit_test(other_ways_have_names_of_ours),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
