# SPDX-License-Identifier: GPL-3.0-or-later
# mkreading.awk - fills the figures (docs/reading-figures.txt, read first) into docs/reading.md.in.
BEGIN {
	FS = "\t"
	n = split("subject;date;message id;addresses;parts;file names;text", peer, ";")
	for (i = 1; i <= n; i++)
		is_peer[peer[i]] = 1
}
FNR == NR {
	if (is_peer[$2]) {
		if (!(($1) in seen))
			folders[++count] = $1
		seen[$1] = 1
		good[$1, $2] = $3; known[$1, $2] = $4; total[$1, $2] = $5
	} else if ($1 ~ /^replies/) {
		replies = replies sprintf("| %s | %s | %s | %s |\n", substr($1, 9), $2, $3, $5)
	} else {
		others = others sprintf("| %s | %s | %s | %s | %s | %s |\n", $1, $2, $3, $5, $4, $5 - $3 - $4)
	}
	next
}
function head(titles, columns, line, i) {
	print "| " titles " |"
	line = "|---|"
	for (i = 1; i < columns; i++)
		line = line "---:|"
	print line
}
/^@PEER@$/ {
	head("folder | subject | date | message id | addresses | parts | file names | text | looked at | open", 10)
	for (f = 1; f <= count; f++) {
		name = folders[f]; row = "| " name; looked = 0; open = 0
		for (i = 1; i <= n; i++) {
			t = total[name, peer[i]] + 0; g = good[name, peer[i]] + 0
			row = row (t ? " | " g "/" t : " | -")
			looked += known[name, peer[i]]; open += t - g - known[name, peer[i]]
			sum += t; sum_good += g
		}
		print row " | " looked " | " open " |"
		all_looked += looked; all_open += open
	}
	printf "\nTogether %d of %d agree, %d were looked at, %d are open.\n", sum_good, sum, all_looked, all_open
	next
}
/^@EXPECTED@$/ {
	print "| folder | what | agree | of | looked at | open |\n|---|---|---:|---:|---:|---:|"
	printf "%s", others
	next
}
/^@REPLIES@$/ {
	if (replies) {
		print "| collection | lines | right | of |\n|---|---|---:|---:|"
		printf "%s", replies
	} else
		print "No figures have been recorded."
	next
}
{ print }
