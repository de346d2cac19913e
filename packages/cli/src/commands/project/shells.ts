/** Shells for which there is a completion. */
export const SHELLS = ["bash", "zsh", "fish"] as const;

/** One of {@link SHELLS}. */
export type Shell = (typeof SHELLS)[number];

/** Where there is nothing to propose, files are proposed. */
const BASH = `# elpis completion bash >> ~/.bashrc
_elpis() {
  local IFS=$'\\n'
  COMPREPLY=($(elpis __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _elpis elpis`;

const ZSH = `#compdef elpis
# elpis completion zsh > "\${fpath[1]}/_elpis"
_elpis() {
  local -a found
  found=("\${(@f)$(elpis __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n "\${found[*]}" ]]; then
    compadd -S '' -- "\${found[@]}"
  else
    _files
  fi
}
if [[ "$funcstack[1]" = "_elpis" ]]; then _elpis "$@"; else compdef _elpis elpis; fi`;

const FISH = `# elpis completion fish > ~/.config/fish/completions/elpis.fish
function __elpis_complete
  set -l words (commandline -opc)
  elpis __complete -- $words[2..-1] (commandline -ct) 2>/dev/null
end
complete -c elpis -a '(__elpis_complete)'`;

/** What a shell reads to complete command lines of `elpis`; it asks `elpis __complete` each time. */
export const SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH };
