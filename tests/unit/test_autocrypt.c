/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The header fields of Autocrypt, what they make known of a peer, and what that recommends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <string.h>

#include "src/mime/mail.h"
#include "src/route/recommend.h"
#include "src/store/peer.h"
#include "tests/lib/tmpstore.h"

/* A public key packet of version 4 with a number in it, a name and a signature: enough of its shape. */
static GBytes *key_bytes(guint8 number)
{
	guint8 bytes[] = { 0x98, 8, 4, 1, 2, 3, number, 22, 9, 9, 0xcd, 3, 'b', 'o', 'b', 0x88, 2, 4, 0 };

	return g_bytes_new(bytes, sizeof bytes);
}

static char *key_text(guint8 number)
{
	g_autoptr(GBytes) key = key_bytes(number);
	gsize length;
	const guchar *data = g_bytes_get_data(key, &length);

	return g_base64_encode(data, length);
}

static gboolean valid(const char *format)
{
	g_autofree char *key = key_text(1);
	g_auto(GStrv) halves = g_strsplit(format, "KEY", 2);
	g_autofree char *value = g_strjoinv(key, halves);
	g_autoptr(SnAutocrypt) header = sn_autocrypt_parse(value);

	return header != NULL;
}

static void a_field_is_read_as_the_specification_says(void **state)
{
	static const struct {
		const char *value;
		gboolean counts;
	} fields[] = {
		{ "addr=bob@example.test; keydata=KEY", TRUE },
		{ "addr=bob@example.test; prefer-encrypt=mutual; keydata=KEY", TRUE },
		{ "addr=bob@example.test; prefer-encrypt=nopreference; keydata=KEY", TRUE },
		{ "addr=bob@example.test;\r\n prefer-encrypt=mutual;\r\n\tkeydata=\r\n KEY\r\n", TRUE },
		{ "addr=bob@example.test; keydata=KEY;", TRUE },
		{ "addr=bob@example.test; _later=x; keydata=KEY", TRUE },
		{ "addr=bob@example.test; later=x; keydata=KEY", FALSE },
		{ "addr=bob@example.test; type=1; keydata=KEY", FALSE },
		{ "addr=bob@example.test; keydata=KEY; _later=x", FALSE },
		{ "addr=bob@example.test; addr=eve@example.test; keydata=KEY", FALSE },
		{ "addr=bob@example.test; keydata=", FALSE },
		{ "addr=bob@example.test", FALSE },
		{ "keydata=KEY", FALSE },
		{ "addr=bob; keydata=KEY", FALSE },
		{ "addr=bob@example.test, eve@example.test; keydata=KEY", FALSE },
		{ "addr=bob@example.test; keydata=KEY*", FALSE },
		{ "addr=bob@example.test; keydata=!!!", FALSE },
		{ "addr=bob@example.test; keydata=bm8ga2V5", FALSE },
		{ "addr bob@example.test keydata KEY", FALSE },
		{ "", FALSE },
		{ ";;;;", FALSE },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(fields); i++)
		if (valid(fields[i].value) != fields[i].counts)
			fail_msg("%s", fields[i].value);
}

static void a_key_is_one_public_key_and_nothing_else(void **state)
{
	static const struct {
		const char *hex;
		gboolean good;
	} keys[] = {
		{ "98080401020304160909", TRUE },
		{ "c6080401020304160909", TRUE },                     /* a header of the new kind */
		{ "9900080401020304160909", TRUE },                   /* a length of two bytes */
		{ "c6ff000000080401020304160909", TRUE },             /* and of five */
		{ "95080401020304160909", FALSE },                    /* a secret key */
		{ "98080401020304160909" "9c0204010000", FALSE },     /* a secret part below it */
		{ "98080401020304160909" "98080401020305160909", FALSE }, /* two keys */
		{ "98080401020304160909" "d1020100", FALSE },         /* a photo */
		{ "98080401020304160909" "8805", FALSE },             /* cut off */
		{ "c6e80401020304160909", FALSE },                    /* a partial length */
		{ "9b0401020304160909", FALSE },                      /* none at all */
		{ "98080301020304160909", FALSE },                    /* version 3 */
		{ "98", FALSE },
		{ "1234", FALSE },
		{ "cd03626f62", FALSE },                              /* a name without a key */
	};

	for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
		gsize length = strlen(keys[i].hex) / 2;
		g_autofree guint8 *bytes = g_malloc(length);
		for (gsize at = 0; at < length; at++)
			bytes[at] = (guint8)(g_ascii_xdigit_value(keys[i].hex[2 * at]) * 16 +
			                     g_ascii_xdigit_value(keys[i].hex[2 * at + 1]));
		g_autoptr(GBytes) key = g_bytes_new(bytes, length);
		g_autofree char *fingerprint = sn_autocrypt_fingerprint(key);
		if ((fingerprint != NULL) != keys[i].good)
			fail_msg("%s", keys[i].hex);
	}
}

