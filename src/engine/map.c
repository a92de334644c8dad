/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * map.c - evidence about which addresses are the same person.
 *
 * Anybody can write a header, answer a message or publish a vCard, so all that messages and servers
 * say becomes an unconfirmed candidate and nothing else. Only the user's own vCards and address
 * book move addresses (vcards.c, book.c).
 */
#include "src/engine/sync_private.h"
#include "src/route/reach.h"

#include <string.h>

enum { MAX_PUBLISHED = 10 }; /* addresses believed of one published vCard */

/* The two addresses may be one person. */
static void claim(SnStore *store, SnId one, SnId other, SnLinkSource source, const char *evidence)
{
	g_autoptr(GError) error = NULL;

	g_assert(!sn_link_source_trusted(source));
	if (!sn_claim_add(store, one, other, source, evidence, &error))
		g_info("%s", error->message);
}

static SnId person_of(SnStore *store, SnId id)
{
	g_autoptr(SnAddress) address = sn_address_get(store, id);

	return address ? address->person : 0;
}

static char *date_of(SnTime time)
{
	g_autoptr(GDateTime) date = g_date_time_new_from_unix_utc(time / 1000);

	return date ? g_date_time_format(date, "%Y-%m-%d") : g_strdup("an unknown day");
}

/* The same string on both channels is often, but need not be, the same human (XEP-0157). */
static void suggest_equal(SnStore *store, const char *value)
{
	SnId im = sn_address_id(store, SN_CHANNEL_IM, value);
	SnId mail = im ? sn_address_id(store, SN_CHANNEL_MAIL, value) : 0;

	if (mail && person_of(store, mail) != person_of(store, im))
		claim(store, im, mail, SN_LINK_EQUAL, "the same as the email address");
}

static void claim_jabber_id(SnStore *store, const SnConfig *config, const SnMail *mail,
                            const SnAddress *sender)
{
	g_autofree char *jid = sn_address_normalise(SN_CHANNEL_IM, mail->jabber_id);

	if (!jid || sn_config_owns(config, SN_CHANNEL_IM, jid))
		return;
	SnId address = sn_address_intern(store, SN_CHANNEL_IM, jid, NULL, NULL);
	if (!address || person_of(store, address) == sender->person)
		return;
	g_autofree char *day = date_of(mail->date);
	g_autofree char *evidence = g_strdup_printf("Jabber-ID header of an email of %s", day);
	claim(store, address, sender->id, SN_LINK_JABBER_ID, evidence);
}

void sn_map_mail(SnStore *store, const SnConfig *config, const SnMail *mail, SnId sender,
                 SnId message)
{
	g_autofree char *value = sn_address_value(store, sender);
	g_autoptr(SnAddress) address = mail->jabber_id ? sn_address_get(store, sender) : NULL;

	if (address)
		claim_jabber_id(store, config, mail, address);
	if (value)
		suggest_equal(store, value);
}

/* The one other party of a message of ours; 0 when there are several. */
static SnId only_recipient(SnStore *store, const SnMessage *message)
{
	SnId only = 0;

	for (guint i = 0; message->parties && i < message->parties->len; i++) {
		const SnParty *party = g_ptr_array_index(message->parties, i);
		if (party->role == SN_ROLE_FROM || party->role >= SN_ROLE_REPLY_TO)
			continue;
		g_autoptr(SnAddress) address =
			sn_address_find(store, message->channel, party->address);
		if (!address || (only && only != address->id))
			return 0;
		only = address->id;
	}
	return only;
}

void sn_map_im(SnStore *store, const SnImMessage *im, SnId sender)
{
	if (!im->in_reply_to_mail || im->groupchat)
		return;
	SnId id = sn_message_find_mail(store, im->in_reply_to_mail);
	g_autoptr(SnMessage) mail = id ? sn_message_get(store, id, SN_MESSAGE_FULL) : NULL;
	if (!mail || mail->direction != SN_OUT || mail->carried)
		return;
	SnId recipient = only_recipient(store, mail);
	SnId person = recipient ? person_of(store, recipient) : 0;
	if (!person || person_of(store, sender) == person)
		return;
	g_autofree char *day = date_of(mail->time);
	g_autofree char *evidence = g_strdup_printf("answered by IM your email of %s", day);
	claim(store, sender, recipient, SN_LINK_CROSS_REPLY, evidence);
}

/* Only who wrote an IM or got it can know it: its other end and `sender` are one person then. */
static void claim_other_end(SnStore *store, const SnConfig *config, const SnMessage *held,
                            SnId sender)
{
	SnId other = held->direction == SN_OUT ? only_recipient(store, held) : held->sender;
	g_autoptr(SnAddress) address = other ? sn_address_get(store, other) : NULL;

	if (!address || !sender || address->person == person_of(store, sender) ||
	    sn_config_owns(config, SN_CHANNEL_IM, address->value))
		return;
	g_autofree char *day = date_of(held->time);
	g_autofree char *evidence = g_strdup_printf("answered by email an IM of %s", day);
	claim(store, address->id, sender, SN_LINK_CROSS_REPLY, evidence);
}

void sn_map_carried_im(SnStore *store, const SnConfig *config, const SnMailCarried *carried,
                       SnId sender)
{
	g_autofree char *from = sn_address_normalise(SN_CHANNEL_IM, carried->from);
	SnId id = from && carried->id ? sn_message_find_im(store, carried->id, from) : 0;
	g_autoptr(SnMessage) held = id ? sn_message_get(store, id, SN_MESSAGE_FULL) : NULL;

	if (held && !held->carried && g_strcmp0(held->body, carried->text) == 0)
		claim_other_end(store, config, held, sender);
}

