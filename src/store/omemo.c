/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/store/omemo.h"

#include "src/base/omemo.h"
#include "src/store/statement.h"

G_STATIC_ASSERT(SN_TRUST_BLIND == 0 && SN_TRUST_NEW == 1 && SN_TRUST_VERIFIED == 2);

#define BLOB(bytes) sn_value_blob(g_bytes_get_data((bytes), NULL), g_bytes_get_size(bytes))

/* By itself or within another transaction: others are told when it is committed. */
#define RUN(store, error, ...)                     \
	(sn_store_begin((store), (error)) &&       \
	 sn_store_finish((store), sn_run((store), (error), __VA_ARGS__), (error)))

/* ---- words ---- */

static const char *const modes[] = { "auto", "off", "always" };
static const char *const trusts[] = { "trusted", "new", "verified", "distrusted" };

const char *sn_omemo_mode_word(SnOmemoMode mode)
{
	g_assert((gsize)mode < G_N_ELEMENTS(modes));
	return modes[mode];
}

gboolean sn_omemo_mode_parse(const char *word, SnOmemoMode *mode)
{
	for (gsize i = 0; i < G_N_ELEMENTS(modes); i++)
		if (g_strcmp0(word, modes[i]) == 0) {
			*mode = (SnOmemoMode)i;
			return TRUE;
		}
	return FALSE;
}

const char *sn_trust_word(SnTrust trust)
{
	g_assert((gsize)trust < G_N_ELEMENTS(trusts));
	return trusts[trust];
}

gboolean sn_trust_used(SnTrust trust)
{
	return trust == SN_TRUST_BLIND || trust == SN_TRUST_VERIFIED;
}

/* ---- what the user wants ---- */

SnOmemoMode sn_omemo_mode(SnStore *store, const char *jid)
{
	gint64 mode = sn_one(store, "SELECT mode FROM omemo_mode WHERE jid = ?1", V(jid));

	return mode >= SN_OMEMO_AUTO && mode <= SN_OMEMO_ALWAYS ? (SnOmemoMode)mode : SN_OMEMO_AUTO;
}

gboolean sn_omemo_set_mode(SnStore *store, const char *jid, SnOmemoMode mode, GError **error)
{
	if (mode == SN_OMEMO_AUTO)
		return RUN(store, error, "DELETE FROM omemo_mode WHERE jid = ?1", V(jid));
	return RUN(store, error,
	              "INSERT INTO omemo_mode (jid, mode) VALUES (?1, ?2) "
	              "ON CONFLICT (jid) DO UPDATE SET mode = ?2",
	              V(jid), V(mode));
}

/* ---- devices ---- */

void sn_omemo_device_free(SnOmemoDevice *device)
{
	if (!device)
		return;
	g_free(device->jid);
	g_free(device->name);
	g_clear_pointer(&device->identity, g_bytes_unref);
	g_free(device);
}

gboolean sn_omemo_device_counts(const SnOmemoDevice *device)
{
	return device->listed && sn_trust_used(device->trust);
}

#define COLUMNS                                                                                  \
	"d.id, d.account, d.jid, d.device, d.identity, d.trust, d.name, d.first_seen, d.last_seen, " \
	"d.listed, d.changed, d.failed, d.healed, EXISTS (SELECT 1 FROM omemo_secret s WHERE "       \
	"s.account = d.account AND s.kind = 1 AND s.jid = d.jid AND s.id = d.device)"

static GBytes *blob_or_none(SnSql *query, int column)
{
	GBytes *bytes = sn_sql_blob(query, column);

	if (g_bytes_get_size(bytes) > 0)
		return bytes;
	g_bytes_unref(bytes);
	return NULL;
}

static SnOmemoDevice *read_device(SnSql *query)
{
	SnOmemoDevice *device = g_new0(SnOmemoDevice, 1);

	*device = (SnOmemoDevice){
		.id = sn_sql_int(query, 0),
		.account = sn_sql_int(query, 1),
		.jid = sn_sql_text(query, 2),
		.device = (guint32)sn_sql_int(query, 3),
		.identity = blob_or_none(query, 4),
		.trust = (SnTrust)sn_sql_int(query, 5),
		.name = sn_sql_text(query, 6),
		.first_seen = sn_sql_int(query, 7),
		.last_seen = sn_sql_int(query, 8),
		.listed = sn_sql_int(query, 9) != 0,
		.changed = sn_sql_int(query, 10) != 0,
		.failed = sn_sql_int(query, 11),
		.healed = sn_sql_int(query, 12),
		.session = sn_sql_int(query, 13) != 0,
	};
	return device;
}

