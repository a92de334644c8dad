/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * modules.h - the screen, the engine, the backends and the vCard reader, each a module that is loaded
 * when it is first needed. Modules lie in SN_MODULE_DIR, or in $SENNIT_MODULES where that is set.
 *
 * All functions may be called by any thread; a module is loaded once and stays.
 */
#ifndef SN_MODULES_H
#define SN_MODULES_H

#include "src/engine/engine.h"
#include "src/vcard/vcard.h"
#include "ui/ui.h"

/* sn_ui_run(); NULL with SN_ERROR_UNAVAILABLE when the module cannot be loaded. */
typedef int SnUiRun(const SnUiSetup *setup, GError **error);
SnUiRun *sn_modules_ui(GError **error);
/* NULL with SN_ERROR_UNAVAILABLE when the module cannot be loaded. */
const SnEngineOps *sn_modules_engine(GError **error);
/* The file that it comes from. */
char *sn_modules_engine_path(void);
/* The backends, each loaded when the engine first asks for it. */
extern const SnEngineBackends sn_modules_backends;

/* HTTPS; the same. */
const SnHttpOps *sn_modules_http(GError **error);

/* Functions of src/vcard/vcard.h in the module; NULL with error when it is not there. */
GPtrArray *sn_modules_vcards(const char *text, const char *file, int *bad, GError **error);
char *sn_modules_vcard_format(const SnVcard *card, SnVcardVersion version, GError **error);
/* NULL also without an error: nothing is to be changed. */
char *sn_modules_vcard_complete(const char *text, const SnVcard *card, gboolean *found,
                                GError **error);

/* The program that shows a picture in the terminal (backends/picture). Caller frees. */
char *sn_modules_picture(void);

#endif
