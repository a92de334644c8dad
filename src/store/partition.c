/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/store/partition.h"

#include <string.h>

enum {
	MAX_WORDS = 12,       /* of a name */
	MAX_CARDS_HERE = 50,  /* more cards with one address in common say nothing about it */
};

typedef struct {
	SnPartition *out;
	const SnDecision *decisions;
	guint decision_count;
	const SnCardMembers *cards;
	guint card_count;
	GPtrArray *different;   /* of const SnDecision */
	guint *user_group;      /* groups as the user alone made them */
	gboolean *guest;        /* the user said to whom it belongs */
	gboolean *contested;    /* claimed by two cards of one kind */
	GHashTable *ignored;    /* card * addresses + address */
	GPtrArray *cards_of;    /* of GArray of guint: by address */
} Work;

void sn_partition_free(SnPartition *partition)
{
	if (!partition)
		return;
	g_free(partition->group);
	g_free(partition->joined);
	g_array_unref(partition->conflicts);
	g_free(partition);
}

/* ---- groups ---- */

static void unite(SnPartition *out, guint one, guint other)
{
	guint from = MAX(out->group[one], out->group[other]);
	guint to = MIN(out->group[one], out->group[other]);

	for (guint i = 0; i < out->count; i++)
		if (out->group[i] == from)
			out->group[i] = to;
}

/* The pair of addresses in these groups that the user called different; NULL: none. */
static const SnDecision *obstacle(const Work *work, guint one, guint other)
{
	const guint *group = work->out->group;
	guint a = group[one], b = group[other];

	for (guint i = 0; i < work->different->len; i++) {
		const SnDecision *pair = work->different->pdata[i];
		guint guest = group[pair->guest], host = group[pair->host];
		if ((guest == a && host == b) || (guest == b && host == a))
			return pair;
	}
	return NULL;
}

static void note(Work *work, guint address, guint card, guint other, gboolean overruled)
{
	GArray *conflicts = work->out->conflicts;

	for (guint i = 0; i < conflicts->len; i++) {
		SnDisagreement *known = &g_array_index(conflicts, SnDisagreement, i);
		if (known->address == address && known->card == card && known->other == other) {
			known->overruled = known->overruled && overruled;
			return;
		}
	}
	SnDisagreement new = { address, card, other, overruled };
	g_array_append_val(conflicts, new);
}

/* ---- what the user said ---- */

static int newest_first(gconstpointer a, gconstpointer b)
{
	const SnDecision *one = *(const SnDecision *const *)a, *other = *(const SnDecision *const *)b;

	if (one->clock != other->clock)
		return one->clock > other->clock ? -1 : 1;
	int order = g_strcmp0(one->device, other->device);
	return order ? order : g_strcmp0(one->key, other->key);
}

static void follow_user(Work *work)
{
	g_autoptr(GPtrArray) together = g_ptr_array_new();

	for (guint i = 0; i < work->decision_count; i++) {
		const SnDecision *one = &work->decisions[i];
		g_assert(one->guest < work->out->count && one->host < work->out->count);
		g_ptr_array_add(one->decided == SN_DECIDED_DIFFERENT ? work->different : together,
		                (gpointer)one);
	}
	g_ptr_array_sort(together, newest_first);
	for (guint i = 0; i < together->len; i++) {
		const SnDecision *one = together->pdata[i];
		if (work->out->group[one->guest] == work->out->group[one->host])
			continue;
		if (obstacle(work, one->guest, one->host))
			note(work, one->guest, SN_NO_CARD, one->host, TRUE);
		else
			unite(work->out, one->guest, one->host);
	}
	memcpy(work->user_group, work->out->group, work->out->count * sizeof(guint));
	for (guint i = 0; i < together->len; i++) {
		const SnDecision *one = together->pdata[i];
		if (work->out->group[one->guest] != work->out->group[one->host])
			continue;
		work->out->joined[one->guest] = TRUE;
		if (one->decided == SN_DECIDED_BELONGS)
			work->guest[one->guest] = TRUE;
	}
}

static gboolean called_different(const Work *work, guint one, guint other)
{
	for (guint i = 0; i < work->different->len; i++) {
		const SnDecision *pair = work->different->pdata[i];
		if ((pair->guest == one && pair->host == other) ||
		    (pair->guest == other && pair->host == one))
			return TRUE;
	}
	return FALSE;
}