static void what_is_written_is_read_again(void **state)
{
	g_autoptr(GBytes) key = key_bytes(7);
	g_autofree char *field = sn_autocrypt_format("Autocrypt", "bob@example.test", TRUE, key);
	g_autoptr(SnAutocrypt) header = sn_autocrypt_parse(field + strlen("Autocrypt:"));
	g_autoptr(GBytes) huge = g_bytes_new_take(g_malloc0(20000), 20000);

	assert_true(g_str_has_prefix(field, "Autocrypt: addr=bob@example.test; prefer-encrypt=mutual; keydata=\r\n "));
	assert_true(g_str_has_suffix(field, "\r\n"));
	assert_non_null(header);
	assert_true(header->mutual);
	assert_string_equal(header->address, "bob@example.test");
	assert_true(g_bytes_equal(header->key, key));
	assert_null(sn_autocrypt_format("Autocrypt", "bob@example.test\r\nBcc: x@y", FALSE, key));
	assert_null(sn_autocrypt_format("Autocrypt", "bob@example.test", FALSE, huge));
}

/* ---- in an email ---- */

static SnMail *mail_with(const char *format, ...)
{
	va_list list;
	va_start(list, format);
	g_autofree char *head = g_strdup_vprintf(format, list);
	va_end(list);
	g_autofree char *text = g_strconcat(head, "Subject: x\r\nDate: Thu, 20 Aug 2026 10:00:00 +0000\r\n"
	                                    "\r\nHello.\r\n", NULL);
	g_autoptr(GBytes) raw = g_bytes_new(text, strlen(text));

	return sn_mail_parse(raw, NULL, NULL);
}

static void only_one_header_about_the_sender_counts(void **state)
{
	g_autofree char *a = key_text(1), *b = key_text(2);
	g_autofree char *bob = g_strdup_printf("Autocrypt: addr=Bob@Example.test; keydata=%s\r\n", a);
	g_autofree char *again = g_strdup_printf("Autocrypt: addr=bob@example.test; keydata=%s\r\n", b);
	g_autofree char *eve = g_strdup_printf("Autocrypt: addr=eve@example.test; keydata=%s\r\n", b);
	g_autofree char *bad = g_strdup_printf("Autocrypt: addr=bob@example.test; new=1; keydata=%s\r\n", b);
	const char *from = "From: Bob <bob@example.test>\r\n";
	g_autoptr(SnMail) none = mail_with("%s", from);
	g_autoptr(SnMail) one = mail_with("%s%s", from, bob);
	g_autoptr(SnMail) among = mail_with("%s%s%s%s", from, eve, bob, bad);
	g_autoptr(SnMail) two = mail_with("%s%s%s", from, bob, again);
	g_autoptr(SnMail) other = mail_with("%s%s", from, eve);
	g_autoptr(SnMail) several = mail_with("From: bob@example.test, eve@example.test\r\n%s", bob);
	g_autoptr(SnMail) report = mail_with(
		"%s%sMIME-Version: 1.0\r\nContent-Type: multipart/report; boundary=x\r\n\r\n--x\r\n\r\n"
		"It came.\r\n--x\r\n", from, bob);

	assert_true(none->tells_key && !none->autocrypt);
	assert_true(one->tells_key && one->autocrypt);
	assert_true(among->autocrypt && g_str_equal(among->autocrypt->fingerprint,
	                                            one->autocrypt->fingerprint));
	assert_true(two->tells_key && !two->autocrypt);
	assert_true(other->tells_key && !other->autocrypt);
	assert_true(!several->tells_key && !several->autocrypt);
	assert_true(!report->tells_key && !report->autocrypt);
}