void sn_map_answered_im(SnStore *store, const SnConfig *config, SnId im, SnId sender)
{
	g_autoptr(SnMessage) held = sn_message_get(store, im, SN_MESSAGE_FULL);

	if (held && !held->carried && held->channel == SN_CHANNEL_IM)
		claim_other_end(store, config, held, sender);
}

/* Who holds an email between the user and one other may be that other. */
void sn_map_carried_mail(SnStore *store, const SnConfig *config, const SnMessage *mail, SnId sender,
                         gboolean agrees)
{
	SnId other = mail->direction == SN_OUT ? only_recipient(store, mail) : mail->sender;
	g_autoptr(SnAddress) address = other ? sn_address_get(store, other) : NULL;

	if (!address || address->person == person_of(store, sender) ||
	    sn_config_owns(config, SN_CHANNEL_MAIL, address->value))
		return;
	g_autofree char *day = date_of(mail->time);
	g_autofree char *evidence = g_strdup_printf(
		agrees ? "sent along by IM an email of %s that you hold too"
		       : "sent along by IM an email of %s that you do not hold",
		day);
	claim(store, sender, address->id, agrees ? SN_LINK_CROSS_REPLY : SN_LINK_SIGNED_TEXT,
	      evidence);
}

void sn_map_contact(SnStore *store, const char *jid)
{
	suggest_equal(store, jid);
}

static void claim_mail(SnStore *store, const SnAddress *im, const char *value, const char *evidence)
{
	g_autofree char *mail = sn_address_normalise(SN_CHANNEL_MAIL, value);
	SnId address = mail && !sn_address_is_own(store, SN_CHANNEL_MAIL, mail)
	                       ? sn_address_intern(store, SN_CHANNEL_MAIL, mail, NULL, NULL)
	                       : 0;

	if (address && person_of(store, address) != im->person)
		claim(store, address, im->id, SN_LINK_XMPP_VCARD, evidence);
}

static void add_published(SnStore *store, const SnAddress *im, SnChannel channel,
                          char *const *values, GArray *ids)
{
	for (int i = 0; values && values[i] && i < MAX_PUBLISHED; i++) {
		g_autofree char *value = sn_address_normalise(channel, values[i]);
		if (!value || sn_address_is_own(store, channel, value))
			continue;
		SnId id = sn_address_intern(store, channel, value, NULL, NULL);
		if (id && id != im->id)
			g_array_append_val(ids, id);
	}
}

void sn_map_vcard(SnStore *store, const char *jid, const char *name, char *const *mails,
                  char *const *jids)
{
	g_autofree char *bare = sn_address_normalise(SN_CHANNEL_IM, jid);
	g_autoptr(SnAddress) address = bare ? sn_address_find(store, SN_CHANNEL_IM, bare) : NULL;
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(SnId));
	g_autoptr(GError) error = NULL;

	/* only contacts of the roster: a stranger's vCard is worth nothing */
	if (!address || !sn_roster_get(store, address->id, NULL, NULL, NULL))
		return;
	if (name && *name && !address->name)
		sn_address_intern(store, SN_CHANNEL_IM, bare, name, NULL);
	add_published(store, address, SN_CHANNEL_MAIL, mails, ids);
	add_published(store, address, SN_CHANNEL_IM, jids, ids);
	if (!sn_claims_replace(store, address->id, SN_LINK_XMPP_VCARD,
	                       "the contact's published vCard", ids, &error))
		g_info("%s", error->message);
}

/* Another IM address of the contact is a claim like any other. */
static void claim_im(SnStore *store, const SnAddress *im, const char *value, const char *evidence)
{
	SnId address = !g_str_equal(value, im->value) &&
	                               !sn_address_is_own(store, SN_CHANNEL_IM, value)
	                       ? sn_address_intern(store, SN_CHANNEL_IM, value, NULL, NULL)
	                       : 0;

	if (address && person_of(store, address) != im->person)
		claim(store, address, im->id, SN_LINK_XMPP_VCARD, evidence);
}

/* XEP-0152: a contact that can be reached at mailto: wishes email when not available. The addresses
 * are claims that the user has to confirm; what the contact says is kept in its order. */
void sn_map_reach(SnStore *store, const char *jid, char *const *uris)
{
	static const char evidence[] = "the contact's published reachability";
	g_autofree char *bare = sn_address_normalise(SN_CHANNEL_IM, jid);
	g_autoptr(SnAddress) address = bare ? sn_address_find(store, SN_CHANNEL_IM, bare) : NULL;
	g_autoptr(GString) detail = g_string_new(NULL);
	g_autoptr(GError) error = NULL;
	SnRule wish = SN_RULE_DEFAULT;

	if (!address || !sn_roster_get(store, address->id, NULL, NULL, NULL) ||
	    sn_address_is_own(store, SN_CHANNEL_IM, bare))
		return;
	for (int i = 0; uris && uris[i] && i < MAX_PUBLISHED; i++) {
		SnChannel channel = SN_CHANNEL_IM;
		g_autofree char *value = sn_reach_address(uris[i], &channel);
		if (!value && g_ascii_strncasecmp(uris[i], "tel:", 4) != 0)
			continue;
		if (value && channel == SN_CHANNEL_MAIL) {
			claim_mail(store, address, value, evidence);
			wish = SN_RULE_MAIL;
		} else if (value) {
			claim_im(store, address, value, evidence);
		}
		g_string_append_printf(detail, "%s%s", detail->len ? " " : "", uris[i]);
	}
	if (!sn_contact_wish_set(store, address->id, SN_WISHED_PUBLISHED, wish, detail->str, &error))
		g_warning("The wish of a contact could not be kept: %s", error->message);
}