/* ---- cards ---- */

static gint64 *place_of(const Work *work, guint card, guint address)
{
	gint64 *key = g_new(gint64, 1);

	*key = (gint64)card * work->out->count + address;
	return key;
}

static gboolean is_ignored(const Work *work, guint card, guint address)
{
	gint64 key = (gint64)card * work->out->count + address;

	return g_hash_table_contains(work->ignored, &key);
}

static void ignore(Work *work, guint card, guint address, gboolean overruled)
{
	g_hash_table_add(work->ignored, place_of(work, card, address));
	work->contested[address] = work->contested[address] || !overruled;
	note(work, address, card, 0, overruled);
}

/* The user said that this address is nobody else of the card. The first stands for the card. */
static void drop_what_the_user_refused(Work *work, guint index)
{
	const SnCardMembers *card = &work->cards[index];

	for (guint i = card->count; i-- > 0;) {
		guint others = 0, refused = 0;
		for (guint j = 0; j < card->count; j++) {
			if (j == i || is_ignored(work, index, card->members[j]))
				continue;
			others++;
			refused += called_different(work, card->members[i], card->members[j]) ? 1 : 0;
		}
		if (others && refused == others)
			ignore(work, index, card->members[i], TRUE);
	}
}

/* Where the stronger cards disagree, a weaker one does not decide. */
static void drop_what_is_contested(Work *work, guint index)
{
	const SnCardMembers *card = &work->cards[index];

	for (guint i = 0; i < card->count; i++)
		if (work->contested[card->members[i]] && !is_ignored(work, index, card->members[i]))
			ignore(work, index, card->members[i], FALSE);
}

static gboolean has(const Work *work, guint card, guint address)
{
	const SnCardMembers *one = &work->cards[card];

	for (guint i = 0; i < one->count; i++)
		if (one->members[i] == address)
			return !is_ignored(work, card, address);
	return FALSE;
}

/* Has it an address in the group that the other has not, and that the user put there as an equal? */
static gboolean stands_alone(const Work *work, guint card, guint other, guint group)
{
	const SnCardMembers *one = &work->cards[card];

	for (guint i = 0; i < one->count; i++) {
		guint address = one->members[i];
		if (work->out->group[address] == group && !work->guest[address] &&
		    !is_ignored(work, card, address) && !has(work, other, address))
			return TRUE;
	}
	return FALSE;
}

/* The user merged two people, each with a card: both cards are of one person now. */
static gboolean merged_by_user(const Work *work, guint one, guint other, guint group)
{
	const SnCardMembers *first = &work->cards[one], *second = &work->cards[other];

	if (!stands_alone(work, one, other, group) || !stands_alone(work, other, one, group))
		return FALSE;
	for (guint i = 0; i < first->count; i++)
		for (guint j = 0; j < second->count; j++) {
			guint a = first->members[i], b = second->members[j];
			if (a != b && work->out->group[a] == group && work->out->group[b] == group &&
			    !work->guest[a] && !work->guest[b] && !has(work, other, a) &&
			    !has(work, one, b) && work->user_group[a] == work->user_group[b])
				return TRUE;
		}
	return FALSE;
}

static gboolean agree(const Work *work, guint one, guint other, guint group)
{
	const SnCardMembers *first = &work->cards[one], *second = &work->cards[other];
	guint common = 0;

	if (first->uid && second->uid && strcmp(first->uid, second->uid) == 0)
		return TRUE;
	if (first->name && second->name && sn_names_agree(first->name, second->name))
		return TRUE;
	for (guint i = 0; i < first->count; i++)
		common += has(work, one, first->members[i]) && has(work, other, first->members[i]);
	return common >= 2 || merged_by_user(work, one, other, group);
}

/* Cards up to this kind that touch the group, each once. */
static GArray *cards_at(const Work *work, guint group, SnLinkSource source)
{
	GArray *here = g_array_new(FALSE, FALSE, sizeof(guint));

	for (guint address = 0; address < work->out->count; address++) {
		if (work->out->group[address] != group)
			continue;
		const GArray *cards = work->cards_of->pdata[address];
		for (guint i = 0; i < cards->len; i++) {
			guint card = g_array_index(cards, guint, i);
			gboolean known = work->cards[card].source > source ||
			                 is_ignored(work, card, address);
			for (guint j = 0; j < here->len && !known; j++)
				known = g_array_index(here, guint, j) == card;
			if (!known)
				g_array_append_val(here, card);
		}
	}
	return here;
}

