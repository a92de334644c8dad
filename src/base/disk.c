/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/base/disk.h"

#include <sys/vfs.h>

/* statfs(2); <linux/magic.h> has not all of them. */
static const struct {
	guint32 type;
	const char *name;
} kinds[] = {
	{ 0x00006969, "NFS" },        { 0x0000517b, "SMB" },    { 0xff534d42, "CIFS" },
	{ 0xfe534d42, "SMB" },        { 0x00c36400, "Ceph" },   { 0x5346414f, "AFS" },
	{ 0x6b414653, "AFS" },        { 0x01021997, "9P" },     { 0x0bd00bd0, "Lustre" },
	{ 0x73757245, "Coda" },       { 0x0000564c, "NetWare" }, { 0x47504653, "GPFS" },
};

const char *sn_disk_network_kind(guint32 type)
{
	for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++)
		if (kinds[i].type == type)
			return kinds[i].name;
	return NULL;
}

const char *sn_disk_network(const char *path)
{
	struct statfs disk;

	return statfs(path, &disk) == 0 ? sn_disk_network_kind((guint32)disk.f_type) : NULL;
}