/* ---- peers ---- */

static void see(SnStore *store, SnTime day, int key, gboolean mutual)
{
	g_autoptr(GBytes) bytes = key ? key_bytes((guint8)key) : NULL;
	g_autofree char *fingerprint = bytes ? sn_autocrypt_fingerprint(bytes) : NULL;
	SnPeerSeen seen = { .address = "bob@example.test", .time = day * SN_DAY, .key = bytes,
		            .fingerprint = fingerprint, .mutual = mutual };

	assert_true(sn_peer_seen(store, &seen, NULL));
}

static void expect(SnStore *store, SnTime last, SnTime time, int key, gboolean mutual)
{
	g_autoptr(SnPeer) peer = sn_peer_get(store, "BOB@example.test");
	g_autoptr(GBytes) bytes = key_bytes((guint8)key);

	assert_non_null(peer);
	assert_int_equal(peer->last_seen, last * SN_DAY);
	assert_int_equal(peer->key_time, time * SN_DAY);
	assert_true(g_bytes_equal(peer->key, bytes));
	assert_int_equal(peer->mutual, mutual);
}

static void the_newest_header_counts_in_whatever_order_they_come(void **state)
{
	TmpStore *tmp = tmpstore_new();
	SnStore *store = tmp->store;

	see(store, 10, 0, FALSE);
	assert_null(sn_peer_get(store, "bob@example.test"));
	see(store, 20, 1, TRUE);
	expect(store, 20, 20, 1, TRUE);
	see(store, 15, 2, FALSE); /* older */
	expect(store, 20, 20, 1, TRUE);
	see(store, 30, 0, FALSE); /* newer, without a header */
	expect(store, 30, 20, 1, TRUE);
	see(store, 25, 3, FALSE); /* newer than the key, older than the last */
	expect(store, 30, 25, 3, FALSE);
	see(store, 31, 1, FALSE); /* goes back to the first one */
	expect(store, 31, 31, 1, FALSE);
	see(store, 0, 2, TRUE); /* no date at all */
	expect(store, 31, 31, 1, FALSE);
	assert_true(sn_peer_forget(store, "bob@example.test", NULL));
	assert_null(sn_peer_get(store, "bob@example.test"));
	tmpstore_free(tmp);
}

static void gossip_never_takes_the_place_of_the_own_word(void **state)
{
	TmpStore *tmp = tmpstore_new();
	SnStore *store = tmp->store;
	g_autoptr(GBytes) told = key_bytes(9), older = key_bytes(8);
	g_autofree char *fingerprint = sn_autocrypt_fingerprint(told);
	g_autofree char *other = sn_autocrypt_fingerprint(older);

	assert_true(sn_peer_gossip(store, "bob@example.test", 5 * SN_DAY, told, fingerprint, NULL));
	assert_true(sn_peer_gossip(store, "bob@example.test", 4 * SN_DAY, older, other, NULL));
	g_autoptr(SnPeer) peer = sn_peer_get(store, "bob@example.test");
	assert_null(peer->key);
	assert_true(g_bytes_equal(peer->gossip_key, told));
	see(store, 3, 1, TRUE);
	expect(store, 3, 3, 1, TRUE);
	assert_true(sn_peer_gossip(store, "bob@example.test", 50 * SN_DAY, older, other, NULL));
	expect(store, 3, 3, 1, TRUE);
	g_autoptr(GPtrArray) all = sn_peer_list(store, 10);
	assert_int_equal(all->len, 1);
	assert_string_equal(((SnPeer *)all->pdata[0])->gossip_fingerprint, other);
	tmpstore_free(tmp);
}

/* ---- recommendation: section 2.4, row by row ---- */