/* Camps of cards that agree: camp[i] is the first of the camp of the i-th. */
static guint make_camps(const Work *work, const GArray *here, guint group, guint *camp)
{
	guint camps = here->len;

	for (guint i = 0; i < here->len; i++)
		camp[i] = i;
	for (guint i = 0; i < here->len && here->len <= MAX_CARDS_HERE; i++)
		for (guint j = 0; j < i; j++) {
			if (camp[i] == camp[j] ||
			    !agree(work, g_array_index(here, guint, i),
			           g_array_index(here, guint, j), group))
				continue;
			guint from = MAX(camp[i], camp[j]), to = MIN(camp[i], camp[j]);
			for (guint k = 0; k < here->len; k++)
				if (camp[k] == from)
					camp[k] = to;
			camps--;
		}
	return camps;
}

/* Does the camp rest on an address of the group that no other camp has? guests: counting those too
 * that the user put there. */
static gboolean is_supported(const Work *work, const GArray *here, const guint *camp, guint which,
                             guint group, gboolean guests)
{
	for (guint i = 0; i < here->len; i++) {
		const SnCardMembers *card = &work->cards[g_array_index(here, guint, i)];
		for (guint m = 0; camp[i] == which && m < card->count; m++) {
			guint address = card->members[m];
			gboolean own = work->out->group[address] == group &&
			               (guests || !work->guest[address]) &&
			               !is_ignored(work, g_array_index(here, guint, i), address);
			for (guint j = 0; j < here->len && own; j++)
				own = camp[j] == which ||
				      !has(work, g_array_index(here, guint, j), address);
			if (own)
				return TRUE;
		}
	}
	return FALSE;
}

/* The camp that the group belongs to; here->len: none. */
static guint owner_of(const Work *work, const GArray *here, const guint *camp, guint group,
                      SnLinkSource source)
{
	guint owner = here->len;
	gboolean guests = FALSE;

	/* a stronger kind of card has spoken */
	for (guint i = 0; i < here->len; i++)
		if (work->cards[g_array_index(here, guint, i)].source < source) {
			if (owner != here->len && camp[i] != owner)
				return here->len;
			owner = camp[i];
		}
	if (owner != here->len)
		return owner;
	do {
		for (guint i = 0; i < here->len; i++) {
			if (camp[i] != i || !is_supported(work, here, camp, i, group, guests))
				continue;
			if (owner != here->len)
				return here->len;
			owner = i;
		}
		guests = !guests;
	} while (owner == here->len && guests);
	return owner;
}

/* Two cards that disagree about a group: the memberships of the losers are not followed. */
static void settle_dispute(Work *work, guint group, SnLinkSource source)
{
	g_autoptr(GArray) here = cards_at(work, group, source);
	g_autofree guint *camp = g_new(guint, here->len + 1);

	if (here->len < 2 || make_camps(work, here, group, camp) < 2)
		return;
	guint owner = owner_of(work, here, camp, group, source);
	for (guint i = 0; i < here->len; i++) {
		guint index = g_array_index(here, guint, i);
		const SnCardMembers *card = &work->cards[index];
		if (camp[i] == owner || card->source != source)
			continue;
		for (guint m = 0; m < card->count; m++)
			if (work->out->group[card->members[m]] == group &&
			    !is_ignored(work, index, card->members[m]))
				ignore(work, index, card->members[m], owner != here->len);
	}
}

/* All that is left of a card is one person, as far as the user does not object. */
static void follow_card(Work *work, guint index)
{
	const SnCardMembers *card = &work->cards[index];

	for (guint i = 0; i < card->count; i++) {
		guint address = card->members[i];
		gboolean united = FALSE, alone = TRUE;
		if (is_ignored(work, index, address))
			continue;
		for (guint j = 0; j < i && !united; j++) {
			guint other = card->members[j];
			if (is_ignored(work, index, other))
				continue;
			alone = FALSE;
			united = work->out->group[address] == work->out->group[other];
			if (!united && !obstacle(work, address, other)) {
				unite(work->out, address, other);
				united = TRUE;
			}
		}
		if (!united && !alone)
			note(work, address, index, 0, TRUE);
	}
}

