# SPDX-License-Identifier: GPL-3.0-or-later
# fish completion for sennit: the program itself knows what fits.
function __sennit_complete
	set -l words (commandline -opc) (commandline -ct)
	for line in ($words[1] __complete -- $words[2..-1] 2>/dev/null)
		if test "$line" = :files
			__fish_complete_path (commandline -ct)
		else
			echo $line
		end
	end
end
complete -c sennit -f -a '(__sennit_complete)'
