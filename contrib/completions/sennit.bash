# SPDX-License-Identifier: GPL-3.0-or-later
# bash completion for sennit: the program itself knows what fits.
_sennit()
{
	local cur words cword line
	local -a found=()
	if declare -F _get_comp_words_by_ref >/dev/null; then
		_get_comp_words_by_ref -n ':=@' cur words cword
	else
		cur=${COMP_WORDS[COMP_CWORD]} words=("${COMP_WORDS[@]}") cword=$COMP_CWORD
	fi
	while IFS= read -r line; do
		if [ "$line" = :files ]; then
			compopt -o filenames 2>/dev/null
			mapfile -t COMPREPLY < <(compgen -f -- "$cur")
			return
		fi
		found+=("${line%%$'\t'*}")
	done < <("${words[0]}" __complete -- "${words[@]:1:cword}" 2>/dev/null)
	COMPREPLY=("${found[@]}")
	[ "${#found[@]}" -eq 1 ] && [[ ${found[0]} == *: ]] && compopt -o nospace 2>/dev/null
	if declare -F __ltrim_colon_completions >/dev/null; then
		__ltrim_colon_completions "$cur"
	fi
}
complete -F _sennit sennit