GPtrArray *sn_omemo_devices(SnStore *store, SnId account, const char *jid)
{
	GPtrArray *devices = g_ptr_array_new_with_free_func((GDestroyNotify)sn_omemo_device_free);
	SnSql *query = sn_sql(store,
	                      "SELECT " COLUMNS " FROM omemo_device d WHERE d.jid = ?1 AND "
	                      "(?2 = 0 OR d.account = ?2) ORDER BY d.listed DESC, d.first_seen, d.id",
	                      V(jid), V(account));

	while (sn_sql_row(query))
		g_ptr_array_add(devices, read_device(query));
	sn_sql_drop(query);
	return devices;
}

static SnOmemoDevice *only(SnSql *query)
{
	SnOmemoDevice *device = sn_sql_row(query) ? read_device(query) : NULL;

	sn_sql_drop(query);
	return device;
}

SnOmemoDevice *sn_omemo_device_find(SnStore *store, SnId account, const char *jid, guint32 device)
{
	return only(sn_sql(store,
	                   "SELECT " COLUMNS " FROM omemo_device d WHERE d.account = ?1 AND "
	                   "d.jid = ?2 AND d.device = ?3",
	                   V(account), V(jid), V(device)));
}

SnOmemoDevice *sn_omemo_device_get(SnStore *store, SnId id)
{
	return only(sn_sql(store, "SELECT " COLUMNS " FROM omemo_device d WHERE d.id = ?1", V(id)));
}

/* Once the user has compared a key of this person, a new one has to be compared, too. */
#define TRUST_OF_NEW                                                                            \
	"(SELECT coalesce(max(trust = 2), 0) FROM omemo_device WHERE jid = ?2)"

static gboolean make_device(SnStore *store, SnId account, const char *jid, guint32 device,
                            gboolean listed, SnTime now, GError **error)
{
	return sn_run(store, error,
	              "INSERT INTO omemo_device (account, jid, device, trust, first_seen, listed) "
	              "VALUES (?1, ?2, ?3, " TRUST_OF_NEW ", ?4, ?5) "
	              "ON CONFLICT (account, jid, device) DO UPDATE SET listed = max(listed, ?5)",
	              V(account), V(jid), V(device), V(now), V(listed ? 1 : 0));
}

gboolean sn_omemo_list_set(SnStore *store, SnId account, const char *jid, const GArray *devices,
                           SnTime now, GError **error)
{
	gboolean done;

	g_assert(devices->len <= SN_OMEMO_MAX_DEVICES);
	if (!sn_store_begin(store, error))
		return FALSE;
	done = sn_run(store, error,
	              "INSERT INTO omemo_list (account, jid, seen) VALUES (?1, ?2, ?3) "
	              "ON CONFLICT (account, jid) DO UPDATE SET seen = ?3",
	              V(account), V(jid), V(now)) &&
	       sn_run(store, error,
	              "UPDATE omemo_device SET listed = 0 WHERE account = ?1 AND jid = ?2 AND listed = 1",
	              V(account), V(jid));
	for (guint i = 0; done && i < devices->len; i++)
		done = make_device(store, account, jid, g_array_index(devices, guint32, i), TRUE, now,
		                   error);
	return sn_store_finish(store, done, error);
}

SnTime sn_omemo_list_time(SnStore *store, SnId account, const char *jid)
{
	return sn_one(store, "SELECT seen FROM omemo_list WHERE account = ?1 AND jid = ?2", V(account),
	              V(jid));
}

gboolean sn_omemo_list_forget(SnStore *store, SnId account, const char *jid, GError **error)
{
	return RUN(store, error, "UPDATE omemo_list SET seen = 0 WHERE account = ?1 AND jid = ?2",
	              V(account), V(jid));
}

/* A key that takes the place of another is a new device, whatever its number. */
gboolean sn_omemo_identity_set(SnStore *store, SnId account, const char *jid, guint32 device,
                               GBytes *identity, SnTime now, GError **error)
{
	SnValue key = BLOB(identity);
	gboolean done;

	if (!sn_store_begin(store, error))
		return FALSE;
	const SnValue changed[] = { { SN_VALUE_NONE, 0, NULL }, V(account), V(jid), V(device), key, V(now) };
	done = make_device(store, account, jid, device, FALSE, now, error) &&
	       sn_sql_run(store,
	                  "UPDATE omemo_device SET changed = 1, first_seen = ?5, last_seen = 0, "
	                  "name = NULL, trust = iif(trust = 3, 3, " TRUST_OF_NEW ") "
	                  "WHERE account = ?1 AND jid = ?2 AND device = ?3 AND identity IS NOT NULL "
	                  "AND identity <> ?4",
	                  changed, 5, error) &&
	       sn_sql_run(store,
	                  "UPDATE omemo_device SET identity = ?4 WHERE account = ?1 AND jid = ?2 AND "
	                  "device = ?3 AND identity IS NOT ?4",
	                  changed, 4, error);
	return sn_store_finish(store, done, error);
}

