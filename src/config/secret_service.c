/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/config/secret_service.h"

#include <gmodule.h>
#include <libsecret/secret.h>

#include "src/base/gio.h"

enum { PROMPT_SECONDS = 60, CALL_MS = 5000 };

/* The functions of libsecret in use; types by its header, addresses by dlsym(). */
typedef struct {
	GModule *module;
	char *(*lookup)(const SecretSchema *, GHashTable *, GCancellable *, GError **);
	gboolean (*store)(const SecretSchema *, GHashTable *, const char *, const char *,
	                  const char *, GCancellable *, GError **);
	gboolean (*clear)(const SecretSchema *, GHashTable *, GCancellable *, GError **);
	void (*free)(char *);
	void (*disconnect)(void);
} Library;

static const SecretSchema schema = {
	.name = "org.freedesktop.Secret.Generic",
	.flags = SECRET_SCHEMA_DONT_MATCH_NAME,
	.attributes = {
		{ "user", SECRET_SCHEMA_ATTRIBUTE_STRING },
		{ "host", SECRET_SCHEMA_ATTRIBUTE_STRING },
		{ "protocol", SECRET_SCHEMA_ATTRIBUTE_STRING },
	},
};

/* ---- the service on the bus ---- */

#define SERVICE "org.freedesktop.secrets"
#define SERVICE_PATH "/org/freedesktop/secrets"
#define DEFAULT_PATH SERVICE_PATH "/aliases/default"

static gboolean unavailable(GError **error, const char *why)
{
	g_set_error_literal(error, SN_ERROR, SN_ERROR_UNAVAILABLE, why);
	return FALSE;
}

/* Without this look GDBus would try to start a bus of its own. */
static GDBusConnection *session_bus(GError **error)
{
	g_autofree char *socket = g_build_filename(g_get_user_runtime_dir(), "bus", NULL);
	GDBusConnection *bus = NULL;

	if (g_getenv("DBUS_SESSION_BUS_ADDRESS") || g_file_test(socket, G_FILE_TEST_EXISTS))
		bus = sn_gio()->g_bus_get_sync(G_BUS_TYPE_SESSION, NULL, NULL);
	if (!bus)
		unavailable(error, "there is no D-Bus session");
	return bus;
}

typedef enum { ABSENT, NO_DEFAULT, LOCKED, UNLOCKED } State;

/* How the keyring is that new items go to. */
static State look(GDBusConnection *bus)
{
	GQuark bus_error = sn_gio()->g_dbus_error_quark();
	g_autoptr(GError) failed = NULL;
	g_autoptr(GVariant) value = NULL;
	g_autoptr(GVariant) answer = sn_gio()->g_dbus_connection_call_sync(
		bus, SERVICE, DEFAULT_PATH, "org.freedesktop.DBus.Properties", "Get",
		g_variant_new("(ss)", "org.freedesktop.Secret.Collection", "Locked"),
		G_VARIANT_TYPE("(v)"), G_DBUS_CALL_FLAGS_NONE, CALL_MS, NULL, &failed);

	if (g_error_matches(failed, bus_error, G_DBUS_ERROR_SERVICE_UNKNOWN) ||
	    g_error_matches(failed, bus_error, G_DBUS_ERROR_NAME_HAS_NO_OWNER) ||
	    g_error_matches(failed, bus_error, G_DBUS_ERROR_SPAWN_CHILD_EXITED))
		return ABSENT;
	if (!answer)
		return NO_DEFAULT;
	g_variant_get(answer, "(v)", &value);
	if (!g_variant_is_of_type(value, G_VARIANT_TYPE_BOOLEAN))
		return NO_DEFAULT;
	return g_variant_get_boolean(value) ? LOCKED : UNLOCKED;
}

