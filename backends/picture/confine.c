/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * confine.c - a filter of system calls (seccomp). It names what is refused and not what is allowed, since
 * the decoders are other people's libraries: what those need besides would differ from one version to the
 * next, and none of it does harm outside.
 */
#include "backends/picture/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCH AUDIT_ARCH_RISCV64
#endif

#ifdef ARCH

#define MAX_RULES 256
#define X32_BIT 0x40000000u /* calls of x86-64 with short pointers have numbers from there on */
#define WRITES (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)
#define REFUSE BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM)
/* The lower half of an argument, where the kernel looks at no more of it; all of these are little-endian. */
#define ARGUMENT(n) (offsetof(struct seccomp_data, args) + 8 * (n))

/* Refused whatever their arguments are. */
static const int refused[] = {
	/* connections, and ways around that */
	__NR_socket, __NR_connect, __NR_io_uring_setup,
	/* programs and other processes */
	__NR_execve, __NR_execveat, __NR_kill, __NR_tkill, __NR_rt_sigqueueinfo, __NR_rt_tgsigqueueinfo,
	__NR_ptrace, __NR_process_vm_readv, __NR_process_vm_writev, __NR_pidfd_open,
	__NR_pidfd_send_signal, __NR_pidfd_getfd, __NR_keyctl, __NR_add_key, __NR_request_key,
	/* files */
	__NR_truncate, __NR_linkat, __NR_symlinkat, __NR_unlinkat, __NR_renameat2, __NR_mkdirat, __NR_mknodat,
	__NR_fchmod, __NR_fchmodat, __NR_fchownat, __NR_utimensat, __NR_setxattr, __NR_lsetxattr, __NR_fsetxattr,
	__NR_openat2, __NR_open_by_handle_at,
#ifdef __NR_renameat
	__NR_renameat,
#endif
#ifdef __NR_open /* what older processors have besides */
	__NR_creat, __NR_link, __NR_symlink, __NR_unlink, __NR_rename, __NR_mkdir, __NR_rmdir, __NR_mknod,
	__NR_chmod, __NR_chown, __NR_lchown, __NR_utime, __NR_utimes, __NR_futimesat,
#endif
};

typedef struct {
	struct sock_filter rules[MAX_RULES];
	unsigned short count;
} Filter;

static void add(Filter *filter, struct sock_filter rule)
{
	g_assert(filter->count < MAX_RULES);
	filter->rules[filter->count++] = rule;
}

static void load(Filter *filter, gsize offset)
{
	add(filter, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (guint32)offset));
}

/* Of this call, refuse what has any of these bits (or, with BPF_JEQ, this value) in an argument. */
static void add_argument(Filter *filter, int call, int argument, unsigned short test, guint32 value)
{
	load(filter, offsetof(struct seccomp_data, nr));
	add(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (guint32)call, 0, 3));
	load(filter, ARGUMENT(argument));
	add(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | test | BPF_K, value, 0, 1));
	add(filter, (struct sock_filter)REFUSE);
}

/* abort() signals the process itself. */
static void add_own_signals(Filter *filter)
{
	load(filter, offsetof(struct seccomp_data, nr));
	add(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_tgkill, 0, 3));
	load(filter, ARGUMENT(0));
	add(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (guint32)getpid(), 1, 0));
	add(filter, (struct sock_filter)REFUSE);
}

static void fill(Filter *filter)
{
	load(filter, offsetof(struct seccomp_data, arch));
	add(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0));
	add(filter, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS));
	load(filter, offsetof(struct seccomp_data, nr));
	add(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 1));
	add(filter, (struct sock_filter)REFUSE);
	for (gsize i = 0; i < G_N_ELEMENTS(refused); i++) {
		add(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (guint32)refused[i], 0, 1));
		add(filter, (struct sock_filter)REFUSE);
	}
	add_argument(filter, __NR_openat, 2, BPF_JSET, WRITES);
#ifdef __NR_open
	add_argument(filter, __NR_open, 1, BPF_JSET, WRITES);
#endif
	add_argument(filter, __NR_ioctl, 1, BPF_JEQ, TIOCSTI);
	add_argument(filter, __NR_ioctl, 1, BPF_JEQ, TIOCLINUX);
	add_own_signals(filter);
	add(filter, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
}

gboolean sn_confine(void)
{
	Filter filter = { .count = 0 };

	fill(&filter);
	struct sock_fprog program = { .len = filter.count, .filter = filter.rules };
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) == 0;
}

#else

gboolean sn_confine(void)
{
	return FALSE;
}

#endif
