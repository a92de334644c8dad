/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/base/gio.h"

#include <gmodule.h>

#define LIBRARY "libgio-2.0.so.0"

static gpointer load(gpointer unused)
{
	SnGio *gio = g_new0(SnGio, 1);
	GModule *module = g_module_open(LIBRARY, G_MODULE_BIND_LAZY | G_MODULE_BIND_LOCAL);
	const struct {
		const char *name;
		gpointer *to;
	} functions[] = {
#define X(name) { #name, (gpointer *)&gio->name },
		SN_GIO_TABLE(X)
#undef X
	};

	(void)unused;
	for (gsize i = 0; i < G_N_ELEMENTS(functions); i++)
		if (!module || !g_module_symbol(module, functions[i].name, functions[i].to))
			g_error("%s of GLib cannot be used: %s", LIBRARY, g_module_error());
	g_module_make_resident(module);
	return gio;
}

const SnGio *sn_gio(void)
{
	static GOnce once = G_ONCE_INIT;

	return g_once(&once, load, NULL);
}