gboolean sn_secret_service_look(char **text, GError **error)
{
	static const char *const words[] = {
		[ABSENT] = "no secret service runs, such as gnome-keyring or KeePassXC",
		[NO_DEFAULT] = "the secret service has no default keyring",
		[LOCKED] = "the default keyring is locked",
		[UNLOCKED] = "the default keyring is unlocked",
	};
	sn_gio_auto GDBusConnection *bus = session_bus(error);
	State state = bus ? look(bus) : ABSENT;

	if (!bus)
		return FALSE;
	if (state != UNLOCKED)
		return unavailable(error, words[state]);
	*text = g_strdup(words[state]);
	return TRUE;
}

/* ---- the library ---- */

static gboolean find_functions(Library *library)
{
	const struct {
		const char *name;
		gpointer *to;
	} functions[] = {
		{ "secret_password_lookupv_sync", (gpointer *)&library->lookup },
		{ "secret_password_storev_sync", (gpointer *)&library->store },
		{ "secret_password_clearv_sync", (gpointer *)&library->clear },
		{ "secret_password_free", (gpointer *)&library->free },
		{ "secret_service_disconnect", (gpointer *)&library->disconnect },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(functions); i++)
		if (!g_module_symbol(library->module, functions[i].name, functions[i].to))
			return FALSE;
	return TRUE;
}

static gboolean load(Library *library, GError **error)
{
	library->module = g_module_open("libsecret-1.so.0", G_MODULE_BIND_LAZY);
	if (!library->module)
		return unavailable(error, "libsecret is not installed");
	if (!find_functions(library)) {
		g_module_close(library->module);
		return unavailable(error, "libsecret is too old");
	}
	/* its GObject types stay registered: it must not be unloaded */
	g_module_make_resident(library->module);
	return TRUE;
}

static gpointer cancel_after(gpointer data)
{
	GCancellable *cancel = data;
	GPollFD fd = { 0 };

	/* ended before its time when the call came back, which cancels as well */
	if (sn_gio()->g_cancellable_make_pollfd(cancel, &fd)) {
		g_poll(&fd, 1, PROMPT_SECONDS * 1000);
		sn_gio()->g_cancellable_release_fd(cancel);
	}
	sn_gio()->g_cancellable_cancel(cancel);
	sn_gio()->g_object_unref(cancel);
	return NULL;
}

/* One call: who waits for a prompt that nobody sees must come back. */
typedef struct {
	Library library;
	GHashTable *attributes;
	GCancellable *cancel;
	GThread *timer;
	GError *error;
} Call;

/* The attributes are the item's own strings. */
static gboolean begin(Call *call, const SnSecretItem *item, GError **error)
{
	const char *pairs[][2] = {
		{ "user", item->user }, { "host", item->host }, { "protocol", item->protocol }
	};
	sn_gio_auto GDBusConnection *bus = session_bus(error);

	*call = (Call){ 0 };
	if (!bus || !load(&call->library, error))
		return FALSE;
	if (look(bus) == ABSENT)
		return unavailable(error, "no secret service runs, such as gnome-keyring or KeePassXC");
	call->attributes = g_hash_table_new(g_str_hash, g_str_equal);
	for (gsize i = 0; i < G_N_ELEMENTS(pairs); i++) {
		g_assert(pairs[i][1]);
		g_hash_table_insert(call->attributes, (gpointer)pairs[i][0], (gpointer)pairs[i][1]);
	}
	call->cancel = sn_gio()->g_cancellable_new();
	call->timer = g_thread_new("secret-timeout", cancel_after, (sn_gio()->g_object_ref)(call->cancel));
	return TRUE;
}

static void end(Call *call, GError **error)
{
	gboolean late = sn_gio()->g_cancellable_is_cancelled(call->cancel);

	/* it would go on talking to a service that has been started anew since */
	call->library.disconnect();
	sn_gio()->g_cancellable_cancel(call->cancel);
	g_thread_join(call->timer);
	sn_gio()->g_object_unref(call->cancel);
	g_hash_table_unref(call->attributes);
	if (call->error && late)
		unavailable(error, "the keyring is locked, and nobody unlocked it");
	else if (call->error)
		g_set_error(error, SN_ERROR, SN_ERROR_UNAVAILABLE, "the secret service says: %s",
		            call->error->message);
	g_clear_error(&call->error);
}