static void the_recommendation_follows_the_table(void **state)
{
	const SnTime day = SN_DAY;
	static const gboolean no = FALSE, yes = TRUE;
	const struct {
		const char *what;
		SnRecommendPeer peer;
		gboolean mutual, answers;
		SnRecommend result;
	} rows[] = {
		{ "nothing known", { 0 }, yes, yes, SN_RECOMMEND_DISABLE },
		{ "seen, no key", { .last_seen = day, .mutual = yes }, yes, yes, SN_RECOMMEND_DISABLE },
		{ "gossip only", { .gossip_key = yes }, no, no, SN_RECOMMEND_DISCOURAGE },
		{ "gossip only, mutual", { .gossip_key = yes, .mutual = yes }, yes, no, SN_RECOMMEND_DISCOURAGE },
		{ "gossip only, answer", { .gossip_key = yes }, no, yes, SN_RECOMMEND_ENCRYPT },
		{ "fresh key", { .key = yes, .key_time = 10 * day, .last_seen = 10 * day }, no, no, SN_RECOMMEND_AVAILABLE },
		{ "35 days", { .key = yes, .key_time = 10 * day, .last_seen = 45 * day }, no, no, SN_RECOMMEND_AVAILABLE },
		{ "over 35 days", { .key = yes, .key_time = 10 * day, .last_seen = 45 * day + 1 }, no, no, SN_RECOMMEND_DISCOURAGE },
		{ "stale, both mutual", { .key = yes, .key_time = day, .last_seen = 90 * day, .mutual = yes }, yes, no, SN_RECOMMEND_DISCOURAGE },
		{ "stale, answer", { .key = yes, .key_time = day, .last_seen = 90 * day }, no, yes, SN_RECOMMEND_ENCRYPT },
		{ "both mutual", { .key = yes, .key_time = day, .last_seen = day, .mutual = yes }, yes, no, SN_RECOMMEND_ENCRYPT },
		{ "only they", { .key = yes, .key_time = day, .last_seen = day, .mutual = yes }, no, no, SN_RECOMMEND_AVAILABLE },
		{ "only we", { .key = yes, .key_time = day, .last_seen = day }, yes, no, SN_RECOMMEND_AVAILABLE },
		{ "answer", { .key = yes, .key_time = day, .last_seen = day }, no, yes, SN_RECOMMEND_ENCRYPT },
		{ "stale key and gossip", { .key = yes, .gossip_key = yes, .key_time = day, .last_seen = 90 * day }, no, no, SN_RECOMMEND_DISCOURAGE },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
		if (sn_recommend(&rows[i].peer, 1, rows[i].mutual, rows[i].answers) != rows[i].result)
			fail_msg("%s: not %s", rows[i].what, sn_recommend_word(rows[i].result));
}

static void of_several_the_weakest_decides(void **state)
{
	const SnRecommendPeer encrypt = { .key = TRUE, .key_time = 1, .last_seen = 1, .mutual = TRUE };
	const SnRecommendPeer available = { .key = TRUE, .key_time = 1, .last_seen = 1 };
	const SnRecommendPeer discourage = { .gossip_key = TRUE }, disable = { 0 };
	const SnRecommendPeer *all[] = { &disable, &discourage, &available, &encrypt };

	for (int a = 0; a < 4; a++)
		for (int b = 0; b < 4; b++) {
			SnRecommendPeer pair[] = { *all[a], *all[b] };
			assert_int_equal(sn_recommend(pair, 2, TRUE, FALSE), MIN(a, b));
		}
	assert_int_equal(sn_recommend(NULL, 0, TRUE, TRUE), SN_RECOMMEND_DISABLE);
}

static int set_up(void **state)
{
	sn_mime_init();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_field_is_read_as_the_specification_says),
		cmocka_unit_test(a_key_is_one_public_key_and_nothing_else),
		cmocka_unit_test(what_is_written_is_read_again),
		cmocka_unit_test(only_one_header_about_the_sender_counts),
		cmocka_unit_test(the_newest_header_counts_in_whatever_order_they_come),
		cmocka_unit_test(gossip_never_takes_the_place_of_the_own_word),
		cmocka_unit_test(the_recommendation_follows_the_table),
		cmocka_unit_test(of_several_the_weakest_decides),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