gboolean sn_omemo_device_seen(SnStore *store, SnId id, SnTime now, GError **error)
{
	return RUN(store, error, "UPDATE omemo_device SET last_seen = max(last_seen, ?2) WHERE id = ?1",
	              V(id), V(now));
}

gboolean sn_omemo_device_failed(SnStore *store, SnId id, SnTime when, GError **error)
{
	return RUN(store, error, "UPDATE omemo_device SET failed = ?2 WHERE id = ?1", V(id), V(when));
}

gboolean sn_omemo_device_healed(SnStore *store, SnId id, SnTime when, GError **error)
{
	return RUN(store, error, "UPDATE omemo_device SET healed = ?2 WHERE id = ?1", V(id), V(when));
}

gboolean sn_omemo_set_trust(SnStore *store, SnId id, SnTrust trust, GError **error)
{
	return RUN(store, error, "UPDATE omemo_device SET trust = ?2, changed = 0 WHERE id = ?1", V(id),
	              V(trust));
}

gboolean sn_omemo_set_name(SnStore *store, SnId id, const char *name, GError **error)
{
	g_autofree char *tidy = sn_tidy(name, 100);

	return RUN(store, error, "UPDATE omemo_device SET name = ?2 WHERE id = ?1", V(id), V(tidy));
}

gboolean sn_omemo_was_used(SnStore *store, SnId account, const char *jid)
{
	return sn_one(store, "SELECT used FROM omemo_list WHERE account = ?1 AND jid = ?2", V(account),
	              V(jid)) != 0;
}

gboolean sn_omemo_set_used(SnStore *store, SnId account, const char *jid, gboolean used,
                           GError **error)
{
	return RUN(store, error,
	              "INSERT INTO omemo_list (account, jid, used) VALUES (?1, ?2, ?3) "
	              "ON CONFLICT (account, jid) DO UPDATE SET used = ?3 WHERE used <> ?3",
	              V(account), V(jid), V(used ? 1 : 0));
}

/* ---- beforehand ---- */

SnOmemoOutlook sn_omemo_outlook(SnStore *store, SnId account, const char *jid)
{
	SnOmemoOutlook outlook = { .mode = sn_omemo_mode(store, jid) };
	SnSql *query = sn_sql(store,
	                      "SELECT seen, used FROM omemo_list WHERE account = ?1 AND jid = ?2",
	                      V(account), V(jid));

	if (sn_sql_row(query)) {
		outlook.known = sn_sql_int(query, 0) != 0;
		outlook.used = sn_sql_int(query, 1) != 0;
	}
	sn_sql_drop(query);
	outlook.own = sn_one(store, "SELECT device FROM omemo_own WHERE account = ?1", V(account)) != 0;
	query = sn_sql(store,
	               "SELECT trust, failed FROM omemo_device WHERE account = ?1 AND jid = ?2 AND listed = 1",
	               V(account), V(jid));
	while (sn_sql_row(query)) {
		SnTrust trust = (SnTrust)sn_sql_int(query, 0);
		if (sn_trust_used(trust) && !sn_sql_int(query, 1)) {
			outlook.devices++;
			outlook.verified += trust == SN_TRUST_VERIFIED;
		} else {
			outlook.left_out++;
		}
	}
	sn_sql_drop(query);
	return outlook;
}

gboolean sn_omemo_outlook_encrypts(const SnOmemoOutlook *outlook)
{
	if (outlook->mode == SN_OMEMO_OFF)
		return FALSE;
	return outlook->mode == SN_OMEMO_ALWAYS || outlook->used || (outlook->own && outlook->devices > 0);
}

/* ---- the own device ---- */

void sn_omemo_own_free(SnOmemoOwn *own)
{
	if (!own)
		return;
	g_clear_pointer(&own->identity, g_bytes_unref);
	g_free(own);
}

SnOmemoOwn *sn_omemo_own_get(SnStore *store, SnId account)
{
	SnSql *query = sn_sql(store,
	                      "SELECT device, registration, identity, signed_id, signed_since, "
	                      "next_prekey, published FROM omemo_own WHERE account = ?1",
	                      V(account));
	SnOmemoOwn *own = NULL;

	if (sn_sql_row(query)) {
		own = g_new0(SnOmemoOwn, 1);
		*own = (SnOmemoOwn){
			.device = (guint32)sn_sql_int(query, 0),
			.registration = (guint32)sn_sql_int(query, 1),
			.identity = sn_sql_blob(query, 2),
			.signed_id = (guint32)sn_sql_int(query, 3),
			.signed_since = sn_sql_int(query, 4),
			.next_prekey = (guint32)sn_sql_int(query, 5),
			.published = sn_sql_int(query, 6) != 0,
		};
	}
	sn_sql_drop(query);
	return own;
}