/* A locked item is passed over by the search without a word. */
static void nothing_found(GError **error)
{
	sn_gio_auto GDBusConnection *bus = session_bus(NULL);

	if (bus && look(bus) == LOCKED)
		unavailable(error, "the keyring is locked; unlock it and try again");
	else
		g_set_error_literal(error, SN_ERROR, SN_ERROR_NOT_FOUND,
		                    "the secret service has none with this user, host and protocol");
}

char *sn_secret_item_lookup(const SnSecretItem *item, GError **error)
{
	Call call;

	if (!begin(&call, item, error))
		return NULL;
	char *found = call.library.lookup(&schema, call.attributes, call.cancel, &call.error);
	char *secret = g_strdup(found);
	gboolean failed = call.error != NULL;
	if (found)
		call.library.free(found); /* wipes */
	end(&call, error);
	if (!secret && !failed)
		nothing_found(error);
	return secret;
}

gboolean sn_secret_item_store(const SnSecretItem *item, const char *label, const char *secret,
                              GError **error)
{
	Call call;

	if (!begin(&call, item, error))
		return FALSE;
	gboolean done = call.library.store(&schema, call.attributes, SECRET_COLLECTION_DEFAULT, label,
	                                   secret, call.cancel, &call.error);
	gboolean said = call.error != NULL;
	end(&call, error);
	if (!done && !said)
		unavailable(error, "the secret service did not take it");
	return done;
}

gboolean sn_secret_item_clear(const SnSecretItem *item, GError **error)
{
	Call call;

	if (!begin(&call, item, error))
		return FALSE;
	gboolean done = call.library.clear(&schema, call.attributes, call.cancel, &call.error);
	gboolean said = call.error != NULL;
	end(&call, error);
	if (!done && !said)
		nothing_found(error);
	return done;
}

/* ---- passwords ---- */

static SnSecretItem item_of(const SnEndpoint *endpoint)
{
	return (SnSecretItem){ endpoint->user ? endpoint->user : "",
		               endpoint->host ? endpoint->host : "", sn_endpoint_protocol(endpoint) };
}

char *sn_secret_service_lookup(const SnEndpoint *endpoint, GError **error)
{
	SnSecretItem item = item_of(endpoint);
	g_autoptr(GError) failed = NULL;
	char *secret = sn_secret_item_lookup(&item, &failed);

	if (secret)
		return secret;
	/* for IM the user is the whole address */
	gboolean whole = endpoint->kind == SN_ENDPOINT_XMPP;
	g_set_error(error, SN_ERROR, SN_ERROR_AUTH,
	            "No password for %s%s%s (%s): set a password-command in accounts.conf, or store it "
	            "in the secret service (%s)", item.user, whole ? "" : "@", whole ? "" : item.host,
	            item.protocol, failed->message);
	return NULL;
}

gboolean sn_secret_store(const SnEndpoint *endpoint, const char *secret, GError **error)
{
	SnSecretItem item = item_of(endpoint);
	g_autofree char *label = g_strdup_printf("sennit: %s at %s", item.user, item.host);
	g_autoptr(GError) failed = NULL;

	if (sn_secret_item_store(&item, label, secret, &failed))
		return TRUE;
	g_set_error(error, SN_ERROR, SN_ERROR_UNAVAILABLE,
	            "Cannot store the password in the secret service: %s", failed->message);
	return FALSE;
}

void sn_secret_forget(const SnEndpoint *endpoint)
{
	SnSecretItem item = item_of(endpoint);

	sn_secret_item_clear(&item, NULL);
}
