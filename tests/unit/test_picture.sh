#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# sennit-picture shows pictures in each way that terminals have, and refuses what is none, is damaged or
# too large, without harm and without much memory.
build=${TOP_BUILDDIR:-.}
here=$(mktemp -d) || exit 99
trap 'rm -rf "$here"' EXIT
show=$build/sennit-picture
export LC_ALL=C.UTF-8 TERM=xterm-256color COLORTERM=truecolor
unset NO_COLOR TERM_PROGRAM KITTY_PID TMUX
n=0
result() { # OK NAME
	n=$((n + 1))
	if [ "$1" = 0 ]; then echo "ok $n - $2"; else echo "not ok $n - $2"; fi
}

python3 - "$here" <<'EOF'
import struct, sys, zlib
def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
def png(width, height, rows):
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
def write(name, data):
    open(f"{sys.argv[1]}/{name}", "wb").write(data)
good = png(40, 20, b"".join(b"\0" + bytes(v for x in range(40) for v in (x * 6, y * 12, 99))
                            for y in range(20)))
write("good", good)
write("half", good[:len(good) // 2])
write("huge", png(60000, 60000, b"\0" * 10))
write("zero", png(1, 1, b"") .replace(struct.pack(">II", 1, 1), struct.pack(">II", 0, 0)))
write("text", b"no picture at all\n" * 100)
write("empty", b"")
write("gif", b"GIF89a\xff\xff\xff\xff\x80\0\0" + b"\0" * 64)
# 20,000 bytes that unpack to 30 MB
write("bomb", png(5000, 2000, b"\0" * (2000 * 15001)))
EOF

esc=$(printf '\033')
"$show" --symbols "$here/good" >"$here/out" && grep -q "$esc\[" "$here/out" && ! grep -q "${esc}P" "$here/out"
result $? "a picture is drawn in coloured characters"
[ "$(wc -l <"$here/out")" -ge 2 ] && [ "$(wc -l <"$here/out")" -le 24 ]
result $? "it fits on the screen"
"$show" --sixel "$here/good" | grep -aq "${esc}P"
result $? "a picture is drawn in sixels"
"$show" --kitty "$here/good" | grep -aq "${esc}_G"
result $? "a picture is drawn by the graphics of kitty"
TERM=xterm-kitty KITTY_PID=1 "$show" "$here/good" | grep -aq "${esc}_G"
result $? "what the terminal can is chosen by itself"
"$show" "$here/good" >"$here/out" && ! grep -aq "${esc}_G\|${esc}P" "$here/out"
result $? "a terminal without graphics gets characters"
NO_COLOR=1 "$show" "$here/good" >"$here/out" && ! grep -q "${esc}\[[0-9;]*[34]8;" "$here/out"
result $? "no colours are used where none are wanted"
"$show" --symbols "$here/half" >"$here/out" 2>"$here/err"
[ $? -le 1 ]
result $? "one that is cut off does no harm"
for name in huge zero text empty gif nothing; do
	"$show" --symbols "$here/$name" >"$here/out" 2>"$here/err"
	[ $? = 1 ] && [ ! -s "$here/out" ] && grep -q "^sennit-picture: " "$here/err"
	result $? "$name is refused with a reason"
done
"$show" --symbols "$here/huge" 2>&1 | grep -q 'million pixels'
result $? "too many pixels are refused before they are decoded"
"$show" --symbols "$here/bomb" >"$here/out" && [ -s "$here/out" ]
result $? "a picture that is much larger than its file is shown small"
mkfifo "$here/pipe" && "$show" "$here/pipe" 2>"$here/err"
[ $? = 1 ]
result $? "what is no file is not waited for"
# with sanitizers it is not: they look at the process in the end
if ldd "$show" | grep -q 'lib[at]san' || [ ! -r /proc/self/status ]; then
	n=$((n + 1))
	echo "ok $n - it is confined while it shows a picture # SKIP"
else
	python3 - "$show" "$here/good" <<'EOF'
import os, pty, select, sys
child, terminal = pty.fork()
if child == 0:
    os.execv(sys.argv[1], [sys.argv[1], "--wait", "--symbols", sys.argv[2]])
seen = b""
while b"Any key" not in seen and select.select([terminal], [], [], 30)[0]:
    seen += os.read(terminal, 65536)
status = dict(line.split(":", 1) for line in open(f"/proc/{child}/status"))
os.write(terminal, b"q")
sys.exit(not (b"Any key" in seen and status["Seccomp"].strip() == "2" and os.waitpid(child, 0)[1] == 0))
EOF
	result $? "it is confined while it shows a picture"
fi
echo "1..$n"
