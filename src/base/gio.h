/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * gio.h - the functions of GIO that the core program uses, found when the first is called.
 *
 * GIO and what it brings along (GObject, libmount, libblkid, libselinux) is more than half of what
 * the dynamic linker does for a program that needs little else than GLib and SQLite, and neither the
 * first screen nor a search needs any of it. It is of GLib's own package, and its name is fixed.
 *
 * Call as `sn_gio()->g_bus_get_sync(...)`. g_autoptr() of an object would call GObject directly, and
 * so link to it: `sn_gio_auto GResolver *resolver` does the same. Modules link to GIO, and need none
 * of this.
 */
#ifndef SN_BASE_GIO_H
#define SN_BASE_GIO_H

#include <gio/gio.h>

#define SN_GIO_TABLE(X)                                                                         \
	X(g_bus_get_sync)                                                                       \
	X(g_cancellable_cancel)                                                                 \
	X(g_cancellable_is_cancelled)                                                           \
	X(g_cancellable_make_pollfd)                                                            \
	X(g_cancellable_new)                                                                    \
	X(g_cancellable_release_fd)                                                             \
	X(g_content_type_from_mime_type)                                                        \
	X(g_content_type_get_mime_type)                                                         \
	X(g_content_type_guess)                                                                 \
	X(g_content_type_is_a)                                                                  \
	X(g_dbus_connection_call_sync)                                                          \
	X(g_dbus_error_quark)                                                                   \
	X(g_object_ref)                                                                         \
	X(g_object_unref)                                                                       \
	X(g_resolver_error_quark)                                                               \
	X(g_resolver_free_targets)                                                              \
	X(g_resolver_get_default)                                                               \
	X(g_resolver_lookup_service_async)                                                      \
	X(g_resolver_lookup_service_finish)                                                     \
	X(g_srv_target_get_hostname)                                                            \
	X(g_srv_target_get_port)

typedef struct {
#define X(name) __typeof__(name) *name;
	SN_GIO_TABLE(X)
#undef X
} SnGio;

/* From any thread; stays loaded. A GLib without GIO is no GLib: ends the program. */
const SnGio *sn_gio(void);

static inline void sn_gio_drop(void *variable)
{
	gpointer object = *(gpointer *)variable;

	if (object)
		sn_gio()->g_object_unref(object);
}

#define sn_gio_auto __attribute__((cleanup(sn_gio_drop)))

#endif