gboolean sn_omemo_own_set(SnStore *store, SnId account, const SnOmemoOwn *own, GError **error)
{
	const SnValue values[] = { { SN_VALUE_NONE, 0, NULL },
		                   V(account),
		                   V(own->device),
		                   V(own->registration),
		                   BLOB(own->identity),
		                   V(own->signed_id),
		                   V(own->signed_since),
		                   V(own->next_prekey),
		                   V(own->published ? 1 : 0) };

	g_assert(own->device > 0 && own->identity);
	return sn_sql_run(store,
	                  "INSERT OR REPLACE INTO omemo_own (account, device, registration, identity, "
	                  "signed_id, signed_since, next_prekey, published) "
	                  "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
	                  values, G_N_ELEMENTS(values) - 1, error);
}

gboolean sn_omemo_own_published(SnStore *store, SnId account, gboolean published, GError **error)
{
	return RUN(store, error,
	              "UPDATE omemo_own SET published = ?2 WHERE account = ?1 AND published <> ?2",
	              V(account), V(published ? 1 : 0));
}

gboolean sn_omemo_own_remove(SnStore *store, SnId account, GError **error)
{
	gboolean done;

	if (!sn_store_begin(store, error))
		return FALSE;
	done = sn_run(store, error, "DELETE FROM omemo_own WHERE account = ?1", V(account)) &&
	       sn_run(store, error, "DELETE FROM omemo_secret WHERE account = ?1", V(account));
	return sn_store_finish(store, done, error);
}

/* ---- secrets ---- */

GBytes *sn_omemo_secret_get(SnStore *store, SnId account, int kind, const char *jid, guint32 id)
{
	SnSql *query = sn_sql(store,
	                      "SELECT sealed FROM omemo_secret WHERE account = ?1 AND kind = ?2 AND "
	                      "jid = ?3 AND id = ?4",
	                      V(account), V(kind), V(jid), V(id));
	GBytes *sealed = sn_sql_row(query) ? sn_sql_blob(query, 0) : NULL;

	sn_sql_drop(query);
	return sealed;
}

gboolean sn_omemo_secret_set(SnStore *store, SnId account, int kind, const char *jid, guint32 id,
                             GBytes *sealed, GError **error)
{
	const SnValue values[] = {
		{ SN_VALUE_NONE, 0, NULL }, V(account), V(kind), V(jid), V(id), BLOB(sealed)
	};

	return sn_sql_run(store,
	                  "INSERT INTO omemo_secret (account, kind, jid, id, sealed) "
	                  "VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (account, kind, jid, id) "
	                  "DO UPDATE SET sealed = ?5",
	                  values, G_N_ELEMENTS(values) - 1, error);
}

gboolean sn_omemo_secret_remove(SnStore *store, SnId account, int kind, const char *jid, guint32 id,
                                GError **error)
{
	return sn_run(store, error,
	              "DELETE FROM omemo_secret WHERE account = ?1 AND kind = ?2 AND jid = ?3 AND id = ?4",
	              V(account), V(kind), V(jid), V(id));
}

gboolean sn_omemo_secret_use(SnStore *store, SnId account, int kind, guint32 id, GError **error)
{
	return sn_run(store, error,
	              "UPDATE omemo_secret SET used = 1 WHERE account = ?1 AND kind = ?2 AND jid = '' AND "
	              "id = ?3",
	              V(account), V(kind), V(id));
}

GArray *sn_omemo_secret_ids(SnStore *store, SnId account, int kind)
{
	GArray *ids = g_array_new(FALSE, FALSE, sizeof(guint32));
	SnSql *query = sn_sql(store,
	                      "SELECT id FROM omemo_secret WHERE account = ?1 AND kind = ?2 AND "
	                      "jid = '' AND used = 0 ORDER BY id",
	                      V(account), V(kind));

	while (sn_sql_row(query)) {
		guint32 id = (guint32)sn_sql_int(query, 0);
		g_array_append_val(ids, id);
	}
	sn_sql_drop(query);
	return ids;
}

gboolean sn_omemo_secret_tidy(SnStore *store, SnId account, int prekeys, int signed_keys,
                              GError **error)
{
	return sn_run(store, error,
	              "DELETE FROM omemo_secret WHERE account = ?1 AND kind = ?2 AND jid = '' AND used = 1",
	              V(account), V(prekeys)) &&
	       sn_run(store, error,
	              "DELETE FROM omemo_secret WHERE account = ?1 AND kind = ?2 AND jid = '' AND id NOT IN "
	              "(SELECT id FROM omemo_secret WHERE account = ?1 AND kind = ?2 AND jid = '' "
	              "ORDER BY id DESC LIMIT 2)",
	              V(account), V(signed_keys));
}
