/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands about signed and encrypted messages. */
#include "ui/command.h"
#include "ui/secure.h"

static gboolean run_unlock(SnApp *app, int argc, char **argv, GError **error)
{
	SnId id = sn_command_message(app, error);

	return id && sn_secure_unlock(app, id, error);
}

const SnCommand sn_commands_secure[] = {
	{ "unlock", "", "open an encrypted message; gpg asks for the passphrase", 0, NULL, 0, 0, run_unlock },
	{ NULL, NULL, NULL, 0, NULL, 0, 0, NULL },
};