static void follow_cards(Work *work, SnLinkSource source)
{
	g_autofree gboolean *seen = g_new0(gboolean, work->out->count);
	gboolean any = FALSE;

	for (guint i = 0; i < work->card_count; i++)
		if (work->cards[i].source == source) {
			drop_what_the_user_refused(work, i);
			drop_what_is_contested(work, i);
			any = TRUE;
		}
	for (guint i = 0; any && i < work->out->count; i++) {
		guint group = work->out->group[i];
		if (!seen[group])
			settle_dispute(work, group, source);
		seen[group] = TRUE;
	}
	for (guint i = 0; any && i < work->card_count; i++)
		if (work->cards[i].source == source)
			follow_card(work, i);
}

static void index_cards(Work *work)
{
	for (guint i = 0; i < work->out->count; i++)
		g_ptr_array_add(work->cards_of, g_array_new(FALSE, FALSE, sizeof(guint)));
	for (guint i = 0; i < work->card_count; i++)
		for (guint m = 0; m < work->cards[i].count; m++) {
			g_assert(work->cards[i].members[m] < work->out->count);
			g_array_append_val((GArray *)work->cards_of->pdata[work->cards[i].members[m]],
			                   i);
		}
}

SnPartition *sn_partition_new(guint addresses, const SnDecision *decisions, guint decision_count,
                              const SnCardMembers *cards, guint card_count)
{
	SnPartition *out = g_new0(SnPartition, 1);
	Work work = { .out = out, .decisions = decisions, .decision_count = decision_count,
		      .cards = cards, .card_count = card_count };

	out->count = addresses;
	out->group = g_new(guint, addresses + 1);
	out->joined = g_new0(gboolean, addresses + 1);
	out->conflicts = g_array_new(FALSE, FALSE, sizeof(SnDisagreement));
	for (guint i = 0; i < addresses; i++)
		out->group[i] = i;
	work.different = g_ptr_array_new();
	work.user_group = g_new(guint, addresses + 1);
	work.guest = g_new0(gboolean, addresses + 1);
	work.contested = g_new0(gboolean, addresses + 1);
	work.ignored = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	work.cards_of = g_ptr_array_new_with_free_func((GDestroyNotify)g_array_unref);
	index_cards(&work);
	follow_user(&work);
	for (SnLinkSource source = SN_LINK_USER; source < SN_LINK_SEEN; source++)
		follow_cards(&work, source);
	g_ptr_array_unref(work.different);
	g_ptr_array_unref(work.cards_of);
	g_hash_table_unref(work.ignored);
	g_free(work.user_group);
	g_free(work.guest);
	g_free(work.contested);
	return out;
}

/* ---- names ---- */

/* Its words, folded, without marks; NULL-terminated. */
static char **words_of(const char *name)
{
	g_autofree char *folded = g_utf8_casefold(name, -1);
	GPtrArray *words = g_ptr_array_new();
	const char *c = folded;

	while (*c && words->len < MAX_WORDS) {
		const char *start = c;
		while (*c && g_unichar_isalnum(g_utf8_get_char(c)))
			c = g_utf8_next_char(c);
		if (c > start)
			g_ptr_array_add(words, g_strndup(start, (gsize)(c - start)));
		else
			c = g_utf8_next_char(c);
	}
	g_ptr_array_add(words, NULL);
	return (char **)g_ptr_array_free(words, FALSE);
}

static gboolean all_in(char **few, char **many)
{
	for (; *few; few++)
		if (!g_strv_contains((const char *const *)many, *few))
			return FALSE;
	return TRUE;
}

gboolean sn_names_agree(const char *one, const char *other)
{
	g_auto(GStrv) first = words_of(one), second = words_of(other);
	guint a = g_strv_length(first), b = g_strv_length(second);
	char **few = a <= b ? first : second, **many = a <= b ? second : first;

	if (!*few)
		return a == b;
	if (!all_in(few, many))
		return FALSE;
	/* a family name alone may be anybody of the family */
	return a == b || g_strv_contains((const char *const *)few, *many);
}
