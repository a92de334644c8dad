/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/config/secret_service.h"

#include <gmodule.h>
#include <libsecret/secret.h>

/* The functions of libsecret in use; types by its header, addresses by dlsym(). */
typedef struct {
	GModule *module;
	char *(*lookup)(const SecretSchema *, GHashTable *, GCancellable *, GError **);
	gboolean (*store)(const SecretSchema *, GHashTable *, const char *, const char *,
	                  const char *, GCancellable *, GError **);
	void (*free)(char *);
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

/* Without this look GDBus would try to start a bus of its own. */
static gboolean bus_exists(void)
{
	g_autofree char *socket = g_build_filename(g_get_user_runtime_dir(), "bus", NULL);

	return g_getenv("DBUS_SESSION_BUS_ADDRESS") || g_file_test(socket, G_FILE_TEST_EXISTS);
}

static gboolean load(Library *library, GError **error)
{
	const char *why = NULL;

	if (!bus_exists())
		why = "no D-Bus session";
	else if (!(library->module = g_module_open("libsecret-1.so.0", G_MODULE_BIND_LAZY)))
		why = "libsecret is not installed";
	else if (!g_module_symbol(library->module, "secret_password_lookupv_sync",
	                          (gpointer *)&library->lookup) ||
	         !g_module_symbol(library->module, "secret_password_storev_sync",
	                          (gpointer *)&library->store) ||
	         !g_module_symbol(library->module, "secret_password_free",
	                          (gpointer *)&library->free))
		why = "libsecret is too old";
	if (!why) {
		/* its GObject types stay registered: it must not be unloaded */
		g_module_make_resident(library->module);
		return TRUE;
	}
	if (library->module)
		g_module_close(library->module);
	g_set_error(error, SN_ERROR, SN_ERROR_UNAVAILABLE, "%s", why);
	return FALSE;
}

/* Of the endpoint's own strings: for as long as the endpoint. */
static GHashTable *attributes_of(const SnEndpoint *endpoint)
{
	GHashTable *attributes = g_hash_table_new(g_str_hash, g_str_equal);
	const char *pairs[][2] = {
		{ "user", endpoint->user ? endpoint->user : "" },
		{ "host", endpoint->host ? endpoint->host : "" },
		{ "protocol", sn_endpoint_protocol(endpoint) },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(pairs); i++)
		g_hash_table_insert(attributes, (gpointer)pairs[i][0], (gpointer)pairs[i][1]);
	return attributes;
}

char *sn_secret_service_lookup(const SnEndpoint *endpoint, GError **error)
{
	g_autoptr(GHashTable) attributes = attributes_of(endpoint);
	g_autoptr(GError) failed = NULL;
	Library library = { 0 };
	char *found = NULL, *secret = NULL;

	if (load(&library, &failed))
		found = library.lookup(&schema, attributes, NULL, &failed);
	if (found) {
		secret = g_strdup(found);
		library.free(found); /* wipes */
		return secret;
	}
	g_set_error(error, SN_ERROR, SN_ERROR_AUTH,
	            "No password for %s@%s (%s): set a password-command in accounts.conf, or store it "
	            "in the secret service (%s)", endpoint->user ? endpoint->user : "",
	            endpoint->host ? endpoint->host : "", sn_endpoint_protocol(endpoint),
	            failed ? failed->message : "which has none with user, host and protocol");
	return NULL;
}

gboolean sn_secret_store(const SnEndpoint *endpoint, const char *secret, GError **error)
{
	g_autoptr(GHashTable) attributes = attributes_of(endpoint);
	g_autoptr(GError) failed = NULL;
	g_autofree char *label = g_strdup_printf("sennit: %s at %s",
	                                         endpoint->user ? endpoint->user : "",
	                                         endpoint->host ? endpoint->host : "");
	Library library = { 0 };

	if (load(&library, &failed) &&
	    library.store(&schema, attributes, SECRET_COLLECTION_DEFAULT, label, secret, NULL, &failed))
		return TRUE;
	g_set_error(error, SN_ERROR, SN_ERROR_UNAVAILABLE,
	            "Cannot store the password in the secret service: %s",
	            failed ? failed->message : "it refused");
	return FALSE;
}
