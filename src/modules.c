/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/modules.h"

#include <gmodule.h>

static char *module_path(const char *file)
{
	const char *dir = g_getenv("SENNIT_MODULES");
	return g_build_filename(dir && *dir ? dir : SN_MODULE_DIR, file, NULL);
}

/* In a build tree it lies beside the directory of the modules. */
char *sn_modules_picture(void)
{
	const char *dir = g_getenv("SENNIT_MODULES");

	return dir && *dir ? g_build_filename(dir, "..", "sennit-picture", NULL)
	                   : g_build_filename(SN_PROGRAM_DIR, "sennit-picture", NULL);
}

/* The address of `symbol` in the module; loading twice gives the same module (dlopen counts). */
static gpointer find_symbol(const char *file, const char *symbol, GError **error)
{
	g_autofree char *path = module_path(file);
	GModule *module = g_module_open(path, G_MODULE_BIND_LAZY | G_MODULE_BIND_LOCAL);
	gpointer address = NULL;

	if (!module || !g_module_symbol(module, symbol, &address)) {
		g_set_error(error, SN_ERROR, SN_ERROR_UNAVAILABLE,
		            "A part of sennit cannot be loaded: %s. Is the installation complete?",
		            g_module_error());
		if (module)
			g_module_close(module);
		return NULL;
	}
	/* libraries below have registered types, handlers and threads: never unload them */
	g_module_make_resident(module);
	return address;
}

SnUiRun *sn_modules_ui(GError **error)
{
	return (SnUiRun *)find_symbol("ui.so", "sn_ui_run", error);
}

char *sn_modules_engine_path(void)
{
	return module_path("engine.so");
}

const SnEngineOps *sn_modules_engine(GError **error)
{
	return find_symbol("engine.so", "sn_engine_ops", error);
}

static const SnMailSourceOps *load_imap(GError **error)
{
	return find_symbol("mail.so", "sn_imap_ops", error);
}

static const SnMailSourceOps *load_maildir(GError **error)
{
	return find_symbol("mail.so", "sn_maildir_ops", error);
}

static const SnMailTransportOps *load_smtp(GError **error)
{
	return find_symbol("mail.so", "sn_smtp_ops", error);
}

static const SnMailTransportOps *load_sendmail(GError **error)
{
	return find_symbol("mail.so", "sn_sendmail_ops", error);
}

static const SnImOps *load_xmpp(GError **error)
{
	return find_symbol("xmpp.so", "sn_xmpp_ops", error);
}

static const SnDesktopOps *load_desktop(GError **error)
{
	return find_symbol("desktop.so", "sn_desktop_ops", error);
}

const SnHttpOps *sn_modules_http(GError **error)
{
	return find_symbol("http.so", "sn_http_ops", error);
}

GPtrArray *sn_modules_vcards(const char *text, const char *file, int *bad, GError **error)
{
	GPtrArray *(*parse)(const char *, const char *, int *) =
		find_symbol("vcard.so", "sn_vcard_parse", error);
	return parse ? parse(text, file, bad) : NULL;
}

static GPtrArray *parse_vcards(const char *text, const char *file, int *bad)
{
	g_autoptr(GError) error = NULL;
	GPtrArray *cards = sn_modules_vcards(text, file, bad, &error);

	if (cards)
		return cards;
	g_warning("%s", error->message);
	return g_ptr_array_new();
}

char *sn_modules_vcard_format(const SnVcard *card, SnVcardVersion version, GError **error)
{
	char *(*format)(const SnVcard *, SnVcardVersion) =
		find_symbol("vcard.so", "sn_vcard_format", error);
	return format ? format(card, version) : NULL;
}

char *sn_modules_vcard_complete(const char *text, const SnVcard *card, gboolean *found,
                                GError **error)
{
	char *(*complete)(const char *, const SnVcard *, gboolean *) =
		find_symbol("vcard.so", "sn_vcard_complete", error);
	return complete ? complete(text, card, found) : NULL;
}

const SnEngineBackends sn_modules_backends = {
	.imap = load_imap,
	.maildir = load_maildir,
	.smtp = load_smtp,
	.sendmail = load_sendmail,
	.im = load_xmpp,
	.desktop = load_desktop,
	.vcards = parse_vcards,
	.http = sn_modules_http,
};
